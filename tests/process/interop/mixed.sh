#!/usr/bin/env bash
# A mixed ensemble of three, played through on real processes. Usage: mixed.sh MIX, for example mixed.sh c,java,c
#
# Two peers start and one of them leads; the third comes late and follows; the leader is killed and a peer of the other kind
# leads; the killed one comes back and follows; then nothing changes for 20 quiet seconds. So each kind leads once, and each
# kind follows each. Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
mix=${1:?which mix? for example c,java,c}
quiet_seconds=${QUIET_SECONDS:-20}
IFS=, read -ra kinds <<<"$mix"
start_play "$mix"

# Nobody holds another election: the line that each begins with does not appear again.
no_election_for() {
  local before after
  before=$(elections)
  sleep "$1"
  after=$(elections)
  say "elections began: before $before, after $after"
  [[ $before == "$after" ]]
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
# FLE-01, CNX-01, CNX-03, CNX-04
expect "peer $first leads" until_state "$first" LEADING "$first"
expect "peer $other (${kinds[other - 1]}) follows" until_state "$other" FOLLOWING "$first"
expect "peer $late comes late" "$cluster" start "$late"
# FLE-02, DSC-02, SYN-01, LRN-01
expect "peer $late (${kinds[late - 1]}) follows the sitting leader" until_state "$late" FOLLOWING "$first"
expect "the leader is killed" "$cluster" kill "$first"
# FLE-13, FLE-04
expect "peer $late (${kinds[late - 1]}) leads" until_state "$late" LEADING "$late"
expect "peer $other (${kinds[other - 1]}) follows it" until_state "$other" FOLLOWING "$late"
expect "peer $first comes back" "$cluster" start "$first"
expect "peer $first (${kinds[first - 1]}) follows" until_state "$first" FOLLOWING "$late"
# BRD-07
expect "no election in $quiet_seconds quiet seconds" no_election_for "$quiet_seconds"
expect "all is taken down" "$cluster" down
