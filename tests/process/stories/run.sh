#!/usr/bin/env bash
# Every story: compare.sh says "same" of C and Java peers, and both mixed come to the same outcome.
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"
# shellcheck source=scripts/stories/parse.sh
source "$REPO/scripts/stories/parse.sh"

usage() {
  cat <<'END'
Usage: run.sh [--mix KINDS] [-j N] [STORY]... [--help]

Plays stories of scripts/stories (all, if none is named): on C and on Java by compare.sh, which must
say "same", then on a mix, whose outcome must be the same, too. So each story is played three times,
and nothing twice. Stories are played beside each other, for most of a story is waiting. Prints a
line for each result: "ok ...", "FAILED ..." with what was said; "skipped ..." with the reason where
a story needs network namespaces and this machine gives none.

      --mix KINDS  a list such as java,c,java (default c,java,c)
  -j, --jobs N     so many stories at a time (default 3)
  -h, --help       this text

Exit: 0 all fine, 1 something failed, 2 wrong usage.
END
}

dir=''
mix='c,java,c'
jobs=3

# failed WORDS FILE: a line for the failure, and what was said.
failed() {
  say "FAILED $1"
  sed 's/^/  | /' "$2"
}

# A server that has looked around for long, on a busy machine, asks again only after half a minute.
readonly PATIENCE_S=240
# Nobody is given up for 10 s (syncLimit is 5), but where a story is about that and has a tick of its own.
export ZK_CLUSTER_WAIT=$PATIENCE_S ZK_CLUSTER_TICK=2000 ZK_WORD_WAIT=20

# A peer of Java that turns to looking may say its vote of the round before last.
reads_votes() {
  local vote told words='votes: one of the round before is passed over, though it comes last'
  local line='now - Notification: my state:LOOKING; n.sid:%d, n.state:LOOKING, n.leader:%d, n.round:0x%x, more'
  told=$(for vote in '1 1 2' '2 2 2' '2 3 1' '2 2 2' '1 2 2'; do
    # shellcheck disable=SC2086,SC2059 # three numbers, and the format above
    printf "$line\n" $vote
  done | python3 "$REPO/scripts/stories/votes.py" 1 0)
  if [[ $told == $'own\t1@2 2@2\nheard\t2\t2@2' ]]; then
    say "ok $words"
  else
    say "FAILED $words"
    say "  | $told"
    return 1
  fi
}

# compare STORY: on C and on Java.
compare() {
  local record=$dir/$1 status=0 began
  began=$(now_ms)
  "$REPO/scripts/compare.sh" "$1" --record "$record" --patience "$PATIENCE_S" >"$record/words" 2>&1 || status=$?
  if ((status == 77)); then
    say "skipped $(sed -n 's/^skipped: //p' "$record/words")"
  elif ((status != 0)) || [[ $(tail -n 1 "$record/words") != same ]]; then
    failed "$1: compare.sh says same of c and java" "$record/words"
    return 1
  else
    say "ok $1: compare.sh says same of c and java ($(human_ms $(($(now_ms) - began))))"
  fi
  return "$status"
}

# play STORY: on the mix, to the same outcome as on C.
play() {
  local record=$dir/$1/mixed status=0 began
  began=$(now_ms)
  mkdir -p "$record"
  "$REPO/scripts/play.sh" "$1" --on "$mix" --record "$record" --patience "$PATIENCE_S" >"$record/words" 2>&1 || status=$?
  if ((status != 0)); then
    failed "$1 on $mix" "$record/words"
    return 1
  fi
  say "ok $1 on $mix ($(human_ms $(($(now_ms) - began))))"
  if diff "$dir/$1/left/outcome" "$record/outcome" >"$record/difference"; then
    say "ok $1: the same on $mix as on c"
  else
    failed "$1: the same on $mix as on c" "$record/difference"
    return 1
  fi
}

# tell STORY: what there is to say of it goes to $dir/STORY.told.
tell() {
  local status=0
  trap 'exit 130' TERM # once the player has cleaned up
  mkdir -p "$dir/$1"
  compare "$1" || status=$?
  if ((status == 0)); then
    play "$1" || status=$?
  fi
  ((status == 77)) || return "$status"
}

tell_all() {
  local name pid running=0 bad=0
  local -A told_by
  set -m
  for name; do
    if ((running == jobs)); then
      finish_one || bad=1
      running=$((running - 1))
    fi
    tell "$name" >"$dir/$name.told" 2>&1 </dev/null &
    told_by[$!]=$dir/$name.told
    running=$((running + 1))
  done
  while ((running > 0)); do
    finish_one || bad=1
    running=$((running - 1))
  done
  set +m
  return "$bad"
}

# finish_one: waits for a job, and says what it had to say.
finish_one() {
  local status=0
  wait -n -p pid || status=$?
  cat "${told_by[$pid]}"
  return "$status"
}

main() {
  local stories=() name file
  while (($# > 0)); do
    case $1 in
      --mix) need_value "$1" $# && mix=$2 && shift 2 ;;
      -j | --jobs) need_value "$1" $# && jobs=$2 && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      -*) die_usage "I do not know $1" ;;
      *) stories+=("$1") && shift ;;
    esac
  done
  [[ $mix =~ ^(c|java)(,(c|java))*$ ]] || die_usage "--mix is a list such as c,java,c, not '$mix'"
  [[ $jobs =~ ^[1-9][0-9]?$ ]] || die_usage "--jobs needs a number above 0, not '$jobs'"
  for name in "${stories[@]}"; do
    file=$(story_file "$name")
    [[ $file == "$STORIES/"* ]] || die_usage "$name is not one of scripts/stories"
  done
  if ((${#stories[@]} == 0)); then
    for file in "$STORIES"/*.story; do
      stories+=("$(basename "$file" .story)")
    done
  fi
  if [[ ! -x ${ZKPEER_BINARY:-$REPO/build/zkpeer} ]]; then
    "$REPO/scripts/build.sh" # once, and not by several players at a time
  fi
  make_scratch dir
  trap 'end_jobs TERM' INT TERM # the players clean up after themselves
  local bad=0
  reads_votes || bad=1
  tell_all "${stories[@]}" || bad=1
  return "$bad"
}

main "$@"
