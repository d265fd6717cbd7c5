#!/usr/bin/env bash
# The dissector over captured bytes; then films of real ensembles, Java and C, beside what else is
# known of the same run.
set -euo pipefail
# shellcheck source=tests/process/interop/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../interop/lib.sh"

here=$REPO/tests/process/film
film=$REPO/scripts/trace/film.sh

# shellcheck disable=SC2317  # called by the command that is filmed
# An ensemble is made, loses its leader and gets it back. Peers 1 and 2 begin, so that 2 leads and 3 gets a snapshot.
life_of() {
  "$cluster" up "$@" --only 1,2 --wait 240
  "$cluster" start 3 --wait 240
  "$cluster" kill leader
  until_state 3 LEADING 3
  until_quorum
  "$cluster" start 2 --wait 240
  until_state 1 FOLLOWING 3
  until_state 2 FOLLOWING 3
  until_pinged 3
}

# shellcheck disable=SC2317  # called by the command that is filmed
# A leader pings twice a tick; both of its terms may have been shorter than that.
until_pinged() {
  local end=$((SECONDS + 240)) since_ms=0
  until ((since_ms > 2 * ZK_CLUSTER_TICK)); do
    ((SECONDS < end)) || return 1
    since_ms=$(field "$1" since_ms)
    [[ $since_ms == [0-9]* ]] || since_ms=0
    sleep 0.2 # looking costs a processor more than waiting does
  done
}

# shellcheck disable=SC2317  # called by the command that is filmed
# So that the traces of the peers end with the film. C peers may have done all of that before the first PING.
life_to_the_end_of() {
  life_of "$@"
  local end=$((SECONDS + 240))
  until grep -q '"PING"' "$ZK_CLUSTER_DIR"/*/trace; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
  "$cluster" down
}

# shellcheck disable=SC2317  # called by the commands that are filmed
until_quorum() {
  local end=$((SECONDS + 240))
  until "$cluster" status >/dev/null; do
    ((SECONDS < end)) || return 1
    sleep 0.2
  done
}

# shellcheck disable=SC2317  # called by the command that is filmed
# The leader, 3, is cut off, and comes back as a follower.
cut_off() {
  sleep 2 # some pings, so that it is known who follows whom
  "$cluster" partition leader
  until_state 2 LEADING 2
  until_state 3 LOOKING null
  until_quorum
  "$cluster" heal
  until_state 3 FOLLOWING 2
}

# shellcheck disable=SC2317  # called by expect
# told FILM TITLE...: the chapters of the story that is told of it.
told() {
  local words titles
  words=$("$REPO/scripts/trace/trace.sh" story "$1")
  say "$words"
  titles=$(sed -nE 's/^[0-9]+\. (.*) \(at .*/\1/p' <<<"$words")
  shift
  [[ $titles == "$(printf '%s\n' "$@")" ]]
}

# shellcheck disable=SC2317  # called by expect
# Some pings: the film of an ensemble at rest.
at_rest() {
  "$cluster" status
  sleep 3
}

# shellcheck disable=SC2317  # called by expect
# Ctrl-C at the very moment when a film has begun, many a time: it ends well, and no capture goes on.
interrupted_at_once() {
  local i pid status ended
  for ((i = 1; i <= 8; i++)); do
    : >"$work/words"
    env --default-signal=INT setsid "$film" -o "$work/at-once.pcapng" </dev/null >"$work/words" 2>&1 &
    pid=$!
    until grep -q '^filming' "$work/words" || ! kill -0 "$pid"; do :; done
    status=0 ended=''
    kill -s INT -- "-$pid" || ended=' before Ctrl-C'
    wait "$pid" || status=$?
    [[ $status != 0 || -n $ended || -e $ZK_CLUSTER_DIR/film ]] || continue
    say "film $i ended$ended with exit code $status, after these words:"
    cat "$work/words"
    "$film" stop || true
    return 1
  done
}

# shellcheck disable=SC2317  # called by expect
# Somebody else may not book the film's ports.
is_not_for_others() {
  if book_block "$base" "$work/other"; then
    return 1
  fi
}

# shellcheck disable=SC2317  # called by expect
# The ports of an ensemble that is not there yet are its film's, and nobody else's; an ensemble with others is not in it.
filmed_before_it_is_made() {
  local dir=$work/early base words
  mkdir "$dir" "$work/other"
  # shellcheck disable=SC2064  # as they are now
  trap "'$film' --dir '$dir' stop >/dev/null 2>&1 || true" EXIT
  "$film" --dir "$dir" start "$work/early.pcapng"
  base=$(<"$dir/film/ports")
  is_not_for_others
  [[ $(pick_ports "$dir") == "$base" ]]
  release_ports "$dir"
  is_not_for_others
  [[ $(ZK_FILM=$dir/film pick_ports "$work/other") == "$base" ]]
  mkdir "$dir/1"
  printf 'server.1=127.0.0.1:%d:%d\n' 19001 19002 >"$dir/1/zoo.cfg"
  words=$("$film" --dir "$dir" stop 2>&1 || true)
  say "$words"
  [[ $words == *"ports $base to $((base + 99)) were filmed, and the ensemble in $dir has others"* ]]
}

need_packages "to film" tshark:tshark wireshark-common:dumpcap python3:python3
start_play film
work=$(dirname "$ZK_CLUSTER_DIR")
status=0
export PYTHONDONTWRITEBYTECODE=1
python3 "$here/test_dissector.py" || status=1
python3 "$here/test_film.py" || status=1

export REPO work film
export -f is_not_for_others filmed_before_it_is_made life_of until_pinged life_to_the_end_of cut_off until_quorum until_state field all_facts say
export cluster

# shellcheck disable=SC2016  # the inner shell's dollars
expect "a film that begins before its ensemble has booked the ports" bash -euc '
  source "$REPO/scripts/lib/lib.sh" && filmed_before_it_is_made'
expect "three Java peers are filmed while their leader is killed and comes back" \
  "$film" "$work/java.jsonl" -- bash -euc 'life_of --mix java,java,java'
cp "$ZK_CLUSTER_DIR.out" "$work/java.out"
expect "nothing of it is malformed, and nobody unknown" grep -q '; 0 malformed$' "$work/java.out"
expect "the film has the messages that an independent count finds" \
  "$here/compare.py" recount "$ZK_CLUSTER_DIR" "$work/java.pcapng" "$work/java.jsonl"
expect "the film tells who led, died, was elected and came back" \
  "$here/compare.py" story "$work/java.jsonl" 2 3
expect "and so does its story, in words" told "$work/java.jsonl" "Peers 1 and 2 start: 2 is elected" \
  "Peer 3 starts: 2 stays leader" "Leader 2 is gone: 3 is elected" "Peer 2 returns: 3 stays leader"
expect "the film can be made again from its capture" \
  "$film" convert "$work/java.pcapng" "$work/again.jsonl"
expect "and is the same" cmp "$work/java.jsonl" "$work/again.jsonl"
"$cluster" clean >/dev/null

expect "three C peers are filmed" \
  "$film" "$work/c.jsonl" -- bash -euc 'life_to_the_end_of --mix c,c,c --trace'
expect "the film has the messages that an independent count finds, C" \
  "$here/compare.py" recount "$ZK_CLUSTER_DIR" "$work/c.pcapng" "$work/c.jsonl"
expect "what the peers say they sent and received is what was filmed" \
  "$here/compare.py" traces "$ZK_CLUSTER_DIR" "$work/c.jsonl"

expect "they run again" "$cluster" up
expect "a film begins while they run" "$film" start "$work/rest.pcapng"
expect "a second film of them does not" bash -c "! '$film' start '$work/other.pcapng'"
expect "some time passes" at_rest
expect "and ends" "$film" stop
expect "it is a piece of what they told, and knows everybody" \
  "$here/compare.py" piece "$ZK_CLUSTER_DIR" "$work/rest.jsonl"
expect "Ctrl-C as soon as a film has begun ends it" interrupted_at_once
"$cluster" clean >/dev/null

findings=$("$cluster" doctor || true)
if ! grep -q '^ok  *network namespaces' <<<"$findings"; then
  say "skipped film: peers with networks of their own, for: $(grep 'network namespaces' <<<"$findings")"
  exit "$status"
fi
expect "peers with networks of their own run" "$cluster" up --namespaces --mix c,java,c --tick 1000 --only 1,3 --wait 240
expect "and the one that comes later, too" "$cluster" start 2 --wait 240
expect "they are filmed while their leader is cut off" "$film" "$work/cut.jsonl" -- bash -euc cut_off
expect "the story tells who was cut off, and only what arrived" told "$work/cut.jsonl" \
  "Peers 1, 2 and 3 run already: 3 leads" "Peers 1 and 2 look for a leader again: 2 is elected" \
  "Peer 3 looks for a leader again: 2 stays leader"
exit "$status"
