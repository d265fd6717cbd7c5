#!/usr/bin/env bash
# What a zoo.cfg makes of a real process: limits, roles, directories, names and an oracle. Where a peer must refuse, a C and a
# Java peer are given the same files and must leave with the same code. Before that, some hundred files are given to both parsers.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
start_play settings

cfg() {
  printf '%s\n' "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

# says ID WORD LINE: a four-letter word's answer has that line.
says() {
  local answer
  answer=$(four_letter_word "$(sed -n 's/^clientPort=//p' "$(cfg "$1")")" "$2" | tr -d '\0')
  printf '%s\n' "$answer"
  grep -qxF -- "$3" <<<"$answer"
}

log_says() {
  local end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    ! grep -F -- "$2" "$ZK_CLUSTER_DIR/$1/log" || return 0
    sleep 0.05
  done
  return 1
}

until_looking() {
  local end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    [[ $(field "$1" state) != LOOKING ]] || return 0
    sleep 0.2
  done
  return 1
}

# ---- refusals ----------------------------------------------------------------------------------

# leaves CODE KIND: a peer of that kind, started on the configuration of peer 1, ends by itself with that code.
leaves() {
  local status=0 output command=("$REPO/scripts/node.sh")
  [[ $2 == c ]] || command=("$REPO/scripts/java-node.sh")
  output=$(timeout 240 "${command[@]}" "$(cfg 1)" 2>&1) || status=$?
  printf '%s\n' "$output" | tail -n 8
  say "exit $status"
  ((status == $1))
}

prepare() {
  cp "$(cfg 1)" "$ZK_CLUSTER_DIR/zoo.cfg.kept"
  printf '%s\n' "$@" >>"$(cfg 1)"
}

restore() {
  cp "$ZK_CLUSTER_DIR/zoo.cfg.kept" "$(cfg 1)"
}

# ---- a role that contradicts itself, limits of sessions, directories ---------------------------

has_snapshots_only_in() {
  ls "$1/version-2"
  compgen -G "$1/version-2/snapshot.*" && ! compgen -G "$2/version-2/snapshot.*"
}

roles_limits_and_directories() {
  local logs=$ZK_CLUSTER_DIR/1/logs kind
  expect "an ensemble is made" "$cluster" up --voters 2 --observers 1 --tick 500
  expect "it is taken down" "$cluster" down
  sed -i '/^peerType/d' "$(cfg 3)"
  printf 'minSessionTimeout=1234\n' >>"$(cfg 2)"
  printf 'dataLogDir=%s\n' "$logs" >>"$(cfg 1)"
  rm -rf "$ZK_CLUSTER_DIR/1/data/version-2"
  expect "it is there again, a little changed" "$cluster" up
  # CFG-04, among C peers
  expect "an observer by its server line alone observes" until_state 3 OBSERVING 2
  # CFG-04, among C peers
  expect "it warns of the contradiction" log_says 3 'Peer type from servers list (OBSERVER) doesn'"'"'t match peerType (PARTICIPANT). Defaulting to servers list.'
  # CFG-04, among C peers
  expect "sessions last 2 ticks at least" says 1 conf minSessionTimeout=1000
  # CFG-04, among C peers
  expect "and 20 ticks at most" says 1 conf maxSessionTimeout=10000
  # CFG-04, among C peers
  expect "a minimum of one's own is taken" says 2 conf minSessionTimeout=1234
  # CFG-04, among C peers
  expect "and leaves the maximum alone" says 2 conf maxSessionTimeout=10000
  # CFG-04, among C peers
  expect "the election is the fast one" says 1 conf electionAlg=3
  # CFG-05, among C peers
  expect "snapshots are in dataDir, not in dataLogDir" has_snapshots_only_in "$ZK_CLUSTER_DIR/1/data" "$logs"
  # CLI-03, among C peers
  expect "ruok" says 1 ruok imok
  expect "it is taken down again" "$cluster" down

  touch "$ZK_CLUSTER_DIR/1/data/version-2/log.1"
  for kind in c java; do
    # CFG-05
    expect "a log among the snapshots: $kind leaves with 3" leaves 3 "$kind"
  done
  rm "$ZK_CLUSTER_DIR/1/data/version-2/log.1"
  cp "$ZK_CLUSTER_DIR"/1/data/version-2/snapshot.* "$logs/version-2/"
  for kind in c java; do
    # CFG-05
    expect "a snapshot among the logs: $kind leaves with 3" leaves 3 "$kind"
  done
  rm -r "$logs"
  prepare datadir.autocreate=false
  for kind in c java; do
    # CFG-05
    expect "a directory that is missing and may not be made: $kind leaves with 3" leaves 3 "$kind"
  done
  restore
  expect "the ensemble with an observer is taken away" "$cluster" clean
}

# ---- names -------------------------------------------------------------------------------------

stops_at_once() {
  local pid status=0
  pid=$(field 1 pid)
  kill -TERM "$pid"
  timeout 240 tail --pid="$pid" -f /dev/null || status=$?
  ((status == 0))
}

names() {
  local kind
  expect "an ensemble of two is made" "$cluster" up --voters 2
  expect "its peers are killed" "$cluster" kill all
  sed -i 's/^server\.2=127.0.0.1/server.2=no-such-host.invalid/' "$(cfg 1)"
  expect "peer 1 starts, whose only companion has no address" "$cluster" start 1 --wait 0
  # CNX-11, among C peers
  expect "it names the address that it cannot find" log_says 1 'no-such-host.invalid'
  expect "it looks" until_looking 1
  # CLI-03, among C peers
  expect "it says that it does not serve" says 1 srvr "This ZooKeeper instance is not currently serving requests"
  # CNX-11, among C peers
  expect "it leaves when it is asked to" stops_at_once
  sed -i 's/^server\.1=127.0.0.1/server.1=no-such-host.invalid/; s/^server\.2=[^:]*/server.2=127.0.0.1/' "$(cfg 1)"
  prepare electionPortBindRetry=2
  for kind in c java; do
    # CNX-11
    expect "an own host that nobody knows: $kind leaves with 14" leaves 14 "$kind"
  done
  expect "the ensemble of two is taken away" "$cluster" clean
}

# ---- voters that never come --------------------------------------------------------------------

three_of_five() {
  # DSC-08, among C peers
  expect "three of five serve" "$cluster" up --voters 5 --only 1,2,3 --wait 240
  expect "the third leads" until_state 3 LEADING 3
  expect "the five are taken away" "$cluster" clean
}

# ---- two voters and an oracle ------------------------------------------------------------------

# The file names a peer of two that may go on alone.
oracle_says() {
  local id
  for id in 1 2; do
    printf '%d' "$(($1 == id))" >"$ZK_CLUSTER_DIR/oracle.$id"
  done
}

alone_leads() {
  local end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    [[ $(field "$1" state) != LEADING || $(field "$1" serving) != true ]] || return 0
    sleep 0.2
  done
  return 1
}

oracle() {
  local kinds=$1 id
  expect "two voters are made ($kinds)" "$cluster" up --mix "$kinds" --tick 500
  expect "they are taken down ($kinds)" "$cluster" down
  for id in 1 2; do
    printf 'oraclePath=%s\n' "$ZK_CLUSTER_DIR/oracle.$id" >>"$(cfg "$id")"
  done
  oracle_says 2
  expect "two voters with an oracle ($kinds)" "$cluster" up
  expect "the larger one leads" until_state 2 LEADING 2
  expect "the follower is killed" "$cluster" kill 1
  sleep 3 # more than syncLimit ticks: without the oracle the leader would be gone
  # VOTE-05
  expect "the oracle names the leader, which leads on alone" alone_leads 2
  oracle_says 1
  # VOTE-05
  expect "the oracle names the other one: the leader steps down" until_looking 2
  expect "the two with an oracle are taken away" "$cluster" clean
}

need_packages "to ask Java's own parser" python3:python3 default-jdk-headless:javac
expect "some hundred files are read as Java reads them" python3 "$here/configurations.py" "$(dirname "$ZK_CLUSTER_DIR")"
roles_limits_and_directories
names
three_of_five
oracle c,c
oracle java,java
