#!/usr/bin/env bash
# The story in one go: three peers elect a leader, the leader is killed, the others elect again,
# the dead one returns.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"

usage() {
  cat <<'END'
Usage: demo.sh [--mix c,c,c] [--trace DIR] [--help]

Builds the peer, starts three of them on this machine, kills the leader with kill -9, shows who
leads then and how long it took, restarts the old leader and takes everything down. Takes less than
20 seconds without the build, leaves nothing behind and touches no other cluster.

      --mix LIST   kinds of the three peers, each c or java (default c,c,c)
      --trace DIR  the C peers write traces; their traces and all logs are kept in DIR, for
                   scripts/trace/trace.sh story DIR and scripts/trace/replay.sh DIR -o page.html
  -h, --help       this text

Exit: 0 the story went as told, 1 it did not, 2 wrong usage.
END
}

kept='' # where logs and traces are left, or empty
dir=''  # holds the cluster and what is said

# cluster VERB...: that cluster's script, its chatter kept for the case that it fails.
cluster() {
  if ! "$REPO/scripts/cluster.sh" --dir "$dir/cluster" "$@" >"$dir/words" 2>&1; then
    cat "$dir/words" >&2
    die "the step '$1' failed; its words are above"
  fi
}

# Everything is down when this script ends, however it ends.
clean_up() {
  local scratch=$1
  [[ -z $kept || ! -d $scratch/cluster ]] || { cp -r "$scratch/cluster" "$kept" && say "logs and traces: $kept"; }
  "$REPO/scripts/cluster.sh" --dir "$scratch/cluster" clean >/dev/null 2>&1 ||
    warn "the peers in $scratch could not all be stopped"
  rm -rf "$scratch"
}

# look: reads the status; `fact` then picks from it.
look() {
  status=$("$REPO/scripts/cluster.sh" --dir "$dir/cluster" status --json || true)
}

# fact ID NAME: one value of one peer, without quotes.
fact() {
  sed -n "s/^ *{\"id\": $1, .*\"$2\": \"\\{0,1\\}\\([^\",}]*\\).*/\\1/p" <<<"$status"
}

the_leader() {
  sed -n 's/^  "leader": \([0-9]*\),$/\1/p' <<<"$status"
}

step() {
  printf '\n%s%s%s\n' "$BOLD" "$*" "$RESET"
}

# wait_for_mode PORT_LIST MODE_PATTERN SECONDS: prints the port of the first peer that serves in
# such a mode.
wait_for_mode() {
  local end=$(($(now_ms) + $3 * 1000)) port mode
  while (($(now_ms) < end)); do
    for port in $1; do
      mode=$(peer_mode "$port" || true)
      if [[ $mode =~ ^($2)$ ]]; then
        printf '%s\n' "$port"
        return 0
      fi
    done
    sleep 0.01
  done
  return 1
}

kind_name() {
  if [[ $(fact "$1" kind) == c ]]; then
    printf 'a C peer'
  else
    printf 'a Java peer'
  fi
}

tell_roles() {
  local id
  for id in 1 2 3; do
    say "  peer $id, $(kind_name "$id"), is $(fact "$id" state)" \
      "(its srvr answers on 127.0.0.1:$(fact "$id" client_port))"
  done
}

# client WHO COMMAND...: a client's request to one peer; prints the answer.
client() {
  "$REPO/scripts/cluster.sh" --dir "$dir/cluster" client --at "$@" 2>"$dir/words" ||
    { cat "$dir/words" >&2 && die "the client's request failed; its words are above"; }
}

# expect_read WHO TEXT: what a client reads there now.
expect_read() {
  local text
  text=$(client "$1" get /greeting)
  [[ $text == "$2" ]] || die "a client of peer $1 read '$text', not '$2'"
  say "  a client of peer $1 reads /greeting: $text"
}

# write_and_read TEXT WRITER READER...: sync, for a follower may be a moment behind what has been acknowledged. At a leader
# of Java a sync may overtake that, too (NOTES.md D-241), so one asks again.
write_and_read() {
  local text=$1 writer=$2 reader verb=set end=$((SECONDS + ${ZK_CLUSTER_WAIT:-10}))
  [[ $text != hello ]] || verb=create
  client "$writer" "$verb" /greeting "$text" >"$dir/answer"
  say "A client of peer $writer writes \"$text\" to /greeting. A majority has it on disk when the client hears so."
  for reader in "${@:3}"; do
    client "$reader" sync /greeting >"$dir/answer"
    until [[ $(client "$reader" get /greeting) == "$text" ]] || ((SECONDS >= end)); do
      client "$reader" sync /greeting >"$dir/answer"
    done
    expect_read "$reader" "$text"
  done
}

begin_story() {
  local began lead
  step "1. Three peers start. Each votes for itself; the votes meet; a majority of two decides."
  began=$(now_ms)
  cluster up --mix "$1" --wait "${ZK_CLUSTER_WAIT:-30}" "${@:2}"
  look
  lead=$(the_leader)
  [[ -n $lead ]] || die "no peer leads although a quorum was ready"
  say "Peer $lead leads $(($(now_ms) - began)) ms after the first program was started;" \
    "$(fact "$lead" election_ms) ms of that were its election."
  tell_roles
  write_and_read hello $((lead % 3 + 1)) $(((lead + 1) % 3 + 1))
}

# why_it_won NEW ZXID OTHER ZXID: what decided between the two that were left. The zxids are those that
# their srvr told before the kill, or nothing.
why_it_won() {
  if [[ $2 != 0x* || $4 != 0x* ]]; then
    say "The log of peer $1 says what it was compared with: grep Notification."
  elif (($2 > $4)); then
    say "Its history was the longer one: it ended at zxid $2, that of peer $3 at $4, and the zxid is" \
      "compared before the id. (A peer that joins late is sent a snapshot of the leader's state, which" \
      "ends at the leader's zxid; nothing is sent to a peer that was there from the beginning.)"
  elif (($2 == $4 && $1 > $3)); then
    say "The histories of both ended at zxid $2, so the larger id decided."
  else
    say "Peer $3 (zxid $4) would have been better than peer $1 (zxid $2), and was not heard in time."
  fi
}

kill_the_leader() {
  local others='' id killed_at port took other
  local -A zxid_of
  look
  old=$(the_leader)
  for id in 1 2 3; do
    [[ $id != "$old" ]] || continue
    others+=" $(fact "$id" client_port)"
    zxid_of[$id]=$(fact "$id" zxid)
  done
  step "2. The leader dies: kill -9 $(fact "$old" pid) (peer $old)."
  killed_at=$(now_ms)
  signal_peer KILL "$dir/cluster/$old/pid" "$dir/cluster/$old/zoo.cfg" ||
    die "peer $old had ended before it was killed"
  port=$(wait_for_mode "$others" leader "${ZK_CLUSTER_WAIT:-10}") || die "no new leader within ${ZK_CLUSTER_WAIT:-10} s"
  took=$(($(now_ms) - killed_at))
  look
  new=$(the_leader)
  [[ -n $new && $new != "$old" && $(fact "$new" client_port) == "$port" ]] ||
    die "the peer at port $port led, but soon did not any more"
  say "Peer $new leads now and answers srvr $took ms after the kill;" \
    "$(fact "$new" election_ms) ms of that were its election, in round $(fact "$new" round)."
  other=$((6 - old - new))
  why_it_won "$new" "${zxid_of[$new]}" "$other" "${zxid_of[$other]}"
  say "Nothing that was acknowledged is lost:"
  expect_read "$new" hello
  write_and_read "still here" "$other" "$new"
}

bring_it_back() {
  local began
  step "3. Peer $old comes back. It votes for itself, is told that peer $new leads, and follows."
  began=$(now_ms)
  cluster start "$old"
  look
  [[ $(fact "$old" state) == FOLLOWING && $(fact "$old" leader) == "$new" ]] ||
    die "peer $old is $(fact "$old" state) under $(fact "$old" leader), not FOLLOWING under $new"
  say "Peer $old follows peer $new $(($(now_ms) - began)) ms after it was started again. It has been sent what it missed:"
  expect_read "$old" "still here"
  tell_roles
}

main() {
  local mix=c,c,c traced=() old new status began here
  while (($# > 0)); do
    case $1 in
      --mix) need_value "$1" $# && mix=$2 && shift 2 ;;
      --trace) need_value "$1" $# && kept=$2 && traced=(--trace) && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  [[ $mix =~ ^(c|java),(c|java),(c|java)$ ]] ||
    die_usage "--mix takes three kinds, such as c,java,c, not '$mix'"
  [[ -z $kept ]] || need_new_directory "$kept"
  # cluster.sh would install what it needs, too, but unseen, and as a part of the times that are told.
  if [[ ,$mix, == *,c,* && -z ${ZKPEER_BINARY:-} ]]; then
    "$REPO/scripts/build.sh"
  fi
  need_kinds "$mix"
  need_client
  make_scratch dir clean_up

  began=$(now_ms)
  begin_story "$mix" "${traced[@]}"
  kill_the_leader
  bring_it_back
  step "4. Everything is taken down."
  [[ -n $kept ]] || cluster clean
  say "${GREEN}All went as told${RESET}, in $(human_ms $(($(now_ms) - began)))."
  say ""
  say "What to try next:"
  printf -v here %q "$(dirname "$0")"
  say "  $here/demo.sh --mix c,java,c   the same, with a real Java peer among ours"
  say "  $here/cluster.sh up            an ensemble that stays; then client get /, status, kill leader, logs -f"
}

main "$@"
