#!/usr/bin/env bash
# The manners of every command: it explains itself, refuses nonsense in one line, and leaves nothing
# behind when it is interrupted.
# shellcheck disable=SC2317  # functions are called by name, through expect
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/lib.sh
source "$here/../../../scripts/lib/lib.sh"
# shellcheck source=tests/process/manners/interrupt.sh
source "$here/interrupt.sh"

usage() {
  cat <<'END'
Usage: run.sh [help | nonsense | interrupt]... [--help]

Takes every executable file of scripts/, the peer and the simulator, and tries:
  help        it prints its usage with every option that its source knows, does nothing else, and needs
              nothing that is not on every machine
  nonsense    what tests/process/manners/nonsense.txt lists is refused with exit code 2 and one line on stderr
  interrupt   Ctrl-C in the middle of it: exit code 130, and no process, file or directory is left
All three if none is named. Prints a line a test, "ok ..." or "FAILED ..." with what was seen, or
"skipped ..." with the reason where this machine refuses something.

  -h, --help  this text

Exit: 0 all fine, 1 something failed, 2 wrong usage.
END
}

readonly NONSENSE=$here/nonsense.txt
# What every Debian machine has; all that help and refusals may use. Python is for those that refuse by it.
readonly BASICS='bash sh env cat sed awk grep head tail sort uniq tr cut wc tee basename dirname realpath
  readlink mkdir rm rmdir mktemp cp mv ln ls find xargs date nproc sleep id touch comm diff cmp cksum stat
  timeout setsid flock ps uname seq printf true false kill du od paste id getent sha256sum ip tput'
# What installs, builds or starts; here they only note that they were called.
readonly DOERS='apt-get sudo cmake make gcc cc clang java javap tshark dumpcap unshare nsenter'

failed=0
commands=() # absolute

# verdict_of NAME STATUS WORDS: one line of the report.
verdict_of() {
  if (($2 == 0)); then
    say "ok $1"
  else
    say "FAILED $1"
    printf '  | %s\n' "${3//$'\n'/$'\n  | '}"
    failed=$((failed + 1))
  fi
}

# expect NAME COMMAND...: one test. The COMMAND stands in no condition, for bash ignores set -e in all that is called in one:
# a function would go on behind a command that fails in its middle.
expect() {
  local name=$1 status words
  shift
  set +e
  words=$(set -e && "$@" 2>&1)
  status=$?
  set -e
  verdict_of "$name" "$status" "$words"
}

# bare_path DIR TOOL...: a directory for PATH with the basics, these tools, and doers that do nothing.
bare_path() {
  local dir=$1 tool found
  shift
  mkdir -p "$dir"
  for tool in $BASICS "$@"; do
    found=$(type -P "$tool" || true)
    [[ -z $found ]] || ln -sf "$found" "$dir/$tool"
  done
  for tool in $DOERS; do
    printf '#!/bin/sh\necho "%s $*" >>"%s"\nexit 1\n' "$tool" "$work/doings" >"$dir/$tool"
    chmod +x "$dir/$tool"
  done
}

# aloof PATH COMMAND...: runs it where it finds nothing to work with; its words are in $work/out and
# $work/err. False if it did anything.
aloof() {
  local path=$1
  shift
  rm -f "$work/doings"
  status=0
  (cd "$work/cwd" && env -i "PATH=$path" "HOME=$work/home" "TMPDIR=$work/tmp" \
    "ZK_CLUSTER_DIR=$work/none/cluster" PYTHONDONTWRITEBYTECODE=1 LC_ALL=C \
    timeout 240 "$@" </dev/null >"$work/out" 2>"$work/err") || status=$?
  if [[ -e $work/doings ]]; then
    say "it ran: $(<"$work/doings")"
    return 1
  fi
  if [[ -e $work/none || -n $(find "$work/cwd" "$work/home" "$work/tmp" -mindepth 1) ]]; then
    say "it left: $(find "$work/none" "$work/cwd" "$work/home" "$work/tmp" -mindepth 1 2>/dev/null)"
    return 1
  fi
}

# path_of NAME: of the command that is called so in nonsense.txt.
path_of() {
  local command
  for command in "${commands[@]}"; do
    [[ ${command##*/} != "$1" ]] || printf '%s\n' "$command"
  done
}

# ---- help --------------------------------------------------------------------------------------

# sources_of COMMAND: where it reads its arguments.
sources_of() {
  case ${1##*/} in
    cluster.sh) printf '%s\n' "$1" "$REPO"/scripts/cluster/*.sh ;;
    bench.sh) printf '%s\n' "$1" "$REPO/scripts/bench/bench.py" ;;
    capture.sh) printf '%s\n' "$1" "$REPO/scripts/golden/capture.py" ;;
    zkpeer) printf '%s\n' "$REPO/src/main.c" ;;
    zkdump) printf '%s\n' "$REPO/src/zkdump.c" ;;
    zksim) printf '%s\n' "$REPO/tests/sim/zksim.c" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# options_of COMMAND: those that its source knows: labels of case, Python's add_argument, C's struct
# option.
options_of() {
  local file
  while read -r file; do
    sed -nE -e 's/^ +((-[A-Za-z]|--[a-z-]{2,})( \| (-[A-Za-z]|--[a-z-]{2,}))*)\).*/\1/p' \
      -e "s/.*add_argument\\([\"'](-[^)]*).*/\\1/p" -e 's/^ *\{"([a-z-]+)", (no|required)_argument.*/--\1/p' "$file"
  done < <(sources_of "$1") | { grep -oE -- "(^|[ \"'])--?[a-zA-Z][a-z-]*" || true; } | tr -d " \"'" | sort -u
}

explains_itself() {
  local command=$1 option options words
  shift
  aloof "$bare" "$command" "$@" || return 1
  words=$(<"$work/out")
  say "exit $status: $words $(<"$work/err")"
  [[ $status == 0 && $words == Usage:\ * && ! -s $work/err ]] || return 1
  [[ ${words%%$'\n'*} == *"${command##*/}"* ]] || { say "the first line does not name it" && return 1; }
  options=$(options_of "$command")
  for option in $options; do
    grep -qE -- "(^|[^a-zA-Z-])$option([^a-zA-Z-]|\$)" "$work/out" || { say "$option is not explained" && return 1; }
  done
}

# trace.sh and replay.sh read their options in one place.
explain_what_they_share() {
  local option options words
  words=$("$REPO/scripts/trace/trace.sh" --help && "$REPO/scripts/trace/replay.sh" --help)
  options=$(options_of "$REPO/scripts/trace/main.py")
  for option in $options; do
    grep -qE -- "(^|[^a-zA-Z-])$option([^a-zA-Z-]|\$)" <<<"$words" || { say "$option is not explained" && return 1; }
  done
}

test_help() {
  local command verb bare=$work/bare
  bare_path "$bare"
  for command in "${commands[@]}"; do
    [[ $command != *.py ]] || ln -sf "$(type -P python3)" "$bare/python3"
    for verb in -h --help; do
      expect "${command##*/} $verb" explains_itself "$command" "$verb"
    done
    rm -f "$bare/python3"
  done
  for verb in up status watch logs call trace pcap export doctor kill stop start restart pause resume partition \
    heal down clean; do
    expect "cluster.sh $verb --help" explains_itself "$REPO/scripts/cluster.sh" "$verb" --help
  done
  expect "trace.sh and replay.sh explain all options" explain_what_they_share
  while read -r verb; do
    expect "zksim $verb --help" simulator_explains "$verb"
  done < <("$zksim" --help | grep -oE 'zksim [a-z]+' | cut -d' ' -f2 | sort -u)
}

simulator_explains() {
  aloof "$bare" "$zksim" "$1" --help || return 1
  say "exit $status: $(<"$work/out") $(<"$work/err")"
  [[ $status == 0 && $(head -n 1 "$work/out") == "Usage: zksim "* && ! -s $work/err ]]
}

# ---- nonsense ----------------------------------------------------------------------------------

# What a server alone writes in its log when its arguments are wrong, in Java's words, beside its line for the user.
readonly LOGGED='[-0-9]+ [:,0-9]+ \[myid:\] - ERROR \[main:Main@[0-9]+\] - Invalid arguments, exiting abnormally'

# refuses WORDS COMMAND...: exit code 2 and one line with these words on stderr, which names the command
# and the way out.
refuses() {
  local words=$1 err
  shift
  aloof "$with_python" "$@" || return 1
  err=$(grep -vxE "$LOGGED" "$work/err" || true)
  say "exit $status: $err"
  [[ ! -s $work/out ]] || { say "stdout: $(<"$work/out")" && return 1; }
  [[ $status == 2 && $err != *$'\n'* && $err == *": "* && $err == *"$words"* && $err == *" (try "*" --help)" ]]
}

# value_options COMMAND: options of a script that take a value without asking for a verb first.
value_options() {
  awk '
    /^ +-[-a-zA-Z| ]*\)/ { labels = $0; sub(/\).*/, "", labels) }
    labels != "" && /need_value/ { gsub(/[|]/, " ", labels); print labels }
    /;;/ { labels = "" }' "$1" | tr -s ' ' '\n' | grep . || true
}

test_nonsense() {
  local line words command name option call with_python=$work/with-python
  bare_path "$with_python" python3
  for command in "${commands[@]}"; do
    name=${command##*/}
    expect "$name --no-such-option is refused" refuses --no-such-option "$command" --no-such-option
    # To zkdump they are files that are not there, which its exit code 1 says.
    [[ $name == zkdump ]] || expect "$name of five words is refused" refuses '' "$command" no such words at all
    [[ $name == cluster.sh ]] || while read -r option; do
      expect "$name $option without a value is refused" refuses "$option needs a value" "$command" "$option"
    done < <(value_options "$command")
    grep -q "^${name}[ |]" "$NONSENSE" ||
      verdict_of "$name has nonsense of its own" 1 "no line of ${NONSENSE#"$REPO"/} is about it"
  done
  mkdir -p "$work/full"
  while IFS= read -r line; do
    [[ -n $line && $line != '#'* ]] || continue
    words=${line#*| }
    read -ra call <<<"${line%% |*}"
    command=$(path_of "${call[0]}")
    [[ -n $command ]] || { verdict_of "${line%% |*}" 1 "there is no such command" && continue; }
    call=("${call[@]//MISSING/$work/missing}")
    expect "'${line%% |*}' is refused" refuses "${words//MISSING/$work/missing}" "$command" "${call[@]:1}"
  done < <(sed "s#FULL#$work/full#g" "$NONSENSE")
}

# ---- the whole ---------------------------------------------------------------------------------

find_commands() {
  mapfile -t commands < <(find "$REPO/scripts" -type f -perm -u+x | LC_ALL=C sort)
  zkpeer=${ZKPEER_BINARY:-$REPO/build/zkpeer} zksim=${ZKSIM_BINARY:-$REPO/build/zksim}
  [[ -x $zkpeer ]] || "$REPO/scripts/build.sh" >/dev/null
  [[ -x $zksim ]] || "$REPO/scripts/build.sh" zksim >/dev/null
  commands+=("$zkpeer" "${zkpeer%/*}/zkdump" "$zksim")
}

main() {
  local parts=() work status zkpeer zksim part
  while (($# > 0)); do
    case $1 in
      -h | --help) usage && exit 0 ;;
      help | nonsense | interrupt) parts+=("$1") && shift ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  ((${#parts[@]} > 0)) || parts=(help nonsense interrupt)
  make_scratch work
  mkdir "$work/cwd" "$work/home" "$work/tmp"
  find_commands
  for part in "${parts[@]}"; do
    "test_$part"
  done
  ((failed == 0))
}

main "$@"
