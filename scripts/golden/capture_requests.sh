#!/usr/bin/env bash
# Makes tests/golden/requests.txt again with a real Java leader.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'END'
Usage: capture_requests.sh [FILE] [--help]

Runs two real Java peers and two fake followers that send the leader some 500 requests, and writes
each request and the transaction that came back to FILE (tests/golden/requests.txt). Takes about 15
seconds; needs the ports 24581 to 24783 of 127.0.0.1.

  -h, --help    this text

Exit: 0 captured, 1 it could not be done, 2 wrong usage.
END
}

case ${1:-} in
  -h | --help) usage && exit 0 ;;
  -*) die_usage "I do not know $1" ;;
esac
(($# <= 1)) || die_usage "there is one file, and '$2' is another"
need_packages "to capture bytes from Java" python3:python3
exec python3 "$REPO/scripts/golden/capture_requests.py" "$@"
