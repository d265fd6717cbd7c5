#!/usr/bin/env bash
# Data directories change hands: what one kind of peer has left, the other kind starts from, with the same zxid and the same
# epochs; and what one kind refuses, the other refuses too. The ensembles have had no client writes.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
start_play directories

# become KIND...: peers 1, 2, 3 are of these kinds from the next start on; all else stays as it is.
become() {
  local id=0 kind
  for kind; do
    id=$((id + 1))
    sed -i -E "s/(\"id\": $id, \"kind\": )\"[a-z]+\"/\1\"$kind\"/" "$ZK_CLUSTER_DIR/cluster.json"
  done
}

data() {
  printf '%s\n' "$ZK_CLUSTER_DIR/$1/data/version-2"
}

# All are in the same epoch, a later one than before: mostly the next, but an election may have to be held twice.
last_epoch=0
in_a_later_epoch() {
  local id accepted current newest=''
  for id in 1 2 3; do
    read -r accepted <"$(data "$id")/acceptedEpoch" || true
    read -r current <"$(data "$id")/currentEpoch" || true
    say "peer $id: accepted $accepted, current $current; before $last_epoch"
    newest=${newest:-$current}
    [[ $accepted == "$newest" && $current == "$newest" ]] || return 1
  done
  ((newest > last_epoch)) && last_epoch=$newest
}

# The files of all three, but those of an unclean end.
listing() {
  (cd "$ZK_CLUSTER_DIR" && find ./*/data/version-2 -type f | sort)
}

has_no_logs_and_no_leftovers() {
  local files
  files=$(listing)
  say "$files"
  ! grep -E 'log\.|\.tmp$' <<<"$files"
}

tree_is_unhurt() {
  local nodes
  nodes=$(four_letter_word "$(sed -n 's/^clientPort=//p' "$ZK_CLUSTER_DIR/$1/zoo.cfg")" srvr | tr -d '\0' | sed -n 's/^Node count: //p')
  say "node count $nodes"
  [[ $nodes == 5 ]]
}

# What a peer must vote with: the zxid in the name of its newest snapshot, 0 without any.
declare -A left
see_what_is_left() {
  local id name
  for id in 1 2 3; do
    left[$id]=0
    for name in "$(data "$id")"/snapshot.*; do
      name=${name##*.}
      [[ ! $name =~ ^[0-9a-f]+$ ]] || ((16#$name < 16#${left[$id]})) || left[$id]=$name
    done
  done
}

# first_vote ID [ZXID]: the first election since its start began with it.
first_vote() {
  local line
  line=$(tac "$ZK_CLUSTER_DIR/$1/log" | sed '/Reading configuration from\|Starting quorum peer, myid=/q' |
    grep -oE 'New election. My id = *[0-9]+, proposed zxid=0x[0-9a-f]+' | tail -n 1 || true) # sed need not read all
  say "$line; left was ${left[$1]}"
  [[ $line == *=0x${2:-${left[$1]}} ]]
}

# As a fresh process sees it: exit code and words, of peer 1 alone.
refuses() {
  local output status=0 command=("$REPO/scripts/node.sh")
  [[ $1 == c ]] || command=("$REPO/scripts/java-node.sh")
  output=$(timeout 240 "${command[@]}" "$ZK_CLUSTER_DIR/1/zoo.cfg" 2>&1) || status=$?
  printf '%s\n' "$output" | tail -n 5
  say "exit $status"
  ((status != 0 && status != 124)) && ! grep -q 'LOOKING' <<<"$output"
}

lose_directory() {
  "$cluster" stop 1
  rm -r "$(data 1)"
}

has_two_snapshots() {
  listing
  [[ $(listing | grep -c '^./1/.*/snapshot\.') == 2 ]]
}

# Changes to a directory, for with.
append_newlines() {
  local file
  for file in *Epoch; do
    echo >>"$file"
  done
}

flip_a_byte_of_each_snapshot() {
  local file
  for file in snapshot.*; do
    printf X | dd of="$file" bs=1 seek=40 conv=notrunc status=none
  done
}

# Each is written under this name first.
nothing_can_be_written() {
  rm acceptedEpoch currentEpoch
  mkdir acceptedEpoch.tmp currentEpoch.tmp
}

put_aside() {
  rm -rf "$ZK_CLUSTER_DIR/aside"
  cp -a "$(data 1)" "$ZK_CLUSTER_DIR/aside"
}

put_back() {
  rm -rf "$(data 1)"
  cp -a "$ZK_CLUSTER_DIR/aside" "$(data 1)"
}

# with CHANGE COMMAND...: peer 1's directory changed, the command run, the directory put back. If one of them fails, it
# stays as it is, to be looked at.
with() {
  local change=$1
  shift
  put_aside
  (
    cd "$(data 1)"
    eval "$change"
  )
  "$@"
  put_back
}

# joins KIND ZXID: peer 1, of that kind, votes with that zxid and follows the two others.
joins() {
  become "$1"
  "$cluster" start 1
  first_vote 1 "$2"
  until_state 1 FOLLOWING "$leader"
  "$cluster" kill 1
}

expect "three Java peers serve" "$cluster" up --mix java,java,java
expect "they are taken down" "$cluster" down
expect "they have left an epoch" in_a_later_epoch
see_what_is_left
become c c c
# PER-02
expect "three C peers start in their directories" "$cluster" up
for id in 1 2 3; do
  expect "C peer $id votes with what Java left" first_vote "$id"
done
expect "the tree is unhurt" tree_is_unhurt 1
expect "they are taken down again" "$cluster" down
expect "they have left a later epoch" in_a_later_epoch
expect "no log, no leftover" has_no_logs_and_no_leftovers
see_what_is_left
become java c java
# PER-02
expect "two Java peers and a C peer start in what C left" "$cluster" up
for id in 1 3; do
  expect "Java peer $id votes with what C left" first_vote "$id"
done
expect "the tree is unhurt still" tree_is_unhurt 1
leader=$("$cluster" status --json | jq .leader)

# A directory with two snapshots, which a late joiner has: everything below is a change to a copy of it.
expect "peer 1 loses its directory" lose_directory
expect "peer 1 comes back with nothing" "$cluster" start 1
leader=$("$cluster" status --json | jq .leader)
expect "it follows" until_state 1 FOLLOWING "$leader"
expect "it stops" "$cluster" stop 1
expect "it has two snapshots" has_two_snapshots
see_what_is_left

for kind in java c; do
  expect "nothing at all: $kind starts" with 'rm -- *' joins "$kind" 0
  # PER-01
  expect "no epoch files: $kind makes them" with 'rm acceptedEpoch currentEpoch' joins "$kind" "${left[1]}"
  expect "epochs with a newline: $kind takes them" with append_newlines joins "$kind" "${left[1]}"
  expect "a log with a header alone: $kind looks it over" \
    with "printf 'ZKLG\\0\\0\\0\\2\\0\\0\\0\\0\\0\\0\\0\\0' >log.1" joins "$kind" "${left[1]}"
  # PER-07
  expect "the newest snapshot is cut: $kind takes the older one" \
    with "truncate -s 3 snapshot.${left[1]}" joins "$kind" 0
  # PER-02
  expect "a space behind an epoch: $kind refuses" with 'printf " " >>currentEpoch' refuses "$kind"
  # PER-02
  expect "epochs that cannot be written: $kind refuses" with nothing_can_be_written refuses "$kind"
  # PER-03
  expect "accepted below current: $kind refuses" with 'printf 1 >acceptedEpoch' refuses "$kind"
  # PER-03
  expect "a history beyond both epochs: $kind refuses" with 'printf 1 >currentEpoch; printf 1 >acceptedEpoch' refuses "$kind"
  # PER-03
  expect "the same, with the epoch in currentEpoch.tmp: $kind goes on" \
    with 'cp currentEpoch currentEpoch.tmp; printf 1 >currentEpoch' joins "$kind" "${left[1]}"
  # PER-06
  expect "no snapshot is whole: $kind refuses" with flip_a_byte_of_each_snapshot refuses "$kind"
done
# A crash between the snapshot and its epoch, which the peer had promised: C has a whole snapshot and claims it (D-68).
expect "a history beyond currentEpoch alone: java refuses" with 'printf 1 >currentEpoch' refuses java
# PER-03, among C peers
expect "a history beyond currentEpoch alone: c goes on" with 'printf 1 >currentEpoch' joins c "${left[1]}"
expect "all is taken down" "$cluster" down
