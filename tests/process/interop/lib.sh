# shellcheck shell=bash
# What the plays on real processes share: an ensemble of their own in a temporary directory, and tests that are one line each.

# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"

cluster=$REPO/scripts/cluster.sh
# A busy machine is no reason to fail: nobody is given up for 10 s (syncLimit is 5), and every wait has a far limit.
export ZK_CLUSTER_WAIT=240 ZK_CLUSTER_TICK=2000 ZK_WORD_WAIT=20
play=''
failed=0

# start_play NAME: the name stands in front of every test.
start_play() {
  play=$1
  ZK_CLUSTER_DIR=$(mktemp -d)/ensemble
  export ZK_CLUSTER_DIR
  trap end_play EXIT
}

end_play() {
  if ((failed > 0)); then
    say "the peers' logs: $ZK_CLUSTER_DIR"
    "$cluster" down >/dev/null 2>&1 || true
  else
    "$cluster" clean >/dev/null 2>&1 || true
    rm -rf "$(dirname "$ZK_CLUSTER_DIR")"
  fi
}

# expect NAME COMMAND...: one test. What comes after a failure cannot mean anything, so the first one ends the play.
expect() {
  local name=$1
  shift
  if "$@" >"$ZK_CLUSTER_DIR.out" 2>&1; then
    say "ok $play: $name"
  else
    say "FAILED $play: $name"
    sed 's/^/  | /' "$ZK_CLUSTER_DIR.out"
    "$cluster" status 2>&1 | sed 's/^/  | /' || true
    failed=1
    exit 1
  fi
}

# field ID NAME: a fact of one peer, as cluster.sh status tells it: state, leader, round, zxid, pid ...
field() {
  "$cluster" status --json | jq -r --argjson id "$1" --arg name "$2" '.peers[] | select(.id == $id) | .[$name]'
}

# The id of who leads; of three peers that start together it is 3, unless they start slowly.
leading() {
  "$cluster" status --json | jq -r 'first(.peers[] | select(.state == "LEADING") | .id)'
}

# until_state ID STATE LEADER: waits up to four minutes.
until_state() {
  local end=$((SECONDS + 240)) state='' leader=''
  while ((SECONDS < end)); do
    state=$(field "$1" state) leader=$(field "$1" leader)
    [[ $state != "$2" || $leader != "$3" ]] || return 0
  done
  say "peer $1 is $state of $leader, not $2 of $3"
  return 1
}

need_packages "to read the status of the peers" jq:jq
