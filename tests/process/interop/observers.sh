#!/usr/bin/env bash
# Observers of one kind under voters of the other: they find the leader, leave when the voters have no quorum, come back, and
# their own death is nobody's concern. Two of them have no connection to each other.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
need_packages "to see who is connected" iproute2:ss
start_play observers

not_serving() {
  local end=$((SECONDS + 240)) answer=''
  while ((SECONDS < end)); do
    answer=$(four_letter_word "$(client_port "$1")" srvr | tr -d '\0' || true)
    [[ $answer != *"not currently serving requests"* ]] || return 0
    sleep 0.05
  done
  say "$answer"
  return 1
}

client_port() {
  sed -n 's/^clientPort=//p' "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

mode_is() {
  local mode
  mode=$(peer_mode "$(client_port "$1")")
  say "peer $1: $mode"
  [[ $mode == "$2" ]]
}

# Voters 1 and 2 of one kind, observer 3 of the other.
observe() {
  local voters=$1 observer=$2 elections
  # FLE-17
  expect "a $observer observer under a $voters leader" "$cluster" up --mix "$voters,$voters,$observer" --voters 2 --observers 1
  expect "voter 2 ($voters) leads" until_state 2 LEADING 2
  # OBS-01
  expect "the $observer observer observes" until_state 3 OBSERVING 2
  # CLI-03
  expect "it says so itself" mode_is 3 observer
  elections=$(elections_of 2)
  expect "the $observer observer is killed" "$cluster" kill 3
  expect "the $observer observer comes back" "$cluster" start 3
  expect "the $observer observer observes again" until_state 3 OBSERVING 2
  expect "the $voters leader took no notice" same_elections 2 "$elections"
  expect "voter 1 ($voters) is stopped" "$cluster" stop 1
  # OBS-02
  expect "without a quorum the $observer observer does not serve" not_serving 3
  # BRD-04, FLE-17
  expect "with an observer alone the $voters leader does not lead" until_looking 2
  expect "voter 1 ($voters) comes back" "$cluster" start 1
  # OBS-02
  expect "with a quorum the $observer observer serves again" until_state 3 OBSERVING 2
  expect "the ensemble of $voters voters is taken away" "$cluster" clean
}

elections_of() {
  grep -c 'New election. My id' "$ZK_CLUSTER_DIR/$1/log"
}

same_elections() {
  say "elections of peer $1: $(elections_of "$1"), before $2"
  [[ $(elections_of "$1") == "$2" ]]
}

until_looking() {
  local end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    [[ $(field "$1" state) != LOOKING ]] || return 0
    sleep 0.2
  done
  return 1
}

# connected ONE OTHER: whether ONE has dialled the election port of OTHER, or OTHER that of ONE.
connected() {
  local from to port
  for from in "$1" "$2"; do
    to=$(($1 + $2 - from))
    port=$(sed -n "s/^server\.$to=[^:]*:[0-9]*:\([0-9]*\).*/\1/p" "$ZK_CLUSTER_DIR/$to/zoo.cfg")
    if ss -Htnp state established "dport = :$port" | grep "pid=$(field "$from" pid),"; then
      return 0
    fi
  done
  return 1
}

strangers() {
  local between
  between=$(connected "$1" "$2") || return 0
  say "$between"
  return 1
}

# Two observers, 3 and 4, under two voters (ZOOKEEPER-1807: they once dialled each other without end).
observe_twice() {
  local kinds=$1 one=$2 other=$3
  # FLE-17, CNX-03
  expect "observers of $one and $other under two voters" "$cluster" up --mix "$kinds,$one,$other" --voters 2 --observers 2
  expect "observer 3 ($one) observes" until_state 3 OBSERVING 2
  expect "observer 4 ($other) observes" until_state 4 OBSERVING 2
  expect "voter 2 and observer 3 have a connection" connected 2 3
  expect "voter 2 and observer 4 have a connection" connected 2 4
  # FLE-17, CNX-03
  expect "observers 3 ($one) and 4 ($other) have none" strangers 3 4
  expect "the ensemble of two observers is taken away" "$cluster" clean
}

observe c java
observe java c
observe_twice c,java c c
observe_twice java,c c java
