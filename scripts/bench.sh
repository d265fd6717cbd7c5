#!/usr/bin/env bash
# Our peers and Java's, measured in turn in the same minutes: start, failover, memory, threads.
# Usage: scripts/bench.sh [--runs N] [--peers N] [--tick MS] [--only c|java] [--json FILE] [--keep]
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_packages "to measure" python3:python3
case " $* " in
  *" -h "* | *" --help "*) ;;
  *)
    "$REPO/scripts/build.sh" >/dev/null
    [[ " $* " == *" --only c "* ]] || "$REPO/scripts/java-node.sh" --install
    ;;
esac
exec python3 "$REPO/tests/bench/bench.py" "$@"
