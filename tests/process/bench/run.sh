#!/usr/bin/env bash
# The bench, so that it does not rot: its parts, then its smallest forms on real peers. Prints a line for each test.
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"

here=$REPO/tests/process/bench
need_packages "to measure" python3:python3
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$REPO/scripts/bench:$REPO/tests/process/film
status=0
python3 "$here/test_parts.py" || status=1
python3 "$here/test_bench.py" || status=1
exit "$status"
