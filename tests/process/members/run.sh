#!/usr/bin/env bash
# A broken or hostile member in a live ensemble of C. Prints a line for each test.
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"

need_packages "to play a hostile member" python3:python3
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "$REPO/tests/process/members/hostile.py" "$@"
