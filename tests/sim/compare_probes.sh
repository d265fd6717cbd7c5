#!/bin/sh
# compare_probes.sh PROBES_KERNEL PROBES_SIM: the kernel and the simulator must give the same answers,
# with some seeds. Uses a free port of 127.0.0.1.
# On a busy machine the kernel's side may be late with an answer: it is asked up to three times, each
# time at a port far from the last one. Those from 32768 on are left to connections: the kernel gives
# them out two apart, and one that has ended keeps its port for a minute.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed in 1 2 3 4 5; do
  "$2" "$seed" >"$work/sim.$seed"
done
for attempt in 1 2 3; do
  "$1" $((20000 + ($$ * 3 + attempt * 3571) % 12000)) >"$work/kernel"
  same=yes
  for seed in 1 2 3 4 5; do
    diff "$work/kernel" "$work/sim.$seed" || { echo "<: the kernel, >: seed $seed"; same=no; }
  done
  if [ "$same" = yes ] && [ -s "$work/kernel" ]; then
    echo "$(wc -l <"$work/kernel") answers are the same"
    exit 0
  fi
done
exit 1
