#!/usr/bin/env bash
# Makes tests/golden/reads.txt again with a real Java server.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'END'
Usage: capture_reads.sh [FILE] [--help]

Runs a real Java server, fills it, starts it anew, and asks it for everything that can be read; the
550 requests and their answers go to FILE (tests/golden/reads.txt). Takes about 20 seconds; needs
the port 24881 of 127.0.0.1.

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
exec python3 "$REPO/scripts/golden/capture_reads.py" "$@"
