#!/usr/bin/env bash
# Makes the golden bytes of tests/golden again from real Java peers, or checks them against a new
# capture.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_packages "to capture bytes from Java" python3:python3
exec python3 "$REPO/tests/golden/capture.py" "$@"
