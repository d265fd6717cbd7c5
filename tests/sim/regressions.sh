#!/bin/sh
# regressions.sh ZKSIM: runs the seeds of regressions.txt, each twice. None fails, and none has two transcripts.
set -eu
zksim=$1
count=0
status=0
while read -r scenario seed rest; do
  case $scenario in '#'* | '') continue ;; esac
  count=$((count + 1))
  "$zksim" explore --twice --quiet --mix --scenario "$scenario" --seeds "$seed" >/dev/null || {
    echo "seed $seed of $scenario fails again; then it was this: ${rest#| }"
    status=1
  }
done <"$(dirname "$0")/regressions.txt"
[ "$count" -gt 0 ] || { echo 'regressions.txt names no seeds' && exit 1; }
echo "$count seeds"
exit $status
