# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154  # cluster.sh and its parts share these names
# What peers have written down, and what they answer: logs, call, trace, pcap, export.

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
  check_who logs "${who[@]:-all}"
  load_state
  targets=$(resolve "${who[@]:-all}")
  if [[ $follow == false ]]; then
    for id in $targets; do
      tail -n "$lines" "$root/$id/log" | label_lines "$id" "$targets"
    done
    next logs -f "${who[@]:-all}" >&2
    return 0
  fi
  follow_logs "$lines" "$targets"
}

# follow_logs LINES TARGETS: one tail takes the place of this script, so Ctrl-C and kill end it at once. Its headers say
# whose the next lines are; empty lines stand only before those.
follow_logs() {
  local id logs=() labels='/^$/d;'
  for id in $2; do
    logs+=("$root/$id/log")
    labels+="\\|^==> .*/$id/log <==\$|{s/.*/$(mark_of "$id")/;h;d};"
  done
  ((${#logs[@]} > 1)) || exec tail -n "$1" -F "${logs[@]}" 2>/dev/null
  exec tail -n "$1" -F "${logs[@]}" 2>/dev/null > >(exec sed -u "${labels}G;s/\\(.*\\)\\n\\(.*\\)/\\2\\1/")
}

mark_of() {
  local palette=("$BLUE" "$GREEN" "$YELLOW" "$RED")
  printf '%s' "${palette[$1 % 4]}$1|$RESET "
}

# label_lines ID TARGETS: with several logs on one screen each line says whose it is.
label_lines() {
  if [[ $2 == *$'\n'* ]]; then
    sed -u "s/^/$(mark_of "$1")/"
  else
    cat
  fi
}


# ---- call --------------------------------------------------------------------------------------

verb_call() {
  local word=${1:-} targets id answer answered=0
  [[ $word =~ ^[a-z]{4}$ ]] || die_usage "call takes a word of four letters, such as srvr, not '$word'"
  shift
  check_who call "${@:-all}"
  load_state
  targets=$(resolve "${@:-all}")
  for id in $targets; do
    if answer=$(ask "$id" "$word" | tr -d '\0') && [[ -n $answer ]]; then
      answered=$((answered + 1))
    elif is_running "$id"; then
      answer="(no answer)"
    else
      answer="(down)"
    fi
    label_lines "$id" "$targets" <<<"$answer"
  done
  ((answered > 0)) || die "nobody answered '$word'; see: $(call status)"
}

# ---- client ------------------------------------------------------------------------------------

# request_at ID... -- COMMAND PATH [TEXT]: a client that knows these servers, or, where each peer has a namespace, the
# first of them.
request_at() {
  local enter=() servers=''
  need_client
  [[ $network == loopback ]] || { keeper_pid >/dev/null && enter_peer "$1"; }
  while [[ $1 != -- ]]; do
    servers+=${servers:+,}127.0.0.1:${client_port[$1]} && shift
    [[ $network == loopback ]] || while [[ $1 != -- ]]; do shift; done
  done
  "${enter[@]}" /usr/bin/python3 "$REPO/scripts/cluster/client.py" "$servers" "${@:2}"
}

verb_client() {
  local at='' server='' words=() found id running=()
  while (($# > 0)); do
    case $1 in
      --at) need_value "$1" $# && at=$2 && shift 2 ;;
      --server) need_value "$1" $# && server=$2 && shift 2 ;;
      *) words+=("$1") && shift ;;
    esac
  done
  [[ ${words[0]:-} =~ ^(create|set|get|ls|delete|sync)$ ]] ||
    die_usage "client takes create, set, get, ls, delete or sync, a path, and perhaps a text; not '${words[0]:-}'"
  [[ ${words[1]:-} == /* ]] || die_usage "client ${words[0]} wants a path that begins with /, not '${words[1]:-}'"
  if [[ -n $server ]]; then
    [[ -z $at ]] || die_usage "client takes --at or --server, not both"
    need_client
    /usr/bin/python3 "$REPO/scripts/cluster/client.py" "$server" "${words[@]}"
    return
  fi
  check_who client "${at:=all}"
  load_state
  found=$(resolve "$at")
  for id in $found; do
    ! is_running "$id" || running+=("$id")
  done
  ((${#running[@]} > 0)) ||
    die "no peer runs that could take a client (down: ${found//$'\n'/, }); next: $(call start "$at")"
  request_at "${running[@]}" -- "${words[@]}"
}

# ---- trace, pcap -------------------------------------------------------------------------------

# traced: the peers that have written a trace.
traced() {
  local id
  for id in "${ids[@]}"; do
    [[ ! -s $root/$id/trace ]] || printf '%d\n' "$id"
  done
}

verb_trace() {
  local which=election html='' id files=()
  while (($# > 0)); do
    case $1 in
      --all) which=all && shift ;;
      --html) need_value "$1" $# && html=$2 && shift 2 ;;
      *) die_usage "trace does not know $1" ;;
    esac
  done
  load_state
  for id in $(traced); do
    files+=("$root/$id/trace")
  done
  ((${#files[@]} > 0)) ||
    die "nobody has written a trace: C peers do after $(call up --trace); for Java use $(call pcap F)"
  if [[ -n $html ]]; then
    exec "$REPO/scripts/trace/replay.sh" "${files[@]}" -o "$html"
  fi
  need_packages "to read traces" python3:python3
  python3 "$REPO/scripts/cluster/trace_lines.py" "$which" "${files[@]}"
}

# What passes between the servers, as a file for Wireshark, until Ctrl-C.
verb_pcap() {
  [[ $# == 1 && $1 != -* ]] || die_usage "pcap takes the name of the file to write"
  load_state
  exec "$REPO/scripts/trace/film.sh" --dir "$root" -o "$1"
}

# ---- export ------------------------------------------------------------------------------------

# A directory for a bug report: what was set, what was said, what was answered. No data, but a list
# of it.
verb_export() {
  local dir=${1:-} id
  [[ $# == 1 && $1 != -* ]] || die_usage "export takes the directory to make"
  load_state
  [[ ! -e $dir ]] || die "$dir is there already; name one that is not"
  on_leaving rm -rf "$dir.part"
  mkdir -p "$dir.part"
  cp "$root/cluster.json" "$dir.part/"
  verb_status_quietly >"$dir.part/status.txt"
  machine >"$dir.part/machine.txt"
  for id in "${ids[@]}"; do
    export_peer "$id" "$dir.part/$id"
  done
  mv "$dir.part" "$dir"
  stay
  say "exported ${#ids[@]} peers to $dir ($(du -sh "$dir" | cut -f 1))"
}

verb_status_quietly() {
  local lead count total quorum # from take_stock
  take_stock
  status_table "$count" "$total" "$quorum"
}

export_peer() {
  local id=$1 to=$2 file word
  mkdir -p "$to"
  for file in zoo.cfg log trace data/myid data/version-2/acceptedEpoch data/version-2/currentEpoch; do
    [[ ! -f $root/$id/$file ]] || cp "$root/$id/$file" "$to/"
  done
  (cd "$root/$id" && ls -lR data) >"$to/data.txt"
  is_running "$id" || return 0
  for word in srvr mntr conf envi; do
    ask "$id" "$word" 2>/dev/null | tr -d '\0' >"$to/$word.txt" || true
  done
}

machine() {
  local release=/etc/os-release
  uname -srm
  [[ ! -r $release ]] || sed -n 's/^PRETTY_NAME=//p' "$release"
  printf '%d processors\n' "$(nproc)"
  printf 'commit %s\n' "$(git -C "$REPO" describe --always --dirty 2>/dev/null || echo unknown)"
  # shellcheck disable=SC2016  # dpkg's dollars
  dpkg-query -W -f '${Package} ${Version}\n' zookeeper default-jre-headless 2>/dev/null || true
}
