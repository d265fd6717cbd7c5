#!/usr/bin/env bash
# Every story on C peers, on Java peers, and on both mixed; and the same outcome on all.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
# shellcheck source=scripts/stories/parse.sh
source "$REPO/scripts/stories/parse.sh"

usage() {
  cat <<'END'
Usage: run.sh [--on KINDS]... [STORY]... [--help]

Plays stories of scripts/stories (all, if none is named), one after the other, on each of the kinds
(default: c, java, and c,java,c), and compares what is determined of their outcomes. Prints a line for
each play and one for each comparison: "ok ...", "FAILED ..." with what was said; "skipped ..." with
the reason where a story needs network namespaces and this machine gives none.

      --on KINDS   c, java, or a list such as java,c,java (may be given again)
  -h, --help       this text

Exit: 0 all fine, 1 something failed, 2 wrong usage.
END
}

dir=''
failed=0

# play STORY KINDS: false if it was not played to its end.
play() {
  local name=$1 kinds=$2 status=0 record=$dir/$1/$2 began
  began=$(now_ms)
  mkdir -p "$record"
  "$REPO/scripts/play.sh" "$name" --on "$kinds" --record "$record" >"$record/words" 2>&1 || status=$?
  case $status in
    0) say "ok $name on $kinds ($(human_ms $(($(now_ms) - began))))" ;;
    77) grep '^skipped' "$record/words" ;;
    *)
      say "FAILED $name on $kinds"
      sed 's/^/  | /' "$record/words"
      failed=$((failed + 1))
      ;;
  esac
  return "$status"
}

# same STORY KINDS KINDS: are the outcomes the same, byte for byte?
same() {
  local words
  if words=$(diff "$dir/$1/$2/outcome" "$dir/$1/$3/outcome"); then
    say "ok $1: the same on $2 and on $3"
  else
    say "FAILED $1: the same on $2 and on $3"
    printf '  | %s\n' "${words//$'\n'/$'\n'  | }"
    failed=$((failed + 1))
  fi
}

tell() {
  local name=$1 kinds status played=()
  shift
  for kinds; do
    status=0
    play "$name" "$kinds" || status=$?
    ((status != 77)) || return 0
    ((status != 0)) || played+=("$kinds")
  done
  for kinds in "${played[@]:1}"; do
    same "$name" "${played[0]}" "$kinds"
  done
}

main() {
  local on=() stories=() name file
  while (($# > 0)); do
    case $1 in
      --on) need_value "$1" $# && on+=("$2") && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      -*) die_usage "I do not know $1" ;;
      *) stories+=("$1") && shift ;;
    esac
  done
  ((${#on[@]} > 0)) || on=(c java 'c,java,c')
  for name in "${on[@]}"; do
    [[ $name =~ ^(c|java)(,(c|java))*$ ]] || die_usage "--on is a list such as c,java,c, not '$name'"
  done
  for name in "${stories[@]}"; do
    file=$(story_file "$name")
    [[ $file == "$STORIES/"* ]] || die_usage "$name is not one of scripts/stories"
  done
  if ((${#stories[@]} == 0)); then
    for file in "$STORIES"/*.story; do
      stories+=("$(basename "$file" .story)")
    done
  fi
  dir=$(mktemp -d "${TMPDIR:-/tmp}/zkpeer-stories.XXXXXX")
  trap 'rm -rf "$dir"' EXIT
  trap 'wait; exit 130' INT TERM # the player cleans up after itself
  for name in "${stories[@]}"; do
    tell "$name" "${on[@]}"
  done
  ((failed == 0))
}

main "$@"
