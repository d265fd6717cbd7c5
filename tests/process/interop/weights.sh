#!/usr/bin/env bash
# Five peers of two kinds in two groups, of which the second has no weight: both kinds must agree who may lead and what a
# quorum is. The largest ids are those without weight.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
start_play weights
readonly KINDS=c,java,c,c,java
readonly HIERARCHY=(
  --line group.1=1:2:3 --line group.2=4:5
  --line weight.1=1 --line weight.2=1 --line weight.3=1 --line weight.4=0 --line weight.5=0
)

stays_looking() {
  local before end=$((SECONDS + 240))
  before=$(votes_of "$1")
  # It asks again and again, and everybody answers: that is no decision.
  while (($(votes_of "$1") < before + 3 && SECONDS < end)); do
    sleep 0.05
  done
  say "votes seen by peer $1: $before, then $(votes_of "$1"); it is $(field "$1" state)"
  (($(votes_of "$1") >= before + 3)) && [[ $(field "$1" state) == LOOKING ]]
}

votes_of() {
  grep -c 'Notification: my state:LOOKING' "$ZK_CLUSTER_DIR/$1/log"
}

until_looking() {
  local end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    [[ $(field "$1" state) != LOOKING ]] || return 0
    sleep 0.2
  done
  return 1
}

# until_leader_among ID...
until_leader_among() {
  local end=$((SECONDS + 240)) leader='' id
  while ((SECONDS < end)); do
    leader=$("$cluster" status --json | jq -r .leader || true)
    for id; do
      [[ $leader != "$id" ]] || return 0
    done
    sleep 0.2
  done
  say "the leader is $leader"
  return 1
}

# Without the Java peer at first: 1 and 3 are two of three weights, so both take part in the election, however late they are.
expect "five peers, two of them without weight" "$cluster" up --mix "$KINDS" "${HIERARCHY[@]}" --only 1,3,4,5
# FLE-16
expect "the largest id with a weight leads, a C peer" until_state 3 LEADING 3
expect "a C peer without weight follows" until_state 4 FOLLOWING 3
expect "a Java peer without weight follows" until_state 5 FOLLOWING 3
expect "the Java peer with a weight comes later" "$cluster" start 2
expect "it follows" until_state 2 FOLLOWING 3
expect "the leader is killed" "$cluster" kill 3
# FLE-16, VOTE-04
expect "two of three weights are a quorum: the Java peer leads" until_state 2 LEADING 2
expect "the C peer with a weight follows it" until_state 1 FOLLOWING 2
expect "the C peer without weight follows it" until_state 4 FOLLOWING 2
expect "the Java leader is killed" "$cluster" kill 2
# VOTE-04
expect "three of five, but one of three weights: the C peer looks" until_looking 1
expect "and goes on looking" stays_looking 1
expect "the Java peer comes back" "$cluster" start 2 --wait 0
# FLE-16
expect "two of three weights: whoever leads has one" until_leader_among 1 2
