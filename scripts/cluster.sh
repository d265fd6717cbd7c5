#!/usr/bin/env bash
# A ZooKeeper ensemble on this machine, of C peers, Java peers or both: start, look, break, mend,
# take down.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'END'
Usage: cluster.sh VERB [OPTION]... [WHO]... [--dir DIR]

  up [OPTION]...        make an ensemble (or start what is down in the one that is there) and wait
                        until it serves
      -n, --voters N        so many voters (default 3, or as many as --mix lists)
          --observers K     and K observers (default 0)
          --mix c,java,c    kinds of the peers, dealt round and round (default c)
          --tick MS         tickTime (default 500)
          --base-port P     clients at P+ID, quorum at P+30+ID, election at P+60+ID
                            (default: a block of free ports)
          --only 2,3        start only these now; the others by start
          --line KEY=VALUE  one more line for every zoo.cfg (may be given again)
          --trace           C peers write their trace beside their log
          --wait S          how long to wait for a quorum (default 20)
  status [--json]       a table of the peers; exit 0 only if a quorum serves
  logs [-f] [-n L] [WHO]   the last L lines (default 40) of their logs; -f follows them
  kill WHO...           SIGKILL
  stop WHO...           SIGTERM, and wait until they are gone
  start WHO... [--wait S]      start what is down
  restart WHO... [--wait S]    stop, then start
  down                  stop all; data and logs stay
  clean                 stop all and delete the directory

WHO is a number or a role: leader, followers, observers, looking, voters, all.
DIR holds all state (default .cluster in the repository, or $ZK_CLUSTER_DIR): cluster.json, and for
each peer a directory with zoo.cfg, data, log, pid and trace. NO_COLOR switches colours off.
Exit: 0 fine, 1 it did not work (status: no quorum), 2 wrong usage.
END
}

# ---- state: cluster.json and what was read from it ---------------------------------------------

root=''                # the cluster's directory, absolute
ids=()                 # all peers, ascending
declare -A kind role client_port quorum_port election_port
tick=500
trace=false
more_lines=()          # for every zoo.cfg that is written

# What probe_all() found, by id.
declare -A pid state serving leader_of round zxid election since

cfg_of() { printf '%s/%s/zoo.cfg\n' "$root" "$1"; }
pidfile_of() { printf '%s/%s/pid\n' "$root" "$1"; }

# The file is written with one peer a line, so that bash can read what is JSON for everybody else.
save_state() {
  local id comma=''
  {
    printf '{\n"version": 1,\n"tick_ms": %d,\n"trace": %s,\n"peers": [' "$tick" "$trace"
    for id in "${ids[@]}"; do
      printf '%s\n{"id": %d, "kind": "%s", "role": "%s", ' \
        "$comma" "$id" "${kind[$id]}" "${role[$id]}"
      printf '"client_port": %d, "quorum_port": %d, "election_port": %d}' \
        "${client_port[$id]}" "${quorum_port[$id]}" "${election_port[$id]}"
      comma=,
    done
    printf '\n]\n}\n'
  } >"$root/cluster.json.tmp"
  mv "$root/cluster.json.tmp" "$root/cluster.json"
}

load_state() {
  local line id peer
  peer='"id": ([0-9]+), "kind": "(c|java)", "role": "(participant|observer)", '
  peer+='"client_port": ([0-9]+), "quorum_port": ([0-9]+), "election_port": ([0-9]+)'
  [[ -f $root/cluster.json ]] || die "there is no cluster in $root; make one with: $(call up)"
  while IFS= read -r line; do
    if [[ $line =~ $peer ]]; then
      id=${BASH_REMATCH[1]}
      ids+=("$id")
      kind[$id]=${BASH_REMATCH[2]}
      role[$id]=${BASH_REMATCH[3]}
      client_port[$id]=${BASH_REMATCH[4]}
      quorum_port[$id]=${BASH_REMATCH[5]}
      election_port[$id]=${BASH_REMATCH[6]}
    elif [[ $line =~ \"tick_ms\":\ ([0-9]+) ]]; then
      tick=${BASH_REMATCH[1]}
    elif [[ $line =~ \"trace\":\ (true|false) ]]; then
      trace=${BASH_REMATCH[1]}
    fi
  done <"$root/cluster.json"
  ((${#ids[@]} > 0)) || die "$root/cluster.json lists no peers; delete $root and begin again"
}

voters() {
  local id
  for id in "${ids[@]}"; do
    [[ ${role[$id]} != participant ]] || printf '%d\n' "$id"
  done
}

voter_count() {
  voters | wc -l
}

# ---- the next useful command -------------------------------------------------------------------

# call VERB...: how the user would call this script from where they stand.
call() {
  local path=$0 dir=''
  [[ $root == "$REPO/.cluster" || $root == "${ZK_CLUSTER_DIR:-}" ]] || dir=" --dir $root"
  printf '%s%s %s' "$path" "$dir" "$*"
}

next() {
  say "${DIM}next: $(call "$@")${RESET}"
}

# ---- looking at peers --------------------------------------------------------------------------

# read_log ID: what the log since the last start tells, one line: state, round (hex), leader,
# election ms, and the time of the last change of state. The round is that of the last vote that
# came from the peer itself; a peer that joins a leader who is there already takes the leader's.
# An observer sends itself no votes, so all count for it.
read_log() {
  # shellcheck disable=SC2016  # awk's dollars
  local program='
    / - (Reading configuration from|Starting quorum peer, myid=)/ {
      state = "STARTING"; round = leader = election = "-"; when = $1 " " $2 }
    / - (LOOKING|FOLLOWING|LEADING|OBSERVING)$/ { state = $NF; when = $1 " " $2 }
    /LEADER ELECTION TOOK - [0-9]+ MS/ { election = $(NF - 1) }
    /Notification: my state:LOOKING;/ {
      for (i = 1; i <= NF; i++) if (split($i, part, ":") == 2) value[part[1]] = part[2]
      sub(/,.*/, "", value["n.sid"])
      if (value["n.sid"] == me || observer || value["n.state"] == "LEADING,") {
        round = value["n.round"]; leader = value["n.leader"]
        sub(/,.*/, "", round); sub(/,.*/, "", leader)
      }
    }
    END { print state, round, leader, election, when }'
  tail -c 2000000 "$root/$1/log" 2>/dev/null |
    awk -v me="$1" -v observer="$([[ ${role[$1]} == observer ]] && echo 1 || echo 0)" \
      -v state=STARTING -v round=- -v leader=- -v election=- -v when=- "$program"
}

# probe ID: fills the tables for one peer. Serving peers answer for themselves; for the others
# their log speaks.
probe() {
  local id=$1 answer mode='' log_state when started
  pid[$id]=$(peer_pid "$(pidfile_of "$id")" "$(cfg_of "$id")" || true)
  state[$id]=DOWN serving[$id]=false
  leader_of[$id]=- round[$id]=- zxid[$id]=- election[$id]=- since[$id]=-
  [[ -n ${pid[$id]} ]] || return 0
  read -r log_state "round[$id]" "leader_of[$id]" "election[$id]" when < <(read_log "$id")
  state[$id]=$log_state
  [[ ${round[$id]} == - ]] || round[$id]=$((${round[$id]}))
  answer=$(four_letter_word "${client_port[$id]}" srvr | tr -d '\0' || true)
  if [[ $answer =~ Zxid:\ (0x[0-9a-f]+).*Mode:\ ([a-z-]+) ]]; then
    zxid[$id]=${BASH_REMATCH[1]} mode=${BASH_REMATCH[2]} serving[$id]=true
  fi
  case $mode in
    leader) state[$id]=LEADING leader_of[$id]=$id ;;
    follower) state[$id]=FOLLOWING ;;
    observer) state[$id]=OBSERVING ;;
    *) [[ $log_state != LOOKING ]] || leader_of[$id]=- ;;
  esac
  if [[ $when != - ]] && started=$(date -d "${when/,/.}" +%s%3N 2>/dev/null); then
    since[$id]=$(($(date +%s%3N) - started))
    ((since[$id] >= 0)) || since[$id]=0
  fi
}

probe_all() {
  local id
  for id in "${ids[@]}"; do
    probe "$id"
  done
}

# The peer that leads, of those that were probed; empty if there is none.
the_leader() {
  local id
  for id in "${ids[@]}"; do
    if [[ ${state[$id]} == LEADING && ${serving[$id]} == true ]]; then
      printf '%d\n' "$id"
      return 0
    fi
  done
}

# The voters that serve under peer $1, itself included.
serving_under() {
  local id count=0
  for id in $(voters); do
    [[ ${serving[$id]} != true || ${leader_of[$id]} != "$1" ]] || count=$((count + 1))
  done
  printf '%d\n' "$count"
}

# ---- who ---------------------------------------------------------------------------------------

# resolve WHO...: prints the ids that the words mean, each once, ascending.
resolve() {
  local word id found words=("$@")
  ((${#words[@]} > 0)) ||
    die_usage "which peer? a number, or leader, followers, observers, looking, voters, all"
  if [[ " ${words[*]} " =~ \ (leader|followers|looking)\  ]]; then
    probe_all
  fi
  for word in "${words[@]}"; do
    found=$(resolve_word "$word")
    [[ -n $found ]] || die "no peer is meant by '$word' at the moment; see: $(call status)"
    printf '%s\n' "$found"
  done | sort -n -u
}

resolve_word() {
  local id
  for id in "${ids[@]}"; do
    case $1 in
      all) ;;
      voters) [[ ${role[$id]} == participant ]] || continue ;;
      observers) [[ ${role[$id]} == observer ]] || continue ;;
      leader) [[ ${state[$id]} == LEADING ]] || continue ;;
      followers) [[ ${state[$id]} == FOLLOWING ]] || continue ;;
      looking) [[ ${state[$id]} == LOOKING ]] || continue ;;
      *[!0-9]* | '') die_usage "'$1' is no peer: give a number or a role" ;;
      *) [[ $id == "$1" ]] || continue ;;
    esac
    printf '%d\n' "$id"
  done
}

# ---- making an ensemble ------------------------------------------------------------------------

# write_peer ID: directory, myid and zoo.cfg.
write_peer() {
  local id=$1 dir=$root/$1 other
  mkdir -p "$dir/data"
  printf '%d\n' "$id" >"$dir/data/myid"
  {
    printf 'tickTime=%d\ninitLimit=10\nsyncLimit=5\ndataDir=%s\n' "$tick" "$dir/data"
    printf 'clientPort=%d\nclientPortAddress=127.0.0.1\n' "${client_port[$id]}"
    printf '4lw.commands.whitelist=*\nadmin.enableServer=false\n'
    (($(voter_count) > 1)) || printf 'standaloneEnabled=false\n'
    [[ ${role[$id]} == participant ]] || printf 'peerType=observer\n'
    ((${#more_lines[@]} == 0)) || printf '%s\n' "${more_lines[@]}"
    for other in "${ids[@]}"; do
      printf 'server.%d=127.0.0.1:%d:%d:%s\n' "$other" \
        "${quorum_port[$other]}" "${election_port[$other]}" "${role[$other]}"
    done
  } >"$dir/zoo.cfg"
}

# make_cluster VOTERS OBSERVERS MIX BASE_PORT
make_cluster() {
  local count=$(($1 + $2)) base=$4 id kinds
  IFS=, read -ra kinds <<<"$3"
  mkdir -p "$root"
  if [[ -z $base ]]; then
    base=$(pick_ports "$root")
  fi
  for ((id = 1; id <= count; id++)); do
    ids+=("$id")
    kind[$id]=${kinds[(id - 1) % ${#kinds[@]}]}
    role[$id]=$( ((id <= $1)) && echo participant || echo observer)
    client_port[$id]=$((base + id))
    quorum_port[$id]=$((base + 30 + id))
    election_port[$id]=$((base + 60 + id))
  done
  for id in "${ids[@]}"; do
    write_peer "$id"
  done
  save_state
}

# ---- starting and stopping ---------------------------------------------------------------------

# What the peers of this list need to run at all: a program for C, packages for Java (java-node.sh
# sees to those).
prepare_programs() {
  local id
  for id; do
    if [[ ${kind[$id]} == c && ! -x ${ZKPEER_BINARY:-$REPO/build/zkpeer} ]]; then
      [[ -z ${ZKPEER_BINARY:-} ]] ||
        die "ZKPEER_BINARY is $ZKPEER_BINARY, but there is no such program"
      say "build/zkpeer is not there yet: building it"
      "$REPO/scripts/build.sh"
      return 0
    fi
  done
}

# start_peer ID: in a session of its own, so that it outlives this script and its terminal. False
# if it ran already.
start_peer() {
  local id=$1 dir=$root/$1 command
  ! peer_pid "$dir/pid" "$dir/zoo.cfg" >/dev/null || return 1
  if [[ ${kind[$id]} == java ]]; then
    command=("$REPO/scripts/java-node.sh" "$dir/zoo.cfg")
  else
    command=("$REPO/scripts/node.sh")
    [[ $trace == false ]] || command+=(--trace "$dir/trace")
    command+=("$dir/zoo.cfg")
  fi
  (
    cd "$dir"
    exec setsid "${command[@]}" </dev/null >>log 2>&1
  ) &
  printf '%d\n' $! >"$dir/pid"
  # Between fork and exec the child still looks like this script; wait until it can be told apart,
  # or has failed.
  until is_running "$id" || ! kill -0 $! 2>/dev/null; do
    sleep 0.005
  done
}

is_running() {
  peer_pid "$(pidfile_of "$1")" "$(cfg_of "$1")" >/dev/null
}

# wait_gone SECONDS ID...: false if one still runs.
wait_gone() {
  local end=$(($(now_ms) + $1 * 1000)) id
  shift
  for id; do
    while is_running "$id"; do
      (($(now_ms) < end)) || return 1
      sleep 0.02
    done
    rm -f "$(pidfile_of "$id")"
  done
}

# stop_peers SECONDS ID...: SIGTERM to all at once, then wait.
stop_peers() {
  local seconds=$1 id
  shift
  for id; do
    signal_peer TERM "$(pidfile_of "$id")" "$(cfg_of "$id")" || true
  done
  wait_gone "$seconds" "$@"
}

# kill_peers ID...: SIGKILL, and wait until the kernel has taken them away.
kill_peers() {
  local id
  for id; do
    signal_peer KILL "$(pidfile_of "$id")" "$(cfg_of "$id")" || true
  done
  wait_gone 5 "$@"
}

# die_if_one_died ID...: a peer that ends while we wait for it has something to say.
die_if_one_died() {
  local id
  for id; do
    if ! is_running "$id"; then
      tail -n 5 "$root/$id/log" >&2
      warn "peer $id ended by itself; its last words are above, the others run on"
      next logs -n 200 "$id"
      exit 1
    fi
  done
}

# wait_serving WANTED SECONDS ID...: waits until WANTED of the listed peers serve; prints nothing.
wait_serving() {
  local wanted=$1 end=$(($(now_ms) + $2 * 1000)) id count
  shift 2
  while true; do
    count=0
    for id; do
      ! peer_mode "${client_port[$id]}" >/dev/null || count=$((count + 1))
    done
    ((count < wanted)) || return 0
    die_if_one_died "$@"
    (($(now_ms) < end)) || return 1
    sleep 0.03
  done
}

# ---- verbs -------------------------------------------------------------------------------------

check_number() {
  if ! [[ $2 =~ ^(0|[1-9][0-9]{0,8})$ ]] || (($2 < $3 || $2 > $4)); then
    die_usage "$1 must be a number from $3 to $4, not '$2'"
  fi
}

check_mix() {
  [[ $1 =~ ^(c|java)(,(c|java))*$ ]] || die_usage "--mix is a list such as c,java,c, not '$1'"
}

verb_up() {
  local n='' observers=0 mix='' base='' wait=20 asked=() new_tick=500 new_trace=false commas only=''
  while (($# > 0)); do
    case $1 in
      --trace) new_trace=true && asked+=("$1") && shift && continue ;;
      -n | --voters | --observers | --mix | --tick | --base-port | --line | --wait | --only)
        need_value "$1" $# ;;
      *) die_usage "up does not know $1" ;;
    esac
    case $1 in
      -n | --voters) check_number "$1" "$2" 1 20 && n=$2 ;;
      --observers) check_number "$1" "$2" 0 9 && observers=$2 ;;
      --mix) check_mix "$2" && mix=$2 ;;
      --tick) check_number "$1" "$2" 20 60000 && new_tick=$2 ;;
      --base-port) check_number "$1" "$2" 1024 65400 && base=$2 ;;
      --wait) check_number "$1" "$2" 0 3600 && wait=$2 ;;
      --line) more_lines+=("$2") ;;
      --only) only=${2//,/ } ;;
    esac
    [[ $1 == --wait || $1 == --only ]] || asked+=("$1")
    shift 2
  done
  if [[ -f $root/cluster.json ]]; then
    ((${#asked[@]} == 0)) ||
      die "a cluster is there already, so ${asked[*]} would be ignored; first: $(call clean)"
    load_state
  else
    commas=${mix//[^,]/}
    [[ -n $n || -z $mix ]] || n=$((${#commas} + 1))
    tick=$new_tick trace=$new_trace
    make_cluster "${n:-3}" "$observers" "${mix:-c}" "$base"
  fi
  # shellcheck disable=SC2086  # words
  only=$(resolve ${only:-all})
  # shellcheck disable=SC2086  # numbers
  bring_up "$wait" $only
}

# Ctrl-C while peers come up: what was started are this shell's only jobs, and none is left
# running. They are not looked up by their pid files, because the newest may not have its file
# yet.
undo_up() {
  trap '' INT TERM
  # shellcheck disable=SC2046  # numbers
  kill -s KILL $(jobs -p) 2>/dev/null || true
  wait 2>/dev/null || true
  warn "interrupted: stopped the peers that this call had started"
  exit 130
}

# bring_up SECONDS ID...: starts what is down and waits for a quorum, then a little for the rest.
bring_up() {
  local seconds=$1 id begin needed took lead observers started=() starting=()
  shift
  prepare_programs "$@"
  trap undo_up INT TERM
  begin=$(now_ms)
  for id; do
    if start_peer "$id"; then
      started+=("$id")
      say "started peer $id (${kind[$id]}, ${role[$id]}, client port ${client_port[$id]})"
    fi
    [[ ${role[$id]} == observer ]] || starting+=("$id")
  done
  mapfile -t observers < <(resolve_word observers)
  needed=$(($(voter_count) / 2 + 1))
  if ! wait_serving "$needed" "$seconds" "${starting[@]}"; then
    warn "no quorum after $seconds s; the peers still run"
    next status
    exit 1
  fi
  took=$(($(now_ms) - begin))
  wait_serving $# 5 "$@" || true
  trap - INT TERM
  probe_all
  lead=$(the_leader)
  if ((${#started[@]} == 0)); then
    say "All $# peers were up already; peer $lead leads."
  else
    say "${GREEN}Ready after $(human_ms "$took")${RESET}: peer $lead leads," \
      "$(serving_under "$lead") of $(voter_count) voters serve" \
      "(observers: ${#observers[@]})."
  fi
  next status
}

verb_status() {
  local json=false lead count=0 total quorum=false
  while (($# > 0)); do
    case $1 in
      --json) json=true && shift ;;
      *) die_usage "status does not know $1" ;;
    esac
  done
  load_state
  probe_all
  lead=$(the_leader)
  total=$(voter_count)
  if [[ -n $lead ]]; then
    count=$(serving_under "$lead")
    ((2 * count <= total)) || quorum=true
  fi
  if [[ $json == true ]]; then
    status_json "${lead:-null}" "$count" "$total" "$quorum"
  else
    status_table "$count" "$total" "$quorum"
  fi
  [[ $quorum == true ]]
}

state_colour() {
  case $1 in
    LEADING) printf '%s' "$GREEN" ;;
    FOLLOWING) printf '%s' "$BLUE" ;;
    LOOKING | STARTING) printf '%s' "$YELLOW" ;;
    DOWN) printf '%s' "$RED" ;;
  esac
}

# status_table COUNT TOTAL QUORUM
status_table() {
  local id shown_since shown_election word last=${ids[-1]} joining=false tail='' colour=$RED
  [[ $3 == false ]] || colour=$GREEN
  printf '%s%-5s %-5s %-7s %-10s %-7s %-6s %-12s %-9s %-6s%s\n' "$BOLD" \
    peer kind pid state leader round zxid election since "$RESET"
  for id in "${ids[@]}"; do
    shown_since=- shown_election=- word=${state[$id]}
    [[ ${since[$id]} == - ]] || shown_since=$(human_ms "${since[$id]}")
    [[ ${election[$id]} == - ]] || shown_election="${election[$id]} ms"
    if [[ $word =~ ^(LEADING|FOLLOWING|OBSERVING)$ && ${serving[$id]} == false ]]; then
      word+='~' joining=true
    fi
    [[ $id != "$last" ]] || tail="     $colour""quorum $1/$2$RESET"
    printf '%2d    %-5s %-7s %s%-10s%s %-7s %-6s %-12s %-9s %-6s%s\n' \
      "$id" "${kind[$id]}" "${pid[$id]:--}" "$(state_colour "${state[$id]}")" "$word" "$RESET" \
      "${leader_of[$id]}" "${round[$id]}" "${zxid[$id]}" "$shown_election" "$shown_since" "$tail"
  done
  [[ $joining == false ]] || say "~ so its log says, but it does not serve yet"
  suggest "$3"
}

# suggest QUORUM: what somebody who has just seen the table most likely wants.
suggest() {
  local id down=() up_voters=0 waiting=0
  for id in "${ids[@]}"; do
    [[ ${state[$id]} != DOWN ]] || down+=("$id")
    [[ ${state[$id]} == DOWN || ${role[$id]} != participant ]] || up_voters=$((up_voters + 1))
    [[ ${state[$id]} == DOWN || ${serving[$id]} == true ]] || waiting=$((waiting + 1))
  done
  if [[ $1 == true ]]; then
    if ((${#down[@]} > 0)); then
      next start "${down[@]}"
    elif ((waiting > 0)); then
      next status
    else
      next kill leader
    fi
  elif ((2 * up_voters > $(voter_count))); then
    next status
  else
    next up
  fi
}

json_string() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# json_value TEXT: a number as it is, a dash is null, all else is a string.
json_value() {
  if [[ $1 =~ ^-?[0-9]+$ ]]; then
    printf '%s' "$1"
  elif [[ $1 == - ]]; then
    printf 'null'
  else
    json_string "$1"
  fi
}

# status_json LEADER COUNT TOTAL QUORUM. Zxids are strings: they have more bits than a JavaScript
# number.
status_json() {
  local id comma=''
  printf '{\n  "dir": %s,\n  "quorum": %s,\n  "leader": %s,\n' "$(json_string "$root")" "$4" "$1"
  printf '  "serving": %d,\n  "voters": %d,\n  "peers": [' "$2" "$3"
  for id in "${ids[@]}"; do
    printf '%s\n    {"id": %d, "kind": "%s", "role": "%s", "pid": %s, ' \
      "$comma" "$id" "${kind[$id]}" "${role[$id]}" "${pid[$id]:-null}"
    printf '"state": "%s", "serving": %s, "leader": %s, "round": %s, ' \
      "${state[$id]}" "${serving[$id]}" \
      "$(json_value "${leader_of[$id]}")" "$(json_value "${round[$id]}")"
    printf '"zxid": %s, "election_ms": %s, "since_ms": %s, ' \
      "$(json_value "${zxid[$id]}")" "$(json_value "${election[$id]}")" \
      "$(json_value "${since[$id]}")"
    printf '"client_port": %d, "quorum_port": %d, "election_port": %d}' \
      "${client_port[$id]}" "${quorum_port[$id]}" "${election_port[$id]}"
    comma=,
  done
  printf '\n  ]\n}\n'
}

verb_logs() {
  local follow=false lines=40 who=() targets id
  while (($# > 0)); do
    case $1 in
      -f | --follow) follow=true && shift ;;
      -n | --lines)
        need_value "$1" $# && check_number "$1" "$2" 0 999999999
        lines=$2
        shift 2
        ;;
      -*) die_usage "logs does not know $1" ;;
      *) who+=("$1") && shift ;;
    esac
  done
  load_state
  targets=$(resolve "${who[@]:-all}")
  if [[ $follow == false ]]; then
    for id in $targets; do
      tail -n "$lines" "$root/$id/log" | label_lines "$id" "$targets"
    done
    next logs -f "${who[@]:-all}" >&2
    return 0
  fi
  # shellcheck disable=SC2046  # numbers
  trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
  trap 'exit 130' INT TERM
  for id in $targets; do
    tail -n "$lines" -F "$root/$id/log" 2>/dev/null | label_lines "$id" "$targets" &
  done
  wait
}

# label_lines ID TARGETS: with several logs on one screen each line says whose it is.
label_lines() {
  local palette=("$BLUE" "$GREEN" "$YELLOW" "$RED") mark
  if [[ $2 == *$'\n'* ]]; then
    mark="${palette[$1 % 4]}$1|$RESET "
    sed -u "s/^/$mark/"
  else
    cat
  fi
}

verb_kill() {
  local targets id
  load_state
  targets=$(resolve "$@")
  for id in $targets; do
    is_running "$id" || { say "peer $id is down already" && continue; }
    kill_peers "$id" || die "peer $id is still there 5 s after SIGKILL"
    say "killed peer $id (SIGKILL)"
  done
  next status
}

verb_stop() {
  local targets id running=()
  load_state
  targets=$(resolve "$@")
  for id in $targets; do
    if is_running "$id"; then
      running+=("$id")
    else
      say "peer $id is down already"
    fi
  done
  if ((${#running[@]} > 0)); then
    stop_peers 10 "${running[@]}" ||
      die "not all have ended 10 s after SIGTERM; the hard way: $(call kill "$@")"
    say "stopped ${running[*]} (SIGTERM)"
  fi
  # shellcheck disable=SC2086  # numbers
  next start $targets
}

# parse_who WORD...: splits `--wait S` from the words; sets who and wait.
parse_who() {
  who=() wait=10
  while (($# > 0)); do
    case $1 in
      --wait) need_value "$1" $# && check_number "$1" "$2" 0 3600 && wait=$2 && shift 2 ;;
      -*) die_usage "I do not know $1" ;;
      *) who+=("$1") && shift ;;
    esac
  done
}

verb_start() {
  local who wait targets # who and wait: from parse_who
  parse_who "$@"
  load_state
  targets=$(resolve "${who[@]}")
  # shellcheck disable=SC2086  # numbers
  start_and_wait "$wait" $targets
  next status
}

# Role words mean what the peers are now, before they are stopped.
verb_restart() {
  local who wait targets # who and wait: from parse_who
  parse_who "$@"
  load_state
  targets=$(resolve "${who[@]}")
  # shellcheck disable=SC2086  # numbers
  stop_peers 10 $targets ||
    die "not all have ended 10 s after SIGTERM; the hard way: $(call kill "${who[@]}")"
  # shellcheck disable=SC2086  # numbers
  start_and_wait "$wait" $targets
  next status
}

# start_and_wait SECONDS ID...: waits only where waiting can succeed.
start_and_wait() {
  local seconds=$1 id begin up=0 needed
  shift
  prepare_programs "$@"
  begin=$(now_ms)
  for id; do
    if start_peer "$id"; then
      say "started peer $id (${kind[$id]})"
    else
      say "peer $id runs already"
    fi
  done
  for id in $(voters); do
    ! is_running "$id" || up=$((up + 1))
  done
  needed=$(($(voter_count) / 2 + 1))
  if ((up < needed)); then
    say "$up of $(voter_count) voters run and a quorum needs $needed, so none can serve yet"
  elif ((seconds > 0)); then
    wait_serving $# "$seconds" "$@" || die "not all serve after $seconds s; see: $(call status)"
    say "${GREEN}serving${RESET} after $(human_ms $(($(now_ms) - begin)))"
  fi
}

take_down() {
  local id
  if ! stop_peers 5 "${ids[@]}"; then
    kill_peers "${ids[@]}" || die "some peers are still there after SIGKILL; see: $(call status)"
  fi
}

verb_down() {
  (($# == 0)) || die_usage "down takes no words; for one peer use stop"
  load_state
  take_down
  say "all ${#ids[@]} peers are down; their data and logs stay in $root"
  next up
}

verb_clean() {
  (($# == 0)) || die_usage "clean takes no words"
  if [[ ! -f $root/cluster.json ]]; then
    say "there is no cluster in $root"
  else
    load_state
    take_down
    for id in "${ids[@]}"; do
      rm -rf "${root:?}/$id"
    done
    rm -f "$root/cluster.json"
    rmdir "$root" 2>/dev/null || warn "$root holds other files, so it stays"
    release_ports "$root"
    say "removed the cluster in $root"
  fi
  next up
}

main() {
  local verb='' words=()
  root=${ZK_CLUSTER_DIR:-$REPO/.cluster}
  while (($# > 0)); do
    case $1 in
      --dir) need_value "$1" $# && root=$2 && shift 2 ;;
      -h | --help | help) usage && exit 0 ;;
      *) words+=("$1") && shift ;;
    esac
  done
  root=$(realpath -m "$root")
  set -- "${words[@]}"
  verb=${1:-}
  case $verb in
    up | status | logs | kill | stop | start | restart | down | clean) ;;
    '') usage >&2 && exit 2 ;;
    *) die_usage "there is no verb '$verb'" ;;
  esac
  shift
  "verb_$verb" "$@"
}

main "$@"
