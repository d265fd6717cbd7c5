#!/usr/bin/env bash
# A broken or hostile member in a live ensemble of C, and one that is stopped while it synchronises. Prints a line for each test.
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"

need_packages "to play a hostile member" python3:python3
export PYTHONDONTWRITEBYTECODE=1
status=0
(($# > 0)) || /usr/bin/python3 "$REPO/tests/process/members/stopped.py" || status=1
/usr/bin/python3 "$REPO/tests/process/members/hostile.py" "$@" || status=$?
exit "$status"
