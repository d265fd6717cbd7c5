# shellcheck shell=bash
# What the scripts share: messages, colours, a clock, packages, ports, pids, four-letter words.
# Source it after `set -euo pipefail`; it defines functions and a few read-only names, and says what
# happens on a failure and on Ctrl-C.

shopt -s inherit_errexit # a command substitution stops at its first failure, too
trap 'exit 130' INT      # also if the program that is interrupted with us ends as if all were well

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034  # the scripts that source this file use it
readonly REPO
SCRIPT=$(basename "$0")
readonly SCRIPT

# ---- messages ----------------------------------------------------------------------------------

# Colours exist only on a terminal and never carry meaning alone: every state is also a word.
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RESET=$'\e[0m'
  RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' BLUE=$'\e[34m'
else
  BOLD='' DIM='' RED='' GREEN='' YELLOW='' BLUE='' RESET=''
fi
# shellcheck disable=SC2034  # the scripts that source this file use them
readonly BOLD DIM RED GREEN YELLOW BLUE RESET

say() {
  printf '%s\n' "$*"
}

warn() {
  printf '%s: %s\n' "$SCRIPT" "$*" >&2
}

# terminal_columns: how wide the terminal is; 80 if nobody knows.
terminal_columns() {
  local columns=''
  read -r _ columns < <(stty size </dev/tty 2>/dev/null) || true
  printf '%d\n' "$((columns > 0 ? columns : 80))"
}

# A failure: one line, exit 1.
die() {
  warn "$*"
  exit 1
}

# A wrong call: one line that names the way out, exit 2 as Java's and the peer's own.
die_usage() {
  warn "$* (try $SCRIPT --help)"
  exit 2
}

# need_value OPTION REMAINING_ARGUMENTS: an option that takes a value must have one.
need_value() {
  (($2 >= 2)) || die_usage "$1 needs a value"
}

# ---- time --------------------------------------------------------------------------------------

# Milliseconds of a clock that no one can set, in steps of 10: what bash can read without another
# program.
now_ms() {
  local up _
  read -r up _ </proc/uptime
  up=${up/./}
  printf '%d\n' "$((10#$up * 10))"
}

# human_ms MS: 203 ms, 1.4 s, 12 s, 5 min, 3 h.
human_ms() {
  local ms=$1
  if ((ms < 1000)); then
    printf '%d ms' "$ms"
  elif ((ms < 10000)); then
    printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
  elif ((ms < 120000)); then
    printf '%d s' $((ms / 1000))
  elif ((ms < 7200000)); then
    printf '%d min' $((ms / 60000))
  else
    printf '%d h' $((ms / 3600000))
  fi
}

# ---- jobs --------------------------------------------------------------------------------------

# end_jobs SIGNAL: what a script does on Ctrl-C if its jobs are process groups of their own (set -m):
# Ctrl-C does not reach those. Each is asked to end, and may clean up after itself.
end_jobs() {
  local pid
  trap '' INT TERM
  for pid in $(jobs -p); do
    kill -s "$1" -- "-$pid" 2>/dev/null || true
  done
  wait
  exit 130
}

# ---- the way out -------------------------------------------------------------------------------

leaving=() # the command of on_leaving

# on_leaving COMMAND...: it runs on every way out of the script, once. SIGINT and SIGTERM have traps of their own
# for it, which a script may replace by others that end with leave_with: if Ctrl-C ends a $( ), bash ends the script
# for its status and sends it one more SIGINT, whose trap runs in the middle of that of EXIT; an exit there would
# be the last word.
on_leaving() {
  leaving=("$@")
  trap 'leave_with $?' EXIT
  trap 'leave_with 130' INT TERM
}

# leave_with STATUS: the command sees it as leave_status.
leave_with() {
  local leave_status=$1
  trap '' INT TERM
  trap - EXIT
  ((${#leaving[@]} == 0)) || "${leaving[@]}"
  exit "$leave_status"
}

# stay: there is nothing left for on_leaving to do.
stay() {
  trap 'exit 130' INT
  trap - EXIT TERM
}

# ---- directories -------------------------------------------------------------------------------

# need_directory DIR WHY: makes it where it is missing; one that cannot be written ends the script, with WHY.
need_directory() {
  { mkdir -p "$1" 2>/dev/null && [[ -w $1 ]]; } || die "$1 cannot be written, and $2"
}

# need_new_directory DIR: one that does not exist, and can be made when there is something to keep in it. The directories
# above it are made now.
need_new_directory() {
  [[ ! -e $1 ]] || die_usage "$1 is there already; name a directory that is not"
  { mkdir -p "$1" && rmdir "$1"; } 2>/dev/null || die_usage "$1 cannot be made"
}

# ---- files of this call ------------------------------------------------------------------------

# remove_scratch DIR: Ctrl-C reaches all programs at the same time, and one that has not ended yet may be making a file
# in DIR just when rm has emptied it.
remove_scratch() {
  local tries
  for ((tries = 0; tries < 50; tries++)); do
    ! rm -rf "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  rm -rf "$1"
}

# make_scratch VARIABLE [CLEAN_UP]: a new directory, whose path goes to VARIABLE; on every way out of the
# script CLEAN_UP PATH takes it away (remove_scratch, if none is given). mktemp does not hear Ctrl-C, and we act upon it
# afterwards: else there could be a directory that nobody knows of. CLEAN_UP is told the path, for where
# it interrupts, VARIABLE may be the name of something local.
make_scratch() {
  local -n new_scratch=$1
  local interrupted=false
  trap 'interrupted=true' INT TERM
  new_scratch=$(trap '' INT TERM && mktemp -d "${TMPDIR:-/tmp}/zkpeer-${SCRIPT%.sh}.XXXXXX")
  if (($# > 1)); then
    on_leaving "$2" "$new_scratch"
  else
    on_leaving remove_scratch "$new_scratch"
  fi
  [[ $interrupted == false ]] || exit 130
  need_room "$new_scratch"
}

# need_room DIR: a full disk shows in too many ways, so it is tried first.
need_room() {
  printf '%1048576s' '' 2>/dev/null >"$1/room" ||
    die "there is not one free megabyte in ${1%/*}; make room, or name another place: TMPDIR=DIR $SCRIPT"
  rm "$1/room"
}

# ---- packages ----------------------------------------------------------------------------------

# need_packages WHY PACKAGE:PROOF...: installs what is missing. A PROOF that starts with a slash
# is a file, another one a command; where the proof is there, by whatever way, nothing is
# installed.
need_packages() {
  local why=$1 spec proof missing=()
  shift
  for spec; do
    proof=${spec#*:}
    if [[ $proof == /* ]]; then
      [[ -e $proof ]] || missing+=("${spec%%:*}")
    else
      command -v "$proof" >/dev/null || missing+=("${spec%%:*}")
    fi
  done
  ((${#missing[@]} > 0)) || return 0
  command -v apt-get >/dev/null ||
    die "please install ${missing[*]} ($why); there is no apt-get here, so I cannot"
  warn "installing ${missing[*]} ($why); this can take some minutes"
  install_packages "${missing[@]}" ||
    die "${missing[*]} could not be installed; the reason is above. As root: apt-get install ${missing[*]}"
}

# install_packages PACKAGE...: what apt-get says is shown only if it fails. All of it is one command, so that sudo asks
# for a password once, and two users who begin at the same time install one after the other.
install_packages() {
  local words
  # shellcheck disable=SC2016  # the inner shell's dollars
  words=$(as_root flock --close /var/lib/apt bash -c '
    export DEBIAN_FRONTEND=noninteractive
    install=(apt-get -qq -y -o DPkg::Lock::Timeout=600 --no-install-recommends install "$@")
    "${install[@]}" >/dev/null 2>&1 || { apt-get -qq update && "${install[@]}"; }' bash "$@" 2>&1) && return
  grep -vE '^(dpkg-preconfigure|debconf): ' <<<"$words" | head -n 12 >&2
  return 1
}

# need_client: what scripts/cluster/client.py and scripts/stories/client.py need. kazoo brings Debian's python3, which
# is the one that finds it.
need_client() {
  need_packages "to write and read as a client" python3-kazoo:/usr/lib/python3/dist-packages/kazoo/__init__.py
}

# need_kinds KINDS: what peers of these kinds (c, java or a list of both) need to run at all. It is not left to node.sh
# and java-node.sh, whose words go to the peer's log, and meanwhile the others would wait for this peer, or not.
need_kinds() {
  local binary=${ZKPEER_BINARY:-$REPO/build/zkpeer}
  if [[ ,$1, == *,c,* && ! -x $binary ]]; then
    [[ -z ${ZKPEER_BINARY:-} ]] || die "ZKPEER_BINARY is $binary, but there is no such program"
    "$REPO/scripts/build.sh"
  fi
  [[ ,$1, != *,java,* ]] || "$REPO/scripts/java-node.sh" --install
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    warn "this needs root, and there is no sudo here"
    return 1
  fi
}

# ---- ports -------------------------------------------------------------------------------------

# A cluster has a block of 100 ports: clients base+ID, quorum base+30+ID, election base+60+ID.
# Blocks lie below the kernel's range for outgoing connections, so no dial of anybody can take a
# port between picking and use; a quorum port is bound only while its peer leads, so blocks are
# also booked, by a symbolic link to the cluster's directory.
readonly PORT_BLOCK=100 PORT_FLOOR=20000 PORT_CEILING=32700

# Local ports in use, one a line, from the kernel's tables; what only waits out TIME_WAIT (06) may
# be bound again.
used_ports() {
  local table
  for table in /proc/net/tcp /proc/net/tcp6; do
    [[ -r $table ]] || continue
    while read -r _ address _ state _; do
      [[ $address == *:* && $state != 06 ]] || continue
      printf '%d\n' "0x${address##*:}"
    done < <(grep -E ': [^ ]+ [^ ]+ (0[^6]|[^0])' "$table") # a busy machine has thousands of those
  done
}

port_registry() {
  printf '%s/zkpeer-ports-%s\n' "${XDG_RUNTIME_DIR:-/tmp}" "$EUID"
}

# block_is_free BASE: no port of the block is in use.
block_is_free() {
  local port
  while read -r port; do
    ((port < $1 || port >= $1 + PORT_BLOCK)) || return 1
  done < <(used_ports)
}

# book_block BASE DIR: true if the block is now DIR's. A booking whose directory is gone does not
# count. Only pick_ports() calls this, under its lock: else two that find the same old booking would
# both replace it.
book_block() {
  local link owner
  link=$(port_registry)/$1
  owner=$(readlink "$link" || true)
  if [[ -n $owner && $owner != "$2" && ! -d $owner ]]; then
    rm -f "$link"
  fi
  ln -sT "$2" "$link" 2>/dev/null || [[ $(readlink "$link" || true) == "$2" ]]
}

# pick_ports DIR: prints the base of a free block that is now booked for DIR, which exists. The search
# starts at a block that follows from DIR's name, so the same directory gets the same ports again. In
# a subshell, whose end gives the lock back.
pick_ports() (
  mkdir -p "$(port_registry)"
  exec {lock}>"$(port_registry)/lock"
  flock "$lock"
  pick_booked_ports "$1"
)

pick_booked_ports() {
  local top first blocks base hash i film owner
  film=$(film_of "$1")
  if [[ -n $film ]]; then
    read -r base <"$film/ports"
    owner=$(readlink "$(port_registry)/$base" || true)
    if [[ $owner == "$film" || $owner == "$1" ]] && block_is_free "$base"; then
      ln -sfT "$1" "$(port_registry)/$base"
      printf '%d\n' "$base"
      return 0
    fi
  fi
  read -r first _ </proc/sys/net/ipv4/ip_local_port_range
  top=$((first < PORT_CEILING ? first : PORT_CEILING))
  blocks=$(((top - PORT_FLOOR) / PORT_BLOCK))
  ((blocks > 0)) ||
    die "outgoing connections use all ports above $first here; choose ports with --base-port"
  read -r hash _ < <(cksum <<<"$1")
  for ((i = 0; i < blocks; i++)); do
    base=$((PORT_FLOOR + (hash + i) % blocks * PORT_BLOCK))
    ((base < 24100 || base > 24300)) || continue # scripts/golden/capture.sh has fixed ports there
    if block_is_free "$base" && book_block "$base" "$1"; then
      printf '%d\n' "$base"
      return 0
    fi
  done
  die "no $PORT_BLOCK free ports in a row from $PORT_FLOOR to $top; choose ports with --base-port"
}

# film_of DIR: where the film notes its ports that has begun before the cluster in DIR, or nothing. It is a film of DIR, or
# it runs the command that makes the cluster ($ZK_FILM).
film_of() {
  local film
  for film in "$1/film" "${ZK_FILM:-}"; do
    [[ ! -s $film/ports ]] || { printf '%s\n' "$film" && return 0; }
  done
}

# release_ports DIR: gives up what DIR has booked; its film has it again.
release_ports() {
  local link film
  film=$(film_of "$1")
  for link in "$(port_registry)"/*; do
    [[ -L $link && $(readlink "$link") == "$1" ]] || continue
    if [[ -n $film && ${link##*/} == "$(<"$film/ports")" ]]; then
      ln -sfT "$film" "$link"
    else
      rm -f "$link"
    fi
  done
}

# ---- processes ---------------------------------------------------------------------------------

# runs_peer PID CFG: is PID a peer that was started on the configuration file CFG? A pid may be
# somebody else's by now: the program must be a peer (or one of those that become one by exec), and
# CFG one of its arguments.
runs_peer() {
  local exe arg args=() tries
  # The arguments of a process are empty while it is inside exec, and once it is dead.
  for ((tries = 0; tries < 20 && ${#args[@]} == 0; tries++)); do
    ((tries == 0)) || sleep 0.005
    mapfile -d '' -t args 2>/dev/null <"/proc/$1/cmdline" || return 1
    ! is_zombie "$1" || return 1
  done
  exe=$(readlink "/proc/$1/exe" 2>/dev/null) || return 1
  exe=${exe##*/}
  case ${exe% (deleted)} in
    zkpeer | java | setsid | env | bash) ;;
    *) [[ ${exe% (deleted)} == "$(basename "${ZKPEER_BINARY:-zkpeer}")" ]] || return 1 ;;
  esac
  for arg in "${args[@]}"; do
    [[ $arg != "$2" ]] || return 0
  done
  return 1
}

# is_zombie PID: has it ended, and its parent not asked for its status yet?
is_zombie() {
  local line
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
  [[ ${line##*) } == Z* ]]
}

# peer_pid PIDFILE CFG: prints the pid if that peer runs.
peer_pid() {
  local pid=''
  [[ -r $1 ]] || return 1
  read -r pid <"$1" || true
  [[ $pid =~ ^[1-9][0-9]*$ ]] && runs_peer "$pid" "$2" && printf '%d\n' "$pid"
}

# signal_peer SIGNAL PIDFILE CFG: signals that peer and no one else; false if it does not run.
signal_peer() {
  local pid
  pid=$(peer_pid "$2" "$3") || return 1
  kill -s "$1" "$pid" 2>/dev/null
}

# ---- four-letter words -------------------------------------------------------------------------

# four_letter_word PORT WORD: prints the answer of the peer at 127.0.0.1:PORT; false if none
# listens. A peer that accepts and says nothing costs one second, or $ZK_WORD_WAIT.
four_letter_word() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf '%s' "$2" >&3
    timeout "${ZK_WORD_WAIT:-1}" cat <&3 || true
  ) 2>/dev/null
}

# peer_mode PORT: prints leader, follower or observer; false while the peer does not serve.
peer_mode() {
  local answer
  answer=$(four_letter_word "$1" srvr | tr -d '\0') || return 1
  [[ $answer =~ Mode:\ ([a-z-]+) ]] && printf '%s\n' "${BASH_REMATCH[1]}"
}
