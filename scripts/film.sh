#!/usr/bin/env bash
# Films an ensemble: what passes between its peers on loopback becomes a trace, whatever language
# the peers are written in.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'END'
Usage: film.sh [--dir DIR] FILE -- COMMAND...    film while COMMAND runs
       film.sh [--dir DIR] -o FILE               film until Ctrl-C
       film.sh [--dir DIR] start FILE            film until
       film.sh [--dir DIR] stop                  this
       film.sh [--dir DIR] convert PCAP FILE     make the trace again, or from a capture of your own
       film.sh --install                         only put the dissector into your Wireshark

A film is two files: the capture, which Wireshark opens, and the trace (NOTES.md section 15), which
scripts/replay.sh shows. If FILE ends in .jsonl it is the trace, and the capture stands beside it
with the ending .pcapng; any other FILE is the capture, and the trace ends in .jsonl.

DIR is the directory of a cluster as scripts/cluster.sh makes it (default .cluster in the
repository, or $ZK_CLUSTER_DIR): the zoo.cfg files in it name the ports. If there is none yet, all
ports that cluster.sh may choose are captured, and sorted out when the film is over. A film of an
ensemble that runs already does not know what was said before: its messages are counted from the
first one filmed.

A trace from a film has no queues, votes, tallies and decisions: no wire shows them. States are
inferred. Only loopback is captured. You must be allowed to capture: as root, by sudo, or as member
of the group wireshark. tshark is installed where it is missing.

The dissector, installed, works in Wireshark and tshark on its own: filters such as zkelection,
zkelection.state == 0, zkquorum.type == 15; ports in the preferences of ZKELECTION and ZKQUORUM.

Exit: 0 fine (or that of COMMAND), 1 it did not work, 2 wrong usage.
END
}

readonly TOOLS=$REPO/scripts/wireshark
# A datagram to the discard port marks the film's first and last moment. What was captured is
# written some time later; once the mark is in the file, so is all that was before it.
readonly MARK_PORT=9

root='' # the cluster's directory, absolute
state='' # where a film that runs notes its pid and its files

install_tshark() {
  need_packages "to film" tshark:tshark wireshark-common:dumpcap python3:python3
}

# The folder for Lua plugins, as Wireshark itself names it.
install_dissector() {
  local folder
  install_tshark
  folder=$(tshark -G folders 2>/dev/null | sed -n 's/^Personal Lua Plugins:[[:space:]]*//p')
  [[ -n $folder ]] || die "this tshark has no folder for Lua plugins: was it built without Lua?"
  mkdir -p "$folder"
  cp "$TOOLS/zkquorum.lua" "$folder/"
  tshark -G protocols 2>/dev/null | grep -q $'\tzkquorum$' ||
    die "$folder/zkquorum.lua is there, but tshark does not load it"
  say "installed $folder/zkquorum.lua; Wireshark loads it when it starts"
}

# ---- capturing ---------------------------------------------------------------------------------

# May we capture? Otherwise root may. (Who may not sees no interface.)
dumpcap_command() {
  if ((EUID == 0)) || dumpcap -D 2>/dev/null | grep -q .; then
    printf 'dumpcap\n'
  elif sudo -n true 2>/dev/null; then
    printf 'sudo -n dumpcap\n'
  else
    warn "you may not capture; allow yourself to with these two, then log in again:"
    die "sudo dpkg-reconfigure wireshark-common; sudo usermod -aG wireshark $(id -un)"
  fi
}

# capture_runs PID: is that the process that we started? Until exec it looks like this script, and
# inside exec it has no arguments.
capture_runs() {
  local args
  ! is_zombie "$1" || return 1
  args=$(tr '\0' ' ' <"/proc/$1/cmdline") 2>/dev/null || return 1
  [[ -z $args || $args == *dumpcap* || $args == *"$SCRIPT"* ]]
}

# mark PID CAPTURE TEXT: waits until all that has passed so far is in the file.
mark() {
  local end=$(($(now_ms) + 10000))
  until grep -aqF "$3" "$2"; do
    capture_runs "$1" || return 1
    (($(now_ms) < end)) || return 1
    printf '%s' "$3" 2>/dev/null >/dev/udp/127.0.0.1/$MARK_PORT || true # nobody listens
    sleep 0.02
  done
}

# names_of FILE: sets capture and trace.
names_of() {
  case $1 in
    *.jsonl) trace=$1 capture=${1%.jsonl}.pcapng ;;
    *.pcap | *.pcapng) capture=$1 trace=${1%.*}.jsonl ;;
    *) capture=$1 trace=$1.jsonl ;;
  esac
  capture=$(realpath -m "$capture") trace=$(realpath -m "$trace")
  [[ -d $(dirname "$trace") ]] || die_usage "there is no directory $(dirname "$trace")"
}

start_film() {
  local capture trace pid filter command
  names_of "$1"
  install_tshark
  [[ ! -e $state ]] || ! capture_runs "$(cat "$state/pid")" ||
    die "a film of $root runs already; end it with: film.sh --dir $root stop"
  mkdir -p "$state"
  filter="($("$TOOLS/film.py" filter "$root")) or (udp dst port $MARK_PORT)"
  read -ra command <<<"$(dumpcap_command)"
  setsid "${command[@]}" -q -i lo -B 32 -f "$filter" -w - </dev/null >"$capture" 2>"$state/words" &
  pid=$!
  printf '%d\n' "$pid" >"$state/pid"
  printf '%s\n' "$capture" "$trace" >"$state/files"
  if ! mark "$pid" "$capture" "film $pid begins" ||
    ! "$TOOLS/film.py" before "$root" >"$state/before"; then
    sed 's/^/  | /' "$state/words" >&2 || true
    end_capture "$pid"
    rm -rf "$state"
    die "cannot film on loopback; the reason is above"
  fi
  say "filming $root"
}

# end_capture PID: asks it to end, and waits for that.
end_capture() {
  local end=$(($(now_ms) + 5000)) signal=INT
  while capture_runs "$1"; do
    kill -s "$signal" "$1" 2>/dev/null || as_root kill -s "$signal" "$1" 2>/dev/null || true
    sleep 0.02
    (($(now_ms) < end)) || signal=KILL
  done
}

stop_film() {
  local pid files drops status=0
  [[ -e $state/files ]] || die "no film of $root runs"
  pid=$(cat "$state/pid")
  mapfile -t files <"$state/files"
  mark "$pid" "${files[0]}" "film $pid ends" ||
    warn "the capture ended by itself: the film may lack its end"
  end_capture "$pid"
  drops=$(sed -nE 's|.*dropped on interface.*: [0-9]+/([0-9]+) .*|\1|p' "$state/words")
  [[ ${drops:-0} == 0 ]] || warn "the kernel could not keep up: $drops packets are missing"
  say "capture: ${files[0]}"
  "$TOOLS/film.py" convert "$root" "${files[0]}" "${files[1]}" "$state/before" || status=1
  rm -rf "$state"
  rmdir "$root" 2>/dev/null || true # it was only ours
  ((status == 0)) ||
    die "so there is no trace; after that: film.sh --dir $root convert ${files[*]}"
  say "trace:   ${files[1]}"
}

# film_command FILE COMMAND...: its exit code is ours.
film_command() {
  local file=$1 status=0
  shift
  start_film "$file"
  "$@" || status=$?
  stop_film
  return "$status"
}

film_until_interrupted() {
  local pid interrupted=false
  start_film "$1"
  trap 'interrupted=true' INT TERM
  pid=$(cat "$state/pid")
  say "Ctrl-C ends the film"
  while [[ $interrupted == false ]] && capture_runs "$pid"; do
    sleep 0.2 || true
  done
  trap - INT TERM
  stop_film
}

main() {
  local words=() output=''
  root=${ZK_CLUSTER_DIR:-$REPO/.cluster}
  while (($# > 0)); do
    case $1 in
      --dir) need_value "$1" $# && root=$2 && shift 2 ;;
      -o | --output) need_value "$1" $# && output=$2 && shift 2 ;;
      --install) install_dissector && exit 0 ;;
      -h | --help) usage && exit 0 ;;
      --) break ;;
      -*) die_usage "I do not know $1" ;;
      *) words+=("$1") && shift ;;
    esac
  done
  root=$(realpath -m "$root")
  state=$root/film
  if [[ -n $output ]]; then
    ((${#words[@]} == 0 && $# == 0)) || die_usage "-o films until Ctrl-C; it takes no words"
    film_until_interrupted "$output"
  elif [[ ${1:-} == -- ]]; then
    ((${#words[@]} == 1)) || die_usage "one file for the film, then -- and the command"
    shift
    (($# > 0)) || die_usage "which command?"
    film_command "${words[0]}" "$@"
  else
    case "${words[0]:-}/${#words[@]}" in
      start/2) start_film "${words[1]}" ;;
      stop/1) stop_film ;;
      convert/3) install_tshark && "$TOOLS/film.py" convert "$root" "${words[1]}" "${words[2]}" ;;
      /0) usage >&2 && exit 2 ;;
      *) die_usage "I do not understand '${words[*]}'" ;;
    esac
  fi
}

main "$@"
