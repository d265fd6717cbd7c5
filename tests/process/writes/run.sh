#!/usr/bin/env bash
# Clients write while members of a mixed ensemble are killed, paused or cut off. Afterwards every acknowledged write is present once
# on every server, and all members have the same last zxid and the same digest of their trees, on disk as well.
#
# Usage: run.sh MIX [--writes N] [--at-least S] [--faults kill,pause,stop,partition] [--lead KIND] [--observers K] [--seed S]
#               [--clients WHICH]
#
#   MIX               kinds of the members, for example c,java,c, dealt round and round with observers
#   --writes N        so many writes must be acknowledged (default 3000)
#   --at-least S      and faults go on for so many seconds (default 25)
#   --faults KINDS    what happens to a member every few seconds (default kill,pause); "partition" puts each member into a network
#                     of its own, and the clients use the first Java member alone
#   --lead KIND       a member of this kind, "c" or "java", leads all the time: it does at first, and faults happen to others
#   --observers K     so many observers more (default 0)
#   --seed S          which member, when, and what is written (default 1)
#   --clients WHICH   "java": clients connect to members of Java alone (default); "all": to every member
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/../interop/lib.sh"

words=("$@")
mix='' writes=3000 at_least=25 faults=kill,pause observers=0 seed=1 clients=java lead=''
while (($# > 0)); do
  case $1 in
    --writes) need_value "$1" $# && writes=$2 && shift ;;
    --at-least) need_value "$1" $# && at_least=$2 && shift ;;
    --faults) need_value "$1" $# && faults=$2 && shift ;;
    --lead) need_value "$1" $# && lead=$2 && shift ;;
    --observers) need_value "$1" $# && observers=$2 && shift ;;
    --seed) need_value "$1" $# && seed=$2 && shift ;;
    --clients) need_value "$1" $# && clients=$2 && shift ;; # "java": at members of Java; "all"
    -*) die_usage "unknown option $1" ;;
    *) mix=$1 ;;
  esac
  shift
done
[[ -n $mix ]] || die_usage "which mix? for example c,java,c"
RANDOM=$seed
IFS=, read -ra kinds <<<"$mix"
IFS=, read -ra fault_kinds <<<"$faults"

need_client
start_play "writes $mix"
journal=$ZK_CLUSTER_DIR.journal

# The members that clients connect to, as host:port,host:port.
servers() {
  # shellcheck disable=SC2016  # jq's own
  local which='.peers[] | select($all == "all" or .kind == "java") | "127.0.0.1:\(.client_port)"'
  [[ $faults != *partition* ]] || which="first($which)"
  jq -r --arg all "$clients" "[$which] | join(\",\")" "$ZK_CLUSTER_DIR/cluster.json"
}

# load WORD...: load.py with these words, where it reaches the servers: with partitions, beside the first Java member.
load() {
  local enter=()
  if [[ $faults == *partition* ]]; then
    local keeper how
    keeper=$(<"$ZK_CLUSTER_DIR/network/pid")
    how=$(<"$ZK_CLUSTER_DIR/network/how")
    enter=(nsenter "--target=${keeper%% *}" --mount --net --preserve-credentials)
    [[ $how != *U* ]] || enter+=(--user)
    enter+=(nsenter "--net=/run/netns/z$(jq -r 'first(.peers[] | select(.kind == "java") | .id)' "$ZK_CLUSTER_DIR/cluster.json")")
  fi
  "${enter[@]}" /usr/bin/python3 "$here/load.py" "$@"
}

# Breaks a random member every few seconds, and mends it. One at a time: a quorum is always possible.
break_and_mend() {
  local count=${#kinds[@]} who fault
  while :; do
    sleep 2
    who=$((RANDOM % count + 1))
    # Half of the time it is the leader, or never.
    if [[ -n $lead ]]; then
      ((who != $(leading))) || continue
    elif ((RANDOM % 2 == 0)); then
      who=$(leading)
    fi
    fault=${fault_kinds[RANDOM % ${#fault_kinds[@]}]}
    say "$fault $who"
    case $fault in
      kill)
        "$cluster" kill "$who" && sleep 1 && "$cluster" start "$who" --wait 240
        ;;
      pause)
        "$cluster" pause "$who" && sleep 3 && "$cluster" resume "$who"
        ;;
      stop)
        "$cluster" restart "$who" --wait 240
        ;;
      partition)
        "$cluster" partition "$who" && sleep 4 && "$cluster" heal
        ;;
      *) die "no such fault: $fault" ;;
    esac || return 1
  done
}

# The kind of the member that leads.
leading_kind() {
  jq -r --argjson id "$(leading)" '.peers[] | select(.id == $id) | .kind' "$ZK_CLUSTER_DIR/cluster.json"
}

# Some member leads, within four minutes.
somebody_leads() {
  local end=$((SECONDS + 240))
  until [[ $(leading) =~ ^[0-9]+$ ]]; do
    ((SECONDS < end)) || return 1
    sleep 0.3
  done
}

# Leaders of the other kind are stopped, one after the other, until one of this kind leads; then they come back.
lead_with() {
  local stopped=() who
  while [[ $(leading_kind) != "$1" ]]; do
    who=$(leading)
    stopped+=("$who")
    "$cluster" stop "$who" && somebody_leads || return 1
  done
  for who in "${stopped[@]}"; do
    "$cluster" start "$who" --wait 240 || return 1
  done
  [[ $(leading_kind) == "$1" ]]
}

writes_go_on() {
  local breaker status=0
  set -m
  break_and_mend >"$ZK_CLUSTER_DIR.faults" 2>&1 &
  breaker=$!
  set +m
  load run --servers "$(servers)" --journal "$journal" --writes "$writes" \
    --at-least "$at_least" --seconds 900 --clients 6 --seed "$seed" || status=$?
  if ! kill -0 "$breaker" 2>/dev/null; then
    say "the faults ended before the writes:"
    status=1
  fi
  kill -s TERM -- "-$breaker" 2>/dev/null || true
  wait "$breaker" 2>/dev/null || true
  cat "$ZK_CLUSTER_DIR.faults"
  [[ -z $lead || $(leading_kind) == "$lead" ]] || { say "no member of $lead leads any more" && return 1; }
  return "$status"
}

# Whatever the last fault has left: all run, and a quorum serves.
all_are_back() {
  "$cluster" resume all || true
  [[ $faults != *partition* ]] || "$cluster" heal
  "$cluster" up --wait 240
}

# java_has_left_a_hole: a member of Java has lost writes of a leader of Java, and says so itself.
java_has_left_a_hole() {
  /usr/bin/python3 "$here/holes.py" "$REPO/build/zkdump" "$ZK_CLUSTER_DIR"
}

# begin_again WORD...: the whole play with these words and another seed.
begin_again() {
  say "again $play: a member of Java has left a hole in its log, under leaders of Java alone"
  "$cluster" clean >/dev/null 2>&1
  rm -rf "$(dirname "$ZK_CLUSTER_DIR")"
  JAVA_HOLES=$((${JAVA_HOLES:-0} + 1)) exec "${BASH_SOURCE[0]}" "$@" --seed "$((seed + 100))"
}

nothing_is_lost() {
  load verify --servers "$(servers)" --journal "$journal"
}

# How often each member has found another digest of its tree than its leader's. Each must say so: of one that does not
# answer nothing is known.
mismatches() {
  local answers members told
  answers=$("$cluster" call mntr all)
  members=$(jq '.peers | length' "$ZK_CLUSTER_DIR/cluster.json")
  told=$(grep -c digest_mismatches_count <<<"$answers" || true)
  ((told == members)) || { say "$told of $members members tell of their digests:"$'\n'"$answers" && return 1; }
  grep digest_mismatches_count <<<"$answers"
}

# Each member compares them behind every transaction. One that was sent a snapshot while clients wrote has some of the next
# transactions in it already, so it finds differences until those are through, as a member of Java does. After that, none.
no_digest_differs() {
  local before after
  before=$(mismatches) || { say "$before" && return 1; }
  load run --servers "$(servers)" --journal "$journal.more" --writes 200 --clients 2 --seed "$((seed + 1))" || return 1
  after=$(mismatches) || { say "$after" && return 1; }
  printf '%s\n' "before:" "$before" "after:" "$after"
  [[ $before == "$after" ]]
}

# disks [--wait SECONDS]: compares those of all members.
disks() {
  local directories
  mapfile -t directories < <(jq -r --arg root "$ZK_CLUSTER_DIR" '.peers[] | "\($root)/\(.id)"' "$ZK_CLUSTER_DIR/cluster.json")
  /usr/bin/python3 "$here/disks.py" "$@" "$REPO/build/zkdump" "${directories[@]}"
}

# A member that is paused for 3 s must be given up: syncLimit is 5 ticks.
up=(--mix "$mix" --observers "$observers" --tick 500)
[[ $faults != *partition* ]] || up+=(--namespaces)
expect "an ensemble of $mix serves" "$cluster" up "${up[@]}"
[[ -z $lead ]] || expect "a member of $lead leads" lead_with "$lead"
expect "$writes writes are acknowledged while members are broken and mended ($faults)" writes_go_on
expect "all members are back" all_are_back
# Twice at most: then what is lost is told in any case.
if ((${JAVA_HOLES:-0} < 2)) && java_has_left_a_hole; then
  begin_again "${words[@]}"
fi
# SYN-06, SYN-07, RST-10, RST-11
expect "every acknowledged write is there once, on every server" nothing_is_lost
expect "no digest differs" no_digest_differs
# A write is acknowledged when a majority has it on disk; the others may be without the last ones for a moment.
expect "all members have the last write on disk" disks --wait 240
expect "all is taken down" "$cluster" down
# PER-09
expect "all members have the same history on disk" disks
