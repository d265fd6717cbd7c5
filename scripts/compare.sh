#!/usr/bin/env bash
# Plays a story on C and on Java, and shows both side by side: who led, in which round and epoch,
# which votes were sent in which order, how long each phase took.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"
# shellcheck source=stories/parse.sh
source "$REPO/scripts/stories/parse.sh"

usage() {
  cat <<'END'
Usage: compare.sh STORY [--on KINDS] [--and KINDS] [--record DIR] [--patience S] [--help]

Plays one of scripts/stories/*.story (see scripts/play.sh --list) twice, one after the other, and
prints both side by side. The last line is "same", or "different: ..." with the first difference.
Times are shown and not compared; nor is what depends on chance (the story says what, and why): such
votes are shown in parentheses, such numbers as an asterisk.

      --on KINDS     on the left: c, java, or a list such as c,java,c (default c)
      --and KINDS    on the right (default java)
      --record DIR   keep what both sides wrote down, in DIR/left and DIR/right
      --patience S   seconds in which an expectation must come true (default 20)
  -h, --help         this text

Exit: 0 same, 1 different (or a story did not end as told), 2 wrong usage, 77 the story needs what
this machine refuses.
END
}

readonly WIDTH=66

dir='' # where both sides write down what can be compared

# play SIDE KINDS: its record is in $dir/SIDE. That a story fails is a difference, too.
play() {
  local status=0
  mkdir -p "$dir/$1"
  "$REPO/scripts/play.sh" "$file" --on "$2" --record "$dir/$1" --patience "$patience" >"$dir/$1/words" 2>&1 || status=$?
  printf '%d\n' "$status" >"$dir/$1/status"
  case $status in
    0 | 1) ;;
    *) cat "$dir/$1/words" && exit "$status" ;;
  esac
}

# rows SIDE: the record as lines, one for each step and each answer that a client got, and two for each peer that is not down.
rows() {
  local what first rest step='' votes phases all
  [[ -f $dir/$1/outcome ]] || return 0
  while IFS=$'\t' read -r what first rest; do
    case $what in
      step)
        step=$first
        all=$(awk -F '\t' -v s="$step" '$1 == s && $2 == "all" { print $3 }' "$dir/$1/times")
        printf '> %s\t%s\n' "$rest" "after $(human_ms "$all")"
        ;;
      client) printf '%s\t%s\n' "$first" "$rest" ;;
      facts)
        rest=${rest/ leader -/}
        rest=${rest/ leader/ under}
        printf 'peer %s\t%s\n' "$first" "$rest"
        ;;
      votes)
        votes=$(awk -F '\t' -v s="$step" -v id="$first" '$1 == s && $2 == id { print $3 }' "$dir/$1/votes")
        phases=$(awk -F '\t' -v s="$step" -v id="$first" '$1 == s && $2 == id { print $3 }' "$dir/$1/times")
        votes="votes ${votes// /, }"
        [[ $rest != '*' ]] || votes="($votes)" # not compared
        [[ $votes != *'votes -'* ]] || votes=''
        printf '\t%s\n\t%s\n' "$votes" "$phases"
        ;;
    esac
  done <"$dir/$1/outcome"
}

# tell_row LABEL LEFT RIGHT: on a terminal that is too narrow for both, one below the other, and once if they are the same.
tell_row() {
  if [[ $narrow == false ]]; then
    printf '%-8s%-*s%s\n' "$1" $WIDTH "$2" "$3"
  elif [[ $2 == "$3" ]]; then
    printf '%-8sboth: %s\n' "$1" "$2"
  else
    printf '%-8s%s: %s\n%-8s%s: %s\n' "$1" "$left_name" "$2" '' "$right_name" "$3"
  fi
}

# side_by_side: rows of both sides; what neither side has to say is left out.
side_by_side() {
  local left right label left_name=$1 right_name=$2 narrow=false
  [[ ! -t 1 ]] || (($(terminal_columns) >= 2 * WIDTH)) || narrow=true
  [[ $narrow == true ]] || printf '%s%-8s%-*s%s%s\n' "$BOLD" '' $WIDTH "on $1" "on $2" "$RESET"
  while IFS=$'\x1f' read -r label left right; do
    if [[ $label == '> '* ]]; then
      printf '%s%s%s\n' "$BOLD" "$label" "$RESET"
      label=''
    fi
    [[ -n $left$right ]] || continue
    tell_row "$label" "$left" "$right"
  done < <(paste -d $'\x1f' <(rows left) <(rows right | cut -f 2) | tr '\t' '\037')
}

# first_difference: one line; nothing if there is none.
first_difference() {
  local side status words on=$1
  awk -F '\t' -v left="$1" -v right="$2" '
    function peer(line,    part) {
      split(line, part, "\t")
      if (part[1] == "client")
        return part[2] " is told: " part[3]
      return part[1] == "votes" ? "peer " part[2] " voted " part[3] : "peer " part[2] " is " part[3]
    }
    NR == FNR { first[++count] = $0; next }
    $1 == "step" { step = $3 }
    FNR <= count && $0 != first[FNR] {
      printf "at \"%s\": %s on %s, %s on %s\n", step, peer(first[FNR]), left, peer($0), right
      found = 1
      exit
    }
    ' "$dir/left/outcome" "$dir/right/outcome"
  for side in left right; do
    read -r status <"$dir/$side/status"
    words=$(grep '^play.sh: ' "$dir/$side/words" | tail -n 1 || true)
    [[ $status == 0 ]] || say "the story ended early on $on: ${words#play.sh: }"
    on=$2
  done
}

main() {
  local story='' left=c right=java record='' patience=20 file difference
  local -A head
  while (($# > 0)); do
    case $1 in
      --on) need_value "$1" $# && left=$2 && shift 2 ;;
      --and) need_value "$1" $# && right=$2 && shift 2 ;;
      --record) need_value "$1" $# && record=$2 && shift 2 ;;
      --patience) need_value "$1" $# && patience=$2 && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      -*) die_usage "I do not know $1" ;;
      *)
        [[ -z $story ]] || die_usage "one story at a time, not $story and $1"
        story=$1 && shift
        ;;
    esac
  done
  [[ -n $story ]] || die_usage "which story? see: scripts/play.sh --list"
  story_kinds --on "$left"
  story_kinds --and "$right"
  if [[ ! $patience =~ ^[1-9][0-9]{0,3}$ ]] || ((patience > 3600)); then
    die_usage "--patience takes a number from 1 to 3600, not '$patience'"
  fi
  file=$(story_file "$story")
  story_head "$file"
  need_packages "to read the peers' logs" python3:python3 # here, for the players' words are kept back
  need_kinds "$left,$right"
  ! grep -qE '^> (write|read) ' "$file" || need_client
  if [[ -n $record ]]; then
    dir=$record
  else
    make_scratch dir
  fi
  trap 'wait; leave_with 130' INT TERM # the player cleans up after itself
  say "${BOLD}${head[question]}${RESET}"
  play left "$left"
  play right "$right"
  side_by_side "$left" "$right"
  [[ -z ${head[undetermined]:-} ]] || say "Not compared: ${head[undetermined]}"
  touch "$dir/left/outcome" "$dir/right/outcome"
  difference=$(first_difference "$left" "$right" | head -n 1)
  if [[ -n $difference ]]; then
    say "${RED}different${RESET}: $difference"
    return 1
  fi
  say "${GREEN}same${RESET}"
}

main "$@"
