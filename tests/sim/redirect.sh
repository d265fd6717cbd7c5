#!/bin/sh
# redirect.sh ARCHIVE SYMS OBSERVE_SYMS OUTPUT: the archive with its outside calls renamed. In the
# two members that only look, the calls of OBSERVE_SYMS ("-": none) are renamed too, and in all others
# the call that writes a line about a transaction. Then nothing
# that should have been redirected may be left (objcopy says nothing of members it cannot read).
set -eu
archive=$1 syms=$2 observe_syms=$3 output=$4
objcopy=${OBJCOPY:-objcopy}
work=$output.parts
rm -rf "$output" "$work"
mkdir "$work"
"$objcopy" --redefine-syms="$syms" "$archive" "$work/redirected.a"
if [ "$observe_syms" != - ]; then
  (cd "$work" && ar x redirected.a log.c.o trace.c.o)
  "$objcopy" --redefine-sym zk_trace_txn=observe_trace_txn "$work/redirected.a"
  for member in log.c.o trace.c.o; do
    "$objcopy" --redefine-syms="$observe_syms" "$work/$member"
  done
  (cd "$work" && ar r redirected.a log.c.o trace.c.o)
fi
nm -u "$work/redirected.a" | awk -v syms="$syms" '
  BEGIN { while ((getline line < syms) > 0) { split(line, pair, " "); real[pair[1]] = 1 } }
  $1 == "U" && $2 in real { print "not redirected: " $2; bad = 1 }
  $1 == "U" && $2 ~ /^sim_/ { redirected = 1 }
  END { if (!redirected) { print "nothing was redirected"; bad = 1 }; exit bad }'
mv "$work/redirected.a" "$output"
rm -r "$work"
