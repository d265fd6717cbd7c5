#!/usr/bin/env bash
# Films an ensemble: what passes between its peers on loopback becomes a trace, whatever language
# the peers are written in.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=../cluster/state.sh
source "$REPO/scripts/cluster/state.sh"
# shellcheck source=../cluster/network.sh
source "$REPO/scripts/cluster/network.sh"

usage() {
  cat <<'END'
Usage: film.sh [--dir DIR] FILE -- COMMAND...    film while COMMAND runs
       film.sh [--dir DIR] -o FILE               film until Ctrl-C
       film.sh [--dir DIR] start FILE            film until
       film.sh [--dir DIR] stop                  this
       film.sh [--dir DIR] convert PCAP FILE     make the trace again, or from a capture of your own
       film.sh --install                         only put the dissector into your Wireshark

A film is two files: the capture, which Wireshark opens, and the trace (scripts/trace/FORMAT.md), which
scripts/trace/replay.sh shows. If FILE ends in .jsonl it is the trace, and the capture stands beside it
with the ending .pcapng; any other FILE is the capture, and the trace ends in .jsonl. Git ignores the
directory out, which is for such files.

DIR is the directory of a cluster as scripts/cluster.sh makes it (default .cluster in the
repository, or $ZK_CLUSTER_DIR): the zoo.cfg files in it name the ports. If there is none yet, the
film books the ports, and the first cluster that is made in DIR, or by COMMAND, has these. A film of
an ensemble that runs already does not know what was said before: its messages are counted from the
first one filmed.

Peers with networks of their own (cluster.sh up --namespaces) are filmed from the bridge between
them, so what a partition swallows is not in the film; such a cluster must be there before its film.

A trace from a film has no queues, votes, tallies and decisions: no wire shows them. States are
inferred. You must be allowed to capture on loopback: as root, by sudo, or as member of the group
wireshark. tshark is installed where it is missing.

Clients are in the film if their ports are: what they ask, what they are told, and when sessions end.

The dissector, installed, works in Wireshark and tshark on its own: filters such as zkelection,
zkelection.state == 0, zkquorum.type == 15; ports in the preferences of ZKELECTION, ZKQUORUM and ZKCLIENT.

  -o, --output FILE   film until Ctrl-C
      --dir DIR       of the cluster
      --install       only put the dissector into your Wireshark
  -h, --help          this text

Exit: 0 fine (or that of COMMAND), 1 it did not work, 2 wrong usage, 130 interrupted.
END
}

readonly TOOLS=$REPO/scripts/trace/wireshark
# A datagram to the discard port marks the film's first and last moment. What was captured is
# written some time later; once the mark is in the file, so is all that was before it.
readonly MARK_PORT=9

noted='' # where a film that runs notes its pid and its files
interrupted=false # by Ctrl-C, while we film

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

# capture_command FILTER: array `capture_with`.
capture_command() {
  local enter mine="udp dst port $MARK_PORT"
  [[ ! -f $root/cluster.json ]] || load_state
  if [[ $network == namespaces ]]; then
    enter_hub
    capture_with=("${enter[@]}" dumpcap -i any -y LINUX_SLL2 -f "(($1) and ($(delivered))) or ($mine)")
  else
    read -ra capture_with <<<"$(dumpcap_command)"
    capture_with+=(-i lo -f "($1) or ($mine)")
  fi
  capture_with+=(-q -B 32 -w -)
}

# delivered: a filter for the hub, which sees everything on its way in and on its way out, and to all
# cables while its bridges do not know yet who is where. What leaves by the cable of the peer that it
# is for arrives.
delivered() {
  local id index words=()
  for id in "${ids[@]}"; do
    index=$(in_hub ip -o link show "v$id" | cut -d : -f 1)
    words+=(or "(outbound and ifindex $index and dst host $(address_of "$id"))")
  done
  say "${words[*]:1}"
}

# May we capture? Otherwise root may. -L opens the device, which -D, a list of all, does not.
dumpcap_command() {
  if ((EUID == 0)) || dumpcap -i lo -L >/dev/null 2>&1; then
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
  { mapfile -d '' -t args <"/proc/$1/cmdline"; } 2>/dev/null || return 1
  [[ -z ${args[*]} || ${args[*]} == *dumpcap* || ${args[*]} == *"$SCRIPT"* ]]
}

# mark PID CAPTURE TEXT: waits until all that has passed so far is in the file.
mark() {
  local end=$(($(now_ms) + 10000))
  until grep -aqsF "$3" "$2"; do # not there at first
    capture_runs "$1" || return 1
    (($(now_ms) < end)) || return 1
    say_mark "$3" 2>/dev/null || true # nobody listens
    sleep 0.02
  done
}

# say_mark TEXT: a datagram where the capture is.
say_mark() {
  if [[ $network == namespaces ]]; then
    # shellcheck disable=SC2016  # the inner shell's dollars
    in_hub bash -c 'printf "%s" "$1" >"/dev/udp/127.0.0.1/$2"' bash "$1" "$MARK_PORT"
  else
    printf '%s' "$1" >"/dev/udp/127.0.0.1/$MARK_PORT"
  fi
}

# names_of FILE: sets capture and told, which is the trace.
names_of() {
  case $1 in
    *.jsonl) told=$1 capture=${1%.jsonl}.pcapng ;;
    *.pcap | *.pcapng) capture=$1 told=${1%.*}.jsonl ;;
    *) capture=$1 told=$1.jsonl ;;
  esac
  capture=$(realpath -m "$capture") told=$(realpath -m "$told")
  [[ -d $(dirname "$told") ]] || die_usage "there is no directory $(dirname "$told")"
}

start_film() {
  local capture told pid filter capture_with
  names_of "$1"
  install_tshark
  [[ ! -e $noted ]] || ! capture_runs "$(cat "$noted/pid")" ||
    die "a film of $root runs already; end it with: film.sh --dir $root stop"
  filter=$("$TOOLS/film.py" filter "$root")
  on_leaving abandon_film "$capture"
  rm -rf "$noted" # of a film that somebody has killed
  mkdir -p "$noted"
  [[ -n $filter ]] || book_ports
  capture_command "$filter"
  setsid "${capture_with[@]}" </dev/null >"$capture" 2>"$noted/words" &
  pid=$!
  printf '%d\n' "$pid" >"$noted/pid"
  printf '%s\n' "$capture" "$told" >"$noted/files"
  if ! mark "$pid" "$capture" "film $pid begins" ||
    ! "$TOOLS/film.py" before "$root" >"$noted/before"; then
    sed 's/^/  | /' "$noted/words" >&2 || true
    die "cannot film; the reason is above"
  fi
  trap 'interrupted=true' INT TERM # from now on there is a film to end
  trap - EXIT
  say "filming $root"
}

# book_ports: those of the cluster that is not there yet. As long as $noted is there, nobody else gets them: see film_of().
book_ports() {
  local base
  base=$(pick_ports "$noted")
  printf '%d\n' "$base" >"$noted/ports"
  filter="tcp portrange $base-$((base + PORT_BLOCK - 1))"
}

# abandon_film CAPTURE: nothing was filmed yet. The capture is the only job.
abandon_film() {
  [[ -z ${!:-} ]] || end_capture "$!"
  rm -rf "$noted" "$1"
  rmdir "$root" 2>/dev/null || true # it was only ours
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
  [[ -e $noted/files ]] || die "no film of $root runs"
  trap '' INT TERM # whoever asks once more must not stop us before the capture has ended
  [[ ! -f $root/cluster.json ]] || load_state
  read -r pid <"$noted/pid"
  mapfile -t files <"$noted/files"
  mark "$pid" "${files[0]}" "film $pid ends" ||
    warn "the capture ended by itself: the film may lack its end"
  end_capture "$pid"
  trap 'interrupted=true' INT TERM
  drops=$(sed -nE 's|.*dropped on interface.*: [0-9]+/([0-9]+) .*|\1|p' "$noted/words") || true
  [[ ${drops:-0} == 0 ]] || warn "the kernel could not keep up: $drops packets are missing"
  say "capture: ${files[0]}"
  "$TOOLS/film.py" convert "$root" "${files[0]}" "${files[1]}" "$noted/before" || status=$?
  rm -rf "$noted"
  rmdir "$root" 2>/dev/null || true # it was only ours
  if ((status != 0)); then
    warn "so there is no trace; after that: film.sh --dir $root convert ${files[*]}"
    ((status == 130)) || exit 1
    exit 130 # Ctrl-C has ended the conversion: somebody may press it once more while that takes its time
  fi
  say "trace:   ${files[1]}"
}

# From here to stop_film a child that Ctrl-C kills must not end the script with it.

# film_command FILE COMMAND...: its exit code is ours. Ctrl-C is for the command; the film is of value.
film_command() {
  local file=$1 status=0
  shift
  start_film "$file"
  ZK_FILM=$noted "$@" || status=$?
  stop_film
  [[ $interrupted == false ]] || status=130
  return "$status"
}

film_until_interrupted() {
  local pid
  start_film "$1"
  read -r pid <"$noted/pid"
  say "Ctrl-C ends the film"
  while [[ $interrupted == false ]] && capture_runs "$pid"; do
    sleep 0.2 || true
  done
  stop_film
}

main() {
  local words=() output=''
  root=${ZK_CLUSTER_DIR:-$REPO/.cluster}
  while (($# > 0)); do
    case $1 in
      --dir) need_value "$1" $# && root=$2 && shift 2 ;;
      -o | --output) need_value "$1" $# && output=$2 && shift 2 ;;
      --install)
        (($# == 1)) || die_usage "--install takes no words, and there is '$2'"
        install_dissector
        exit 0
        ;;
      -h | --help) usage && exit 0 ;;
      --) break ;;
      -*) die_usage "I do not know $1" ;;
      *) words+=("$1") && shift ;;
    esac
  done
  root=$(realpath -m "$root")
  noted=$root/film
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
      convert/3)
        [[ -f ${words[1]} ]] || die_usage "there is no capture ${words[1]}"
        install_tshark
        "$TOOLS/film.py" convert "$root" "${words[1]}" "${words[2]}"
        ;;
      /0) die_usage "what shall I do? A file, then -- and a command; or -o FILE, start, stop, convert" ;;
      *) die_usage "I do not understand '${words[*]}'" ;;
    esac
  fi
}

main "$@"
