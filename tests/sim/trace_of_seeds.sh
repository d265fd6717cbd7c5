#!/usr/bin/env bash
# trace_of_seeds.sh ZKSIM [SEED]...: what replay --trace writes is a trace as real peers write it: sound to
# scripts/trace/trace.sh, the same from the same seed, and a page to scripts/trace/replay.sh. And to write it changes nothing.
set -euo pipefail
zksim=$1
shift
(($# > 0)) || set -- 2 3 8
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for seed; do
  "$zksim" replay "$seed" --faults --mix >"$work/untraced"
  "$zksim" replay "$seed" --faults --mix --trace "$work/trace.jsonl" >"$work/traced"
  "$zksim" replay "$seed" --faults --mix --trace "$work/again.jsonl" >/dev/null
  cmp "$work/untraced" "$work/traced"
  cmp "$work/trace.jsonl" "$work/again.jsonl"
  "$scripts/trace/trace.sh" check "$work/trace.jsonl"
  grep -q '"ev":"established"' "$work/trace.jsonl"
done
"$scripts/trace/replay.sh" "$work/trace.jsonl" -o "$work/page.html" --title "seed $seed"
grep -q '<title>.*seed' "$work/page.html"
