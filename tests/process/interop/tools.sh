#!/usr/bin/env bash
# Tools that operators point at ZooKeeper, pointed at our peers: zkServer.sh status (Debian's zookeeper) and zktop.
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
start_play tools

need_packages "to test the tools of others" zookeeper:/usr/share/zookeeper/bin/zkServer.sh zktop:zktop bsdutils:script

port_of() {
  sed -n 's/^clientPort=//p' "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

zk_server_says() {
  local words end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    words=$(/usr/share/zookeeper/bin/zkServer.sh status "$ZK_CLUSTER_DIR/$1/zoo.cfg" 2>&1) || true # it waits for 5 s
    printf '%s\n' "$words"
    [[ $words == *"Error contacting service"* ]] || break
  done
  grep -qx "Mode: $2" <<<"$words"
}

zk_server_finds_nobody() {
  local words status=0
  words=$(/usr/share/zookeeper/bin/zkServer.sh status "$ZK_CLUSTER_DIR/$1/zoo.cfg" 2>&1) || status=$?
  printf '%s\nexit %d\n' "$words" "$status"
  [[ $status == 1 && $words == *"Error contacting service"* ]]
}

# zktop wants a terminal: script gives it one. It places each field by cursor moves, which become blanks here. A leader shows
# as L, a follower as F. On a busy machine it takes longer until it has asked all.
zktop_shows_the_ensemble() {
  local servers screen seconds
  servers=127.0.0.1:$(port_of 1),127.0.0.1:$(port_of 2),127.0.0.1:$(port_of 3)
  for seconds in 4 8 16 32 64 128; do
    screen=$(TERM=xterm timeout "$seconds" script -qc "zktop --servers $servers" /dev/null </dev/null || true)
    # shellcheck disable=SC2001  # a pattern
    screen=$(sed 's/\x1b[[(][0-9;?]*[a-zA-Z]/ /g' <<<"$screen" | tr -s ' \r\n' ' ')
    [[ $screen != *" $(port_of "$leader") L "* || $screen != *" $(port_of "$follower") F "* || $screen != *nodecount:5* ]] ||
      return 0
  done
  say "$screen"
  return 1
}

expect "three C peers serve" "$cluster" up
leader=$(leading)
follower=$((leader % 3 + 1))
# CLI-03
expect "zkServer.sh status knows the leader" zk_server_says "$leader" leader
expect "zkServer.sh status knows a follower" zk_server_says "$follower" follower
expect "zktop shows leader, followers and nodes" zktop_shows_the_ensemble
expect "two peers are killed" "$cluster" kill "$leader" $((6 - leader - follower))
expect "zkServer.sh status sees that the last one does not serve" zk_server_finds_nobody "$follower"
