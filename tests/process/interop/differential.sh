#!/usr/bin/env bash
# The same bytes to a real Java peer and to a C peer: both must do the same. differential.py plays the conversations and says
# what it found. Usage: differential.sh [--mutations N] [--seed S] [--only NAME]
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/lib.sh
source "$here/../../../scripts/lib/lib.sh"

need_packages "to play the voter" python3:python3
"$REPO/scripts/java-node.sh" --install
binary=${ZKPEER_BINARY:-$REPO/build/zkpeer}
[[ -x $binary ]] || die "there is no program $binary; build it with scripts/build.sh"

directory=$(mktemp -d)
leave() {
  local status=$?
  release_ports "$directory"
  if ((status == 0)); then
    rm -rf "$directory"
  else
    say "the peers' logs: $directory/java/log, $directory/c/log"
  fi
}
trap leave EXIT
base=$(pick_ports "$directory")
"$here/differential.py" --directory "$directory" --base-port "$base" "$@"
