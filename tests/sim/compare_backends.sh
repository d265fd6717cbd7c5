#!/bin/sh
# compare_backends.sh ZKSIM: the same seeds have the same transcripts however stacks are switched.
set -eu
first=
for backend in asm ucontext thread; do
  fingerprint=$("$1" explore --faults --seeds 1..8 --fingerprint --backend "$backend")
  echo "$backend $fingerprint"
  [ -n "$first" ] || first=$fingerprint
  [ "$fingerprint" = "$first" ] || { echo 'the transcripts differ'; exit 1; }
done
