#!/usr/bin/env bash
# The gates of scripts/check on small trees with mistakes that they must find; check.sh runs this. Prints a line for
# each test.
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"

need_packages "to test the gates" python3:python3 default-jdk-headless:javap \
  libzookeeper-java:/usr/share/java/zookeeper.jar
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$REPO/tests/process/film:$REPO/scripts/check
exec python3 "$REPO/tests/process/gates/test_gates.py"
