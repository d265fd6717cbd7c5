#!/bin/sh
# hunt.sh ZKSIM: explore finds the lowest seed that fails, shrinks it to the fault that is needed, and
# names the command that shows exactly that; it does so on several processes, too, and ends at once
# when it is interrupted. The mistakes are planted in the driver.
set -eu
zksim=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "hunt.sh: $1; it said:"
  sed 's/^/  | /' "$work"/out "$work"/err
  exit 1
}

# run CODE ARGUMENT...: zksim ends with that code.
run() {
  wanted=$1
  shift
  code=0
  "$zksim" "$@" >"$work/out" 2>"$work/err" || code=$?
  [ "$code" = "$wanted" ] || fail "zksim $* ends with $code, not with $wanted"
}

says() {
  grep -Eq "$1" "$work/out" "$work/err" || fail "nowhere: $1"
}

# A disk that forgets needs one crash.
for jobs in 1 3; do
  run 1 explore --faults --mix --plant stale-disk --seeds 1..200 --jobs "$jobs" --quiet
  says '^seed [0-9]+ fails: I2: peer [0-9]+ had written accepted epoch [0-9]+, the disk has 0'
  says '^  1 of its [0-9]+ faults is enough:$'
  says ' violations$'
  grep -v '^faults, mixed' "$work/err" >"$work/told-$jobs"
done
cmp -s "$work/told-1" "$work/told-3" || fail 'three processes tell another story than one'

# The last command shows that failure with that fault, without it there is none.
again=$(sed -n 's/^  again: zksim \(.*\) --show$/\1/p' "$work/err" | tail -n 1)
echo "$again" | grep -q -- '--only [0-9]*$' || fail "not one fault: $again"
# shellcheck disable=SC2086  # they are words
run 1 $again
says 'I2: peer [0-9]+ had written accepted epoch'
# shellcheck disable=SC2086
run 0 ${again% *} 0
says 'all is well'

# A link that stays cut.
run 1 explore --faults --plant no-heal --seeds 1..50 --quiet
says 'not all peers agree after [0-9]+ ms'
says '^  [12] of its [0-9]+ faults (is|are) enough:$'
says '(nothing gets through from|a partition,|the link from)'

# To leave a fault out shifts nothing of the others: with all but one it is the run of all others.
run 0 replay 3 --faults --without 1,2
cp "$work/out" "$work/without"
run 0 replay 3 --faults --only 3,4,5,6,7,8,9,10,11,12
cmp -s "$work/out" "$work/without" || fail '--only and --without differ'

# The same seeds, the same transcripts, whoever runs them.
for jobs in 1 4; do
  run 0 explore --faults --mix --seeds 1..40 --fingerprint --jobs "$jobs"
  cp "$work/out" "$work/fingerprint-$jobs"
done
cmp -s "$work/fingerprint-1" "$work/fingerprint-4" || fail 'the transcripts depend on the jobs'

# Ctrl-C: the last line, and a code that says so.
code=0
timeout -s INT --preserve-status 2 "$zksim" explore --faults --seeds 1..1000000000 --jobs 2 \
  >"$work/out" 2>"$work/err" || code=$?
[ "$code" = 130 ] || fail "Ctrl-C ends with $code"
tail -n 1 "$work/out" | grep -Eq '[1-9][0-9]* run in [0-9.]+ s, [0-9]+ seeds/s, 0 violations$' ||
  fail 'no last line after Ctrl-C'
echo 'the hunt finds, shrinks and stops'
