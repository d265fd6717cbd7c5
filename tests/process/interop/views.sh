#!/usr/bin/env bash
# Peers that do not agree on who is in the ensemble, or on which version of its configuration is the newest. Each case is played
# twice, the kinds changing places.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
start_play views
readonly NEWER=100000000 # hexadecimal

log_of() {
  printf '%s\n' "$ZK_CLUSTER_DIR/$1/log"
}

# times ID WORDS: how often its log has them.
times() {
  grep -c -F -- "$2" "$(log_of "$1")" || true
}

# logs ID WORDS [TIMES]: waits up to four minutes.
logs() {
  local end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    (($(times "$1" "$2") < ${3:-1})) || return 0
    sleep 0.05
  done
  say "peer $1 logged '$2' $(times "$1" "$2") times, not ${3:-1}"
  return 1
}

knows_nothing_of() {
  sed -i "/^server\.$2=/d" "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

# Peer 2 has answered three times that it follows 3, whom peer 1 does not know.
hears_and_looks() {
  local end=$((SECONDS + 240)) answers=0
  while ((SECONDS < end && answers < 3)); do
    answers=$(grep -c 'Notification: my state:LOOKING; n.sid:2, n.state:FOLLOWING, n.leader:3,' "$(log_of 1)" || true)
    sleep 0.05
  done
  say "$answers answers; state $(field 1 state)"
  ((answers >= 3)) && [[ $(field 1 state) == LOOKING ]] && ! grep -qE ' - (LEADING|FOLLOWING)$' "$(log_of 1)"
}

leader_outside() {
  local one=$1 others=$2
  expect "$others peers 2 and 3 serve" "$cluster" up --mix "$one,$others,$others" --only 2,3
  expect "peer 3 ($others) leads" until_state 3 LEADING 3
  knows_nothing_of 1 3
  expect "peer 1 ($one), which knows 1 and 2 only, starts" "$cluster" start 1 --wait 0
  # FLE-15
  expect "peer 1 ($one) hears of leader 3 ($others) and follows nobody" hears_and_looks
  expect "peer 3 ($others) leads on" until_state 3 LEADING 3
  expect "the ensemble with the narrow view is taken away" "$cluster" clean
}

# An entry whose client port comes from another line differs from the same entry in a newer text, and who is LOOKING begins
# anew at every newer text that differs: for ever, if it may not adopt it, in Java as here. So the ports stand in the entries.
move_client_ports() {
  local id port
  for id in 1 2 3; do
    port=$(sed -n 's/^clientPort=//p' "$ZK_CLUSTER_DIR/$id/zoo.cfg")
    sed -i -E "s/^(server\.$id=.*)/\1;127.0.0.1:$port/" "$ZK_CLUSTER_DIR"/[123]/zoo.cfg
  done
  sed -i '/^clientPort/d' "$ZK_CLUSTER_DIR"/[123]/zoo.cfg
}

# The servers go into a file of their own, whose name tells the version.
has_newer_configuration() {
  local dir=$ZK_CLUSTER_DIR/$1
  grep '^server\.' "$dir/zoo.cfg" >"$dir/zoo.cfg.dynamic.$NEWER"
  sed -i '/^server\./d' "$dir/zoo.cfg"
  printf 'dynamicConfigFile=%s\n' "$dir/zoo.cfg.dynamic.$NEWER" >>"$dir/zoo.cfg"
}

# What a leader of each kind says of a learner that has a later configuration.
readonly AHEAD='Follower is ahead of the leader (has a later activated configuration)'

alive_and_not_following() {
  local pid
  pid=$(field 3 pid)
  say "pid $pid, state $(field 3 state), serving $(field 3 serving)"
  [[ $pid != null && $(field 3 serving) == false ]]
}

files_of() {
  (cd "$ZK_CLUSTER_DIR/$1" && find . -name 'zoo.cfg*' | sort | tr '\n' ' ')
}

has_files() {
  say "$(files_of "$1")"
  [[ $(files_of "$1") == "$2 " ]]
}

newer_configuration() {
  local three=$1 others=$2
  expect "an ensemble is made" "$cluster" up --mix "$others,$others,$three" --only 1,2
  expect "it is taken down" "$cluster" down
  move_client_ports
  has_newer_configuration 3
  expect "$others peers 1 and 2 serve" "$cluster" start 1 2
  expect "peer 2 ($others) leads" until_state 2 LEADING 2
  expect "peer 3 ($three), whose configuration is newer, starts" "$cluster" start 3 --wait 0
  # LRN-04
  expect "the $others leader refuses it" logs 2 "$AHEAD" 2
  expect "peer 3 ($three) lives on and does not serve" alive_and_not_following
  expect "peer 2 ($others) leads on" until_state 2 LEADING 2
  expect "all stop" "$cluster" down
  expect "peers 2 and 3 start, with the newer configuration at the larger id" start_two
  expect "peer 3 ($three) leads" until_state 3 LEADING 3
  expect "peer 2 ($others) follows a newer configuration" until_state 2 FOLLOWING 3
  if [[ $others == c ]]; then # D-97
    # DYN-04: the half without a reconfiguration
    expect "peer 2 ($others) keeps the newer version in a file of its own" has_files 2 "./zoo.cfg ./zoo.cfg.dynamic.next"
  else
    expect "no file of peer 2 ($others) has changed its name" has_files 2 "./zoo.cfg"
  fi
  expect "nor of peer 3 ($three)" has_files 3 "./zoo.cfg ./zoo.cfg.dynamic.$NEWER"
  expect "the ensemble of two versions is taken away" "$cluster" clean
}

# Both are as far as the other, or the newer one of them would lead.
start_two() {
  rm -rf "$ZK_CLUSTER_DIR"/[23]/data/version-2
  "$cluster" start 2 3
}

leader_outside c java
leader_outside java c
newer_configuration java c
newer_configuration c java
