#!/usr/bin/env bash
# A mixed ensemble of three, played through on real processes. Usage: mixed.sh MIX, for example mixed.sh c,java,c
#
# Two peers start and one of them leads; the third comes late and follows; the leader is killed and a peer of the other kind
# leads; the killed one comes back and follows; then nothing changes for 20 quiet seconds. So each kind leads once, and each
# kind follows each. Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cluster=$here/../../scripts/cluster.sh
mix=${1:?which mix? for example c,java,c}
quiet_seconds=${QUIET_SECONDS:-20}

IFS=, read -ra kinds <<<"$mix"
ZK_CLUSTER_DIR=$(mktemp -d)/ensemble
export ZK_CLUSTER_DIR
failed=0

clean_up() {
  if ((failed > 0)); then
    printf 'the peers and their logs: %s\n' "$ZK_CLUSTER_DIR"
    "$cluster" down >/dev/null 2>&1 || true
  else
    "$cluster" clean >/dev/null 2>&1 || true
    rmdir "$(dirname "$ZK_CLUSTER_DIR")" 2>/dev/null || true
  fi
}
trap clean_up EXIT

# expect NAME COMMAND...: one test. What comes after a failure cannot mean anything, so the first one ends the play.
expect() {
  local name=$1
  shift
  if "$@" >"$ZK_CLUSTER_DIR.out" 2>&1; then
    printf 'ok %s: %s\n' "$mix" "$name"
  else
    printf 'FAILED %s: %s\n' "$mix" "$name"
    sed 's/^/  | /' "$ZK_CLUSTER_DIR.out"
    "$cluster" status 2>&1 | sed 's/^/  | /' || true
    failed=1
    exit 1
  fi
}

# The facts of one peer, as cluster.sh status tells them: state, leader, round, zxid.
facts() {
  "$cluster" status --json | jq -r --argjson id "$1" '.peers[] | select(.id == $id) | "\(.state) \(.leader) \(.round) \(.zxid)"'
}

# until_state ID STATE LEADER: waits up to 15 s.
until_state() {
  local end=$((SECONDS + 15)) state leader _
  while ((SECONDS < end)); do
    read -r state leader _ < <(facts "$1")
    if [[ $state == "$2" && $leader == "$3" ]]; then
      return 0
    fi
  done
  printf 'peer %s is %s of %s, not %s of %s\n' "$1" "$state" "$leader" "$2" "$3"
  return 1
}

# Nobody holds another election: the line that each begins with does not appear again.
no_election_for() {
  local before after
  before=$(elections)
  sleep "$1"
  after=$(elections)
  [[ $before == "$after" ]] || { printf 'elections began: before %s, after %s\n' "$before" "$after"; return 1; }
}

elections() {
  grep -c 'New election. My id' "$ZK_CLUSTER_DIR"/[123]/log | tr '\n' ' '
}

# The first leader is the larger of the two that start; the late joiner is sent a snapshot, so that it has the larger zxid
# and leads when the first one dies. Choose them of different kinds.
if [[ ${kinds[0]} != "${kinds[2]}" ]]; then
  first=3 other=2 late=1
else
  first=2 other=1 late=3
fi

expect "peers $other and $first elect $first (${kinds[first - 1]})" "$cluster" up --mix "$mix" --only "$other,$first"
expect "peer $first leads" until_state "$first" LEADING "$first"
expect "peer $other (${kinds[other - 1]}) follows" until_state "$other" FOLLOWING "$first"
expect "peer $late comes late" "$cluster" start "$late"
expect "peer $late (${kinds[late - 1]}) follows the sitting leader" until_state "$late" FOLLOWING "$first"
expect "the leader is killed" "$cluster" kill "$first"
expect "peer $late (${kinds[late - 1]}) leads" until_state "$late" LEADING "$late"
expect "peer $other (${kinds[other - 1]}) follows it" until_state "$other" FOLLOWING "$late"
expect "peer $first comes back" "$cluster" start "$first"
expect "peer $first (${kinds[first - 1]}) follows" until_state "$first" FOLLOWING "$late"
expect "no election in $quiet_seconds quiet seconds" no_election_for "$quiet_seconds"
expect "all is taken down" "$cluster" down
