# shellcheck shell=bash
# What the plays on real processes share: an ensemble of their own in a temporary directory, and tests that are one line each.

# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"

cluster=$REPO/scripts/cluster.sh
# A busy machine is no reason to fail: nobody is given up for 10 s (syncLimit is 5), and every wait has a far limit.
export ZK_CLUSTER_WAIT=240 ZK_CLUSTER_TICK=2000 ZK_WORD_WAIT=20
play=''
test='' # the one that runs; where the play ends in its middle, it has failed
failed=0

# start_play NAME: the name stands in front of every test.
start_play() {
  play=$1
  ZK_CLUSTER_DIR=$(mktemp -d)/ensemble
  export ZK_CLUSTER_DIR
  exec {console}>&1 # a failure comes where the output is a file
  trap end_play EXIT
  trap 'test=; exit 130' INT # to interrupt a test is not to fail it
  trap 'test=; exit 143' TERM
}

end_play() {
  tell_failure
  if ((failed > 0)); then
    say "the peers' logs: $ZK_CLUSTER_DIR"
    "$cluster" down >/dev/null 2>&1 || true
  else
    "$cluster" clean >/dev/null 2>&1 || true
    rm -rf "$(dirname "$ZK_CLUSTER_DIR")"
  fi
}

# expect NAME COMMAND...: one test. What comes after a failure cannot mean anything, so the first one ends the play. The
# COMMAND stands in no condition, for bash ignores set -e in all that is called in one: a function would go on behind a
# command that fails in its middle. Do not call expect in a condition either.
expect() {
  test=$1
  shift
  "$@" >"$ZK_CLUSTER_DIR.out" 2>&1
  say "ok $play: $test"
  test=''
}

# tell_failure: of the test that has ended the play, if one has.
tell_failure() {
  exec >&"$console" 2>&1
  # bash 5.2 ends with these words where Ctrl-C meets it while it reads a $( ).
  ! grep -qs 'interrupt trap: .*unexpected EOF' "$ZK_CLUSTER_DIR.out" || test=''
  [[ -n $test ]] || return 0
  say "FAILED $play: $test"
  sed 's/^/  | /' "$ZK_CLUSTER_DIR.out" || true
  "$cluster" status 2>&1 | sed 's/^/  | /' || true
  test='' failed=1
}

# all_facts: it is no failure that no quorum serves.
all_facts() {
  "$cluster" status --json || true
}

# field ID NAME: a fact of one peer, as cluster.sh status tells it: state, leader, round, zxid, pid ...
field() {
  all_facts | jq -r --argjson id "$1" --arg name "$2" '.peers[] | select(.id == $id) | .[$name]'
}

# The id of who leads; of three peers that start together it is 3, unless they start slowly.
leading() {
  all_facts | jq -r 'first(.peers[] | select(.state == "LEADING") | .id)'
}

# until_state ID STATE LEADER: waits up to four minutes.
until_state() {
  local end=$((SECONDS + 240)) state='' leader=''
  while ((SECONDS < end)); do
    state=$(field "$1" state) leader=$(field "$1" leader)
    [[ $state != "$2" || $leader != "$3" ]] || return 0
    sleep 0.2 # looking costs a processor more than waiting does
  done
  say "peer $1 is $state of $leader, not $2 of $3"
  return 1
}

need_packages "to read the status of the peers" jq:jq
