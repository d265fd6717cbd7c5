#!/bin/sh
# compare_backends.sh ZKSIM: the same seeds have the same transcripts however stacks are switched.
set -eu
backends='asm ucontext thread'
! nm "$1" | grep -q '__tsan_' || backends='asm ucontext' # its fibers know no other threads
first=
for backend in $backends; do
  fingerprint=$("$1" explore --faults --seeds 1..8 --fingerprint --backend "$backend")
  echo "$backend $fingerprint"
  [ -n "$first" ] || first=$fingerprint
  [ "$fingerprint" = "$first" ] || { echo 'the transcripts differ'; exit 1; }
done
