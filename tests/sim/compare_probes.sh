#!/bin/sh
# compare_probes.sh PROBES_KERNEL PROBES_SIM: the kernel and the simulator must give the same answers,
# with some seeds. Uses a free port of 127.0.0.1.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
port=$((20000 + $$ % 20000))
"$1" "$port" >"$work/kernel"
[ -s "$work/kernel" ]
for seed in 1 2 3 4 5; do
  "$2" "$seed" >"$work/sim"
  diff "$work/kernel" "$work/sim" || { echo "seed $seed answers differently (<: the kernel)"; exit 1; }
done
echo "$(wc -l <"$work/kernel") answers are the same"
