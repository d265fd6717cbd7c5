#!/usr/bin/env bash
# Makes the data directories of tests/golden/data again from real Java peers.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'END_OF_USAGE'
Usage: capture_data.sh [--keep] [--help]

Runs real Java peers that are written to, kills them, and packs what they leave on the disk into
tests/golden/data. Takes about 30 seconds; needs the ports 24181 to 24383 of 127.0.0.1.

      --keep    keep the directories of the peers, and say where they are
  -h, --help    this text

Exit: 0 captured, 1 it could not be done, 2 wrong usage.
END_OF_USAGE
}

for argument; do
  case $argument in
    --keep) ;;
    -h | --help) usage && exit 0 ;;
    *) die_usage "I do not know $argument" ;;
  esac
done
need_packages "to capture bytes from Java" python3:python3
exec python3 "$REPO/scripts/golden/capture_data.py" "$@"
