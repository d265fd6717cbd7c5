# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154  # cluster.sh and its parts share these names
# Making an ensemble; starting, stopping, killing and freezing its peers.

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
      printf 'server.%d=%s:%d:%d:%s\n' "$other" "$(address_of "$other")" \
        "${quorum_port[$other]}" "${election_port[$other]}" "${role[$other]}"
    done
  } >"$dir/zoo.cfg"
}

# make_cluster VOTERS OBSERVERS MIX BASE_PORT
make_cluster() {
  local count=$(($1 + $2)) base=$4 id kinds
  IFS=, read -ra kinds <<<"$3"
  need_directory "$root" "the ensemble lives in it; name another one with --dir"
  if [[ -z $base && $network == namespaces ]]; then
    base=$PORT_FLOOR # nobody else is there
  elif [[ -z $base ]]; then
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

jobs_of_ours=()         # processes that this call has started
declare -A job_of=()    # by peer that this call has started: its process
declare -A log_lines=() # by peer that this call has started: the lines that its log had before
made=false              # has this call made the cluster?

# ---- starting and stopping ---------------------------------------------------------------------

# prepare_programs ID...: what these peers need to run at all.
prepare_programs() {
  local id kinds_of_these=''
  for id; do
    kinds_of_these+=,${kind[$id]}
  done
  need_kinds "$kinds_of_these"
}

# start_peer ID: in a session of its own, so that it outlives this script and its terminal. False
# if it ran already. Until setsid has run, Ctrl-C reaches the peer as well: it ignores SIGINT until it is a
# peer, for bash 5.2 does not see to that in a ( ) &.
start_peer() {
  local id=$1 dir=$root/$1 command enter options=()
  ! peer_pid "$dir/pid" "$dir/zoo.cfg" >/dev/null || return 1
  [[ ! -f $dir/properties ]] || mapfile -t options <"$dir/properties" # what has no name in zoo.cfg; stories write it
  if [[ ${kind[$id]} == java ]]; then
    command=("$REPO/scripts/java-node.sh" "$dir/zoo.cfg" "${options[@]}")
  else
    command=("$REPO/scripts/node.sh")
    [[ $trace == false ]] || command+=(--trace "$dir/trace")
    command+=("${options[@]}" "$dir/zoo.cfg")
  fi
  enter_peer "$id"
  log_lines[$id]=0
  [[ ! -f $dir/log ]] || log_lines[$id]=$(wc -l <"$dir/log")
  (
    trap '' INT
    printf '%d\n' "$BASHPID" >"$dir/pid" # by itself, so that no Ctrl-C comes between
    exec "${enter[@]}" env "--chdir=$dir" setsid "${command[@]}" </dev/null >>"$dir/log" 2>&1
  ) &
  jobs_of_ours+=($!)
  job_of[$id]=$!
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
    signal_peer CONT "$(pidfile_of "$id")" "$(cfg_of "$id")" || true # a frozen one hears nothing
  done
  wait_gone "$seconds" "$@"
}

# kill_peers ID...: SIGKILL, and wait until the kernel has taken them away.
kill_peers() {
  local id
  for id; do
    signal_peer KILL "$(pidfile_of "$id")" "$(cfg_of "$id")" || true
  done
  wait_gone "${ZK_CLUSTER_WAIT:-5}" "$@"
}

# runs_as_job ID: has this call started it, and does its process still run? Unlike is_running this can be told in
# the middle of an exec, too.
runs_as_job() {
  [[ -n ${job_of[$1]:-} ]] && kill -0 "${job_of[$1]}" 2>/dev/null
}

# die_if_one_died ID...: a peer that ends while we wait for it has something to say.
die_if_one_died() {
  local id
  for id; do
    is_running "$id" || runs_as_job "$id" || die_for_peer "$id"
  done
}

# die_for_peer ID: it has ended by itself; its last line at level ERROR says why ("Unexpected exception, exiting abnormally"
# comes behind the line that does), or else its last line.
# If SIGINT has ended it, that was Ctrl-C in the instant before it could ignore that, and then Ctrl-C was meant
# for this script, which may not have heard it: bash 5.2 loses a SIGINT now and then.
die_for_peer() {
  local words status=0
  [[ -z ${job_of[$1]:-} ]] || wait "${job_of[$1]}" || status=$?
  ((status != 130)) || exit 130
  words=$(tail -n "+$((${log_lines[$1]:-0} + 1))" "$root/$1/log" |
    grep ' - ERROR ' | grep -v 'exception, exiting abnormally$' | tail -n 1 || true)
  [[ -n $words ]] || words=$(tail -n 1 "$root/$1/log")
  say "$words" >&2
  warn "peer $1 died; the line above is its last word about that, and the other peers run on"
  next logs -n 200 "$1"
  exit 1
}

# wait_begun SECONDS ID...: waits until each of them has begun to look for a leader; until then it reads what
# it needs, and dies if that is no good.
wait_begun() {
  local end=$(($(now_ms) + $1 * 1000)) id
  shift
  for id; do
    until tail -n "+$((${log_lines[$id]:-0} + 1))" "$root/$id/log" | grep -qE ' - (LOOKING|OBSERVING)$'; do
      die_if_one_died "$id"
      (($(now_ms) < end)) || return 0
      sleep 0.03
    done
  done
}

# tell_no_quorum: true if too few voters run for a quorum, which it says.
tell_no_quorum() {
  local id up=0
  for id in $(voters); do
    ! is_running "$id" || up=$((up + 1))
  done
  ((up < $(quorum_size))) || return 1
  say "$up of $(voter_count) voters run and a quorum needs $(quorum_size), so none can serve yet"
}

# wait_serving WANTED SECONDS ID...: waits until WANTED of the listed peers serve; prints nothing.
wait_serving() {
  local wanted=$1 end=$(($(now_ms) + $2 * 1000)) id count
  shift 2
  while true; do
    count=0
    for id; do
      ! mode_of "$id" >/dev/null || count=$((count + 1))
    done
    ((count < wanted)) || return 0
    die_if_one_died "$@"
    (($(now_ms) < end)) || return 1
    sleep 0.03
  done
}

# check_only COUNT WORDS: of the peers that are about to be made.
check_only() {
  local word
  for word in $2; do
    [[ $word != *[!0-9]* ]] || continue
    ((10#$word >= 1 && 10#$word <= $1)) || die_usage "--only: there is no peer $word among $1"
  done
}

verb_up() {
  local n='' observers=0 mix='' base='' wait=${ZK_CLUSTER_WAIT:-20} asked=() new_tick=${ZK_CLUSTER_TICK:-500} new_trace=false commas only=''
  local new_network=loopback
  while (($# > 0)); do
    case $1 in
      --trace) new_trace=true && asked+=("$1") && shift && continue ;;
      --namespaces) new_network=namespaces && asked+=("$1") && shift && continue ;;
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
      --line)
        [[ $2 == ?*=* ]] || die_usage "--line takes KEY=VALUE, not '$2'"
        more_lines+=("$2")
        ;;
      --only)
        only=${2//,/ }
        # shellcheck disable=SC2086  # words
        check_who --only $only
        ;;
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
    n=${n:-3} mix=${mix:-c}
    check_only "$((n + observers))" "$only"
    need_kinds "$mix" # before there is anything that a failure would leave behind
    tick=$new_tick trace=$new_trace network=$new_network
    [[ $network == loopback ]] || need_namespaces >/dev/null
    made=true
    on_leaving undo
    make_cluster "$n" "$observers" "$mix" "$base"
  fi
  # shellcheck disable=SC2086  # words
  only=$(resolve ${only:-all})
  # shellcheck disable=SC2086  # numbers
  bring_up "$wait" $only
}

# undo: if this call is interrupted, it ends what it has started and takes away what it has made; for on_leaving.
# The peers are not looked up by their pid files, because the newest may not have its file yet. Status 2 is
# Ctrl-C, too: bash 5.2 ends so if it meets that while it reads a $( ).
undo() {
  ((leave_status == 130 || leave_status == 2)) || return 0
  if ((${#jobs_of_ours[@]} > 0)); then
    kill -s KILL "${jobs_of_ours[@]}" "$!" 2>/dev/null || true
    wait "${jobs_of_ours[@]}" 2>/dev/null || true
  fi
  if [[ $made == true ]]; then
    remove_cluster
    warn "interrupted: removed what this call had made"
  else
    warn "interrupted: stopped the peers that this call had started"
  fi
}

# remove_cluster: its files and its ports; all is down.
remove_cluster() {
  local id
  for id in "${ids[@]}"; do
    rm -rf "${root:?}/$id"
  done
  rm -rf "${root:?}/network"
  rm -f "$root/cluster.json" "$root/cluster.json.tmp"
  rmdir "$root" 2>/dev/null || warn "$root holds other files, so it stays"
  release_ports "$root"
}

# bring_up SECONDS ID...: starts what is down and waits for a quorum, then a little for the rest.
bring_up() {
  local seconds=$1 id begin needed took lead observers started=() starting=()
  shift
  on_leaving undo
  prepare_programs "$@"
  start_network
  begin=$(now_ms)
  for id; do
    if start_peer "$id"; then
      started+=("$id")
      say "started peer $id (${kind[$id]}, ${role[$id]}, client port ${client_port[$id]})"
    fi
    [[ ${role[$id]} == observer ]] || starting+=("$id")
  done
  if ((seconds > 0)); then
    wait_begun "$seconds" "${started[@]}"
    if tell_no_quorum; then
      stay
      next start ID
      return 0
    fi
  fi
  mapfile -t observers < <(resolve_word observers)
  needed=$(quorum_size)
  if ! wait_serving "$needed" "$seconds" "${starting[@]}"; then
    warn "no quorum after $seconds s; the peers still run"
    next status
    exit 1
  fi
  took=$(($(now_ms) - begin))
  wait_serving $# "${ZK_CLUSTER_WAIT:-5}" "$@" || true
  probe_all
  lead=$(the_leader)
  if ((${#started[@]} == 0)); then
    say "All $# peers were up already; peer $lead leads."
  else
    say "${GREEN}Ready after $(human_ms "$took")${RESET}: peer $lead leads," \
      "$(serving_under "$lead") of $(voter_count) voters serve" \
      "(observers: ${#observers[@]})."
  fi
  stay
  tell_clients "$@"
  next status
}

# tell_clients ID...: where a client connects.
tell_clients() {
  local id servers=''
  [[ $network == loopback ]] || return 0
  for id; do
    servers+=${servers:+,}127.0.0.1:${client_port[$id]}
  done
  say "clients connect to: $servers"
  say "  for example: /usr/share/zookeeper/bin/zkCli.sh -server $servers (of Debian's package zookeeper)"
  say "  or without Java: $(call client create /greeting hello)"
}

verb_kill() {
  local targets id
  check_who kill "$@"
  load_state
  targets=$(resolve "$@")
  for id in $targets; do
    is_running "$id" || { say "peer $id is down already" && continue; }
    kill_peers "$id" || die "peer $id is still there ${ZK_CLUSTER_WAIT:-5} s after SIGKILL"
    say "killed peer $id (SIGKILL)"
  done
  next status
}

# signal_all SIGNAL DONE WHO...: signals those that run; DONE is what has happened to them then.
signal_all() {
  local signal=$1 done=$2 targets id
  shift 2
  load_state
  targets=$(resolve "$@")
  for id in $targets; do
    if signal_peer "$signal" "$(pidfile_of "$id")" "$(cfg_of "$id")"; then
      say "$done peer $id (SIG$signal)"
    else
      say "peer $id is down"
    fi
  done
}

verb_pause() {
  check_who pause "$@"
  signal_all STOP froze "$@"
  next resume "$@"
}

verb_resume() {
  check_who resume "$@"
  signal_all CONT thawed "$@"
  next status
}

verb_stop() {
  local targets id running=()
  check_who stop "$@"
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
    stop_peers "${ZK_CLUSTER_WAIT:-10}" "${running[@]}" ||
      die "not all have ended ${ZK_CLUSTER_WAIT:-10} s after SIGTERM; the hard way: $(call kill "$@")"
    say "stopped ${running[*]} (SIGTERM)"
  fi
  # shellcheck disable=SC2086  # numbers
  next start $targets
}

# parse_who VERB WORD...: splits `--wait S` from the words; sets who and wait.
parse_who() {
  local verb=$1
  shift
  who=() wait=${ZK_CLUSTER_WAIT:-10}
  while (($# > 0)); do
    case $1 in
      --wait) need_value "$1" $# && check_number "$1" "$2" 0 3600 && wait=$2 && shift 2 ;;
      *) who+=("$1") && shift ;;
    esac
  done
  check_who "$verb" "${who[@]}"
}

verb_start() {
  local who wait targets # who and wait: from parse_who
  parse_who start "$@"
  load_state
  targets=$(resolve "${who[@]}")
  # shellcheck disable=SC2086  # numbers
  start_and_wait "$wait" $targets
  next status
}

# Role words mean what the peers are now, before they are stopped.
verb_restart() {
  local who wait targets # who and wait: from parse_who
  parse_who restart "$@"
  load_state
  targets=$(resolve "${who[@]}")
  # shellcheck disable=SC2086  # numbers
  stop_peers "${ZK_CLUSTER_WAIT:-10}" $targets ||
    die "not all have ended ${ZK_CLUSTER_WAIT:-10} s after SIGTERM; the hard way: $(call kill "${who[@]}")"
  # shellcheck disable=SC2086  # numbers
  start_and_wait "$wait" $targets
  next status
}

# start_and_wait SECONDS ID...: waits only where waiting can succeed.
start_and_wait() {
  local seconds=$1 id begin started=()
  shift
  prepare_programs "$@"
  on_leaving undo
  start_network
  begin=$(now_ms)
  for id; do
    if start_peer "$id"; then
      started+=("$id")
      say "started peer $id (${kind[$id]})"
    else
      say "peer $id runs already"
    fi
  done
  ((seconds == 0)) || wait_begun "$seconds" "${started[@]}"
  if ! tell_no_quorum && ((seconds > 0)); then
    wait_serving $# "$seconds" "$@" || die "not all serve after $seconds s; see: $(call status)"
    say "${GREEN}serving${RESET} after $(human_ms $(($(now_ms) - begin)))"
  fi
  stay
}

take_down() {
  local id
  if ! stop_peers "${ZK_CLUSTER_WAIT:-5}" "${ids[@]}"; then
    kill_peers "${ids[@]}" || die "some peers are still there after SIGKILL; see: $(call status)"
  fi
  stop_network
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
    remove_cluster
    say "removed the cluster in $root"
  fi
  next up
}

