#!/usr/bin/env bash
# Runs the shell blocks of README.md as a reader would type them.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'END'
Usage: readme.sh [-h | --help]

Runs every block of README.md that is marked ```sh, in order, each in a shell of its own that stops
at the first failure; the block with test.sh is left out, because that is who calls this. Prints a
line for each: "ok ..." or "FAILED ..." with what it said. They use the cluster in .cluster, as a
reader would: one that is there is taken away first.

Exit: 0 all ran, 1 one failed, 2 wrong usage.
END
}

# blocks DIRECTORY: one file for each block, in order.
blocks() {
  local line file='' count=0
  while IFS= read -r line; do
    if [[ $line == '```sh' ]]; then
      count=$((count + 1))
      printf -v file '%s/%02d' "$1" "$count"
    elif [[ $line == '```' ]]; then
      file=''
    elif [[ -n $file ]]; then
      printf '%s\n' "$line" >>"$file"
    fi
  done <"$REPO/README.md"
}

main() {
  local dir block failed=0
  case ${1:-} in
    -h | --help) usage && exit 0 ;;
    '') ;;
    *) die_usage "I do not know $1" ;;
  esac
  (($# == 0)) || die_usage "I take no words"
  make_scratch dir
  blocks "$dir"
  cd "$REPO"
  export ZK_CLUSTER_DIR=$REPO/.cluster
  export ZK_CLUSTER_WAIT=240 ZK_WORD_WAIT=20 # a busy machine is no reason to fail
  "$REPO/scripts/cluster.sh" clean >/dev/null 2>&1 || true
  for block in "$dir"/[0-9][0-9]; do
    ! grep -q 'test\.sh' "$block" || continue
    # A reader waits two seconds and looks; a busy machine may need longer.
    # shellcheck disable=SC2016  # the inner shell's dollars
    if bash -euo pipefail -c 'sleep() { command sleep "$((10 * $1))"; } && source "$1"' README "$block" >"$block.out" 2>&1; then
      say "ok README: $(head -n 1 "$block")"
    else
      say "FAILED README: $(head -n 1 "$block")"
      sed 's/^/  | /' "$block.out"
      failed=1
    fi
  done
  "$REPO/scripts/cluster.sh" clean >/dev/null 2>&1 || true
  return "$failed"
}

main "$@"
