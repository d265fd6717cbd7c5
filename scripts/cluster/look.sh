# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154  # cluster.sh and its parts share these names
# Looking at peers: what they say, what their logs say, the table of them, once or again and again.

# read_log ID: what the log since the last start tells, one line: state, round (hex), leader,
# election ms, and the time of the last change of state. The round is that of the last vote that
# came from the peer itself; a peer that joins a leader who is there already takes the leader's.
# An observer sends itself no votes, so all count for it. Whom a learner has reached, it follows.
read_log() {
  # shellcheck disable=SC2016  # awk's dollars
  local program='
    / - (Reading configuration from|Starting quorum peer, myid=)/ {
      state = "STARTING"; round = leader = election = "-"; when = $1 " " $2 }
    / - (LOOKING|FOLLOWING|LEADING|OBSERVING)$/ { state = $NF; when = $1 " " $2 }
    / - LOOKING$/ { round = leader = "-" }
    /LEADER ELECTION TOOK - [0-9]+ MS/ { election = $(NF - 1) }
    /Notification: my state:LOOKING;/ {
      for (i = 1; i <= NF; i++) if (split($i, part, ":") == 2) value[part[1]] = part[2]
      sub(/,.*/, "", value["n.sid"])
      if (value["n.sid"] == me || observer || value["n.state"] == "LEADING,") {
        round = value["n.round"]; leader = value["n.leader"]
        sub(/,.*/, "", round); sub(/,.*/, "", leader)
      }
    }
    /Successfully connected to leader, using address: / {
      port = $NF
      sub(/.*:/, "", port)
      if (match(peers, " " port "=[0-9]+ ")) {
        leader = substr(peers, RSTART, RLENGTH - 1)
        sub(/.*=/, "", leader)
      }
    }
    END { print state, round, leader, election, when }'
  local id peers=' '
  for id in "${ids[@]}"; do
    peers+="${quorum_port[$id]}=$id "
  done
  tail -c 2000000 "$root/$1/log" 2>/dev/null |
    awk -v me="$1" -v peers="$peers" -v observer="$([[ ${role[$1]} == observer ]] && echo 1 || echo 0)" \
      -v state=STARTING -v round=- -v leader=- -v election=- -v when=- "$program"
}

# probe ID: fills the tables for one peer. Serving peers answer for themselves; for the others
# their log speaks.
probe() {
  local id=$1 answer mode='' log_state when started
  pid[$id]=$(peer_pid "$root/$id/pid" "$root/$id/zoo.cfg" || true)
  state[$id]=DOWN serving[$id]=false
  leader_of[$id]=- round[$id]=- zxid[$id]=- election[$id]=- since[$id]=-
  [[ -n ${pid[$id]} ]] || return 0
  read -r log_state "round[$id]" "leader_of[$id]" "election[$id]" when < <(read_log "$id")
  state[$id]=$log_state
  [[ ${round[$id]} == - ]] || round[$id]=$((${round[$id]}))
  if is_paused "${pid[$id]}"; then
    state[$id]=PAUSED leader_of[$id]=-
    return 0
  fi
  answer=$(ask "$id" srvr | tr -d '\0' || true)
  # A read-only server looks for a leader still; when it begins to take readers is a matter of time.
  if [[ $answer =~ Zxid:\ (0x[0-9a-f]+).*Mode:\ ([a-z-]+) && ${BASH_REMATCH[2]} != read-only ]]; then
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

# is_paused PID: has somebody stopped it (SIGSTOP)?
is_paused() {
  local line
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  [[ ${line##*) } == T* ]]
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

# take_stock: probes all; sets lead, count, total and quorum of the caller.
take_stock() {
  count=0 quorum=false
  probe_all
  lead=$(the_leader)
  total=$(voter_count)
  if [[ -n $lead ]]; then
    count=$(serving_under "$lead")
    ((2 * count <= total)) || quorum=true
  fi
}

verb_status() {
  local json=false lead count total quorum # the last four: from take_stock
  while (($# > 0)); do
    case $1 in
      --json) json=true && shift ;;
      *) die_usage "status does not know $1" ;;
    esac
  done
  load_state
  take_stock
  measure_terminal
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
    LOOKING | STARTING | PAUSED) printf '%s' "$YELLOW" ;;
    DOWN) printf '%s' "$RED" ;;
  esac
}

narrow=false # does the whole table not fit the terminal?

# measure_terminal: sets narrow.
measure_terminal() {
  narrow=false
  [[ ! -t 1 ]] || (($(terminal_columns) >= 75)) || narrow=true
}

# status_table COUNT TOTAL QUORUM
status_table() {
  local id shown_since shown_election word joining=false colour=$RED verdict='no quorum' sides times=' %-9s %s'
  [[ $3 == false ]] || colour=$GREEN verdict='a quorum'
  [[ $narrow == false ]] || times=' %.0s%.0s' # takes the two words, and shows nothing of them
  # shellcheck disable=SC2059  # times is a format
  printf "%s%-5s %-5s %-7s %-10s %-7s %-6s %-12s$times%s\n" "$BOLD" \
    peer kind pid state leader round zxid election since "$RESET"
  for id in "${ids[@]}"; do
    shown_since=- shown_election=- word=${state[$id]}
    [[ ${since[$id]} == - ]] || shown_since=$(human_ms "${since[$id]}")
    [[ ${election[$id]} == - ]] || shown_election="${election[$id]} ms"
    if [[ $word =~ ^(LEADING|FOLLOWING|OBSERVING)$ && ${serving[$id]} == false ]]; then
      word+='~' joining=true
    fi
    # shellcheck disable=SC2059  # times is a format
    printf "%2d    %-5s %-7s %s%-10s%s %-7s %-6s %-12s$times\n" \
      "$id" "${kind[$id]}" "${pid[$id]:--}" "$(state_colour "${state[$id]}")" "$word" "$RESET" \
      "${leader_of[$id]}" "${round[$id]}" "${zxid[$id]}" "$shown_election" "$shown_since"
  done
  say "$colour$verdict$RESET: $1 of $2 voters serve"
  [[ $joining == false ]] || say "~ so its log says, but it does not serve yet"
  if [[ -r $root/network/groups ]] && read -r sides <"$root/network/groups"; then
    say "${YELLOW}cut${RESET}: $sides"
  fi
  suggest "$3"
}

# suggest QUORUM: what somebody who has just seen the table most likely wants.
suggest() {
  local id down=() paused=() up_voters=0 waiting=0
  for id in "${ids[@]}"; do
    [[ ${state[$id]} != DOWN ]] || down+=("$id")
    [[ ${state[$id]} != PAUSED ]] || paused+=("$id")
    [[ ${state[$id]} == DOWN || ${role[$id]} != participant ]] || up_voters=$((up_voters + 1))
    [[ ${state[$id]} == DOWN || ${serving[$id]} == true ]] || waiting=$((waiting + 1))
  done
  if [[ -e $root/network/groups ]]; then
    next heal
  elif ((${#paused[@]} > 0)); then
    next resume "${paused[@]}"
  elif [[ $1 == true ]]; then
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
  printf '  "network": "%s",\n' "$network"
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


# ---- watch -------------------------------------------------------------------------------------

verb_watch() {
  local every=500 times=0 i key frame
  while (($# > 0)); do
    case $1 in
      --every) need_value "$1" $# && check_number "$1" "$2" 100 60000 && every=$2 ;;
      --times) need_value "$1" $# && check_number "$1" "$2" 1 999999999 && times=$2 ;;
      *) die_usage "watch does not know $1" ;;
    esac
    shift 2
  done
  load_state
  if [[ -t 1 ]]; then
    on_leaving printf '\e[?25h\e[?1049l'
    printf '\e[?1049h\e[?25l' # a screen of its own, so that the old one comes back
  else
    trap 'exit 130' TERM
  fi
  for ((i = 1; times == 0 || i <= times; i++)); do
    measure_terminal
    frame=$(watch_frame)
    if [[ -t 1 ]]; then
      printf '\e[H%s\e[K\e[J' "${frame//$'\n'/$'\e[K\n'}"
    else
      printf '%s\n\n' "$frame"
    fi
    ((i != times)) || return 0
    if [[ ! -t 0 ]]; then
      sleep "$((every / 1000)).$(printf %03d $((every % 1000)))"
    elif read -rsn1 -t "$((every / 1000)).$(printf %03d $((every % 1000)))" key && [[ $key == q ]]; then
      return 0
    fi
  done
}

watch_frame() {
  local lead count total quorum # from take_stock
  take_stock
  printf '%s%s%s  %s  (q or Ctrl-C ends)\n\n' "$BOLD" "$root" "$RESET" "$(date +%T)"
  status_table "$count" "$total" "$quorum"
}
