#!/usr/bin/env bash
# Rolling restarts of a mixed ensemble of three: up the ids, down the ids, the leader first. After every single restart all
# three serve. Usage: rolling.sh [MIX], by default c,java,c
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
mix=${1:-c,java,c}
IFS=, read -ra kinds <<<"$mix"
start_play "rolling $mix"

# All three voters serve under one leader.
all_serve() {
  local end=$((SECONDS + 240)) serving=''
  while ((SECONDS < end)); do
    serving=$("$cluster" status --json | jq -r '"\(.serving) \(.leader)"' || true)
    [[ $serving != '3 '[123] ]] || return 0
    sleep 0.2
  done
  say "serving and leader: $serving"
  return 1
}

# A restart is one of the process: a new pid, and the ensemble whole again within 30 s.
restarted() {
  local before after
  before=$(field "$1" pid)
  "$cluster" restart "$1" --wait 0
  after=$(field "$1" pid)
  say "peer $1 was $before and is $after"
  [[ $before != "$after" && $after != null ]] && all_serve
}

leader() {
  "$cluster" status --json | jq .leader
}

restart_named() {
  expect "peer $1 (${kinds[$1 - 1]}) is restarted: $2" restarted "$1"
}

# The epoch is the upper half of the zxid.
epoch_is_above() {
  local zxid
  zxid=$(field "$(leader)" zxid)
  say "zxid $zxid"
  ((zxid >> 32 > $1))
}

expect "three peers of two kinds serve" "$cluster" up --mix "$mix"
for id in 1 2 3; do
  restart_named "$id" "up the ids"
done
for id in 3 2 1; do
  restart_named "$id" "down the ids"
done
first=$(leader)
restart_named "$first" "the leader first"
for id in 1 2 3; do
  [[ $id == "$first" ]] || restart_named "$id" "after the leader"
done
# RST-13, DSC-05, DSC-06
expect "the ensemble has survived it all, in a later epoch" epoch_is_above 2
expect "all is taken down" "$cluster" down
