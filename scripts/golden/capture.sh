#!/usr/bin/env bash
# Makes the golden bytes of tests/golden again from real Java peers, or checks them against a new
# capture.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'END'
Usage: capture.sh [--check] [--keep] [--help]

Runs real Java peers, records what they say and writes, and makes the files of tests/golden of it.
Takes about 20 seconds; needs the ports 24181 to 24393 of 127.0.0.1.

      --check   write nothing; say whether a new capture agrees with the files that are there, but for
                the fields marked [varies]
      --keep    keep the directories of the peers, and say where they are
  -h, --help    this text

Exit: 0 captured (or all agrees), 1 it could not be done (or something differs), 2 wrong usage.
END
}

for argument; do
  case $argument in
    --check | --keep) ;;
    -h | --help) usage && exit 0 ;;
    *) die_usage "I do not know $argument" ;;
  esac
done
need_packages "to capture bytes from Java" python3:python3
exec python3 "$REPO/scripts/golden/capture.py" "$@"
