#!/usr/bin/env bash
# Tests of scripts/lab.sh: the same world natively, in node and in a browser; lessons; the page.
# Usage: tests/process/lab/run.sh [--keep] [--full]   --keep leaves page and screenshots; --full: more seeds
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"

here=$REPO/tests/process/lab
keep=false seeds=60 sessions=60
while (($# > 0)); do
  case $1 in
    --keep) keep=true && shift ;;
    --full) seeds=500 sessions=500 && shift ;;
    -h | --help) sed -n 's/^# //p' "${BASH_SOURCE[0]}" | sed 1,1d && exit 0 ;;
    *) die_usage "I do not know $1" ;;
  esac
done

need_packages "to run the laboratory without a browser" nodejs:node
need_packages "to look at the page" chromium:chromium chromium-driver:chromedriver fonts-wqy-zenhei:/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc
zksim=$REPO/build/dev/tests/sim/zksim # of the same sources as the module
cmake -S "$REPO" -B "$REPO/build/dev" -DCMAKE_BUILD_TYPE=Debug >/dev/null
cmake --build "$REPO/build/dev" --target zksim -j "$(nproc)" >/dev/null

work= # set by make_scratch
make_scratch work
! $keep || on_leaving say "kept: $work"
"$REPO/scripts/lab.sh" -o "$work/lab.html" >"$work/words" || { cat "$work/words" && say "FAILED the page is built" && exit 1; }
say "ok the page is built"
module=$REPO/build/lab/lab.wasm
failed=0
node "$here/words.js" "$REPO" || failed=1
node "$here/plays.js" "$module" "$REPO"/tests/sim/plays/*.txt || failed=1
node "$here/seeds.js" "$module" "$zksim" "$seeds" || failed=1
node "$here/sessions.js" "$module" "$zksim" "$sessions" || failed=1
node "$here/lessons.js" "$module" || failed=1
PYTHONDONTWRITEBYTECODE=1 python3 "$here/test_lab.py" "$work" "$zksim" "$seeds" || failed=1
exit "$failed"
