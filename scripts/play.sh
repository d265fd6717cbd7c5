#!/usr/bin/env bash
# Plays a story: real peers, started, killed, frozen and cut off as a small file says, with what a
# reader should expect at each step, and why.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"
# shellcheck source=cluster/state.sh
source "$REPO/scripts/cluster/state.sh"
# shellcheck source=cluster/network.sh
source "$REPO/scripts/cluster/network.sh"
# shellcheck source=cluster/look.sh
source "$REPO/scripts/cluster/look.sh"
# shellcheck source=cluster/run.sh
source "$REPO/scripts/cluster/run.sh"
# shellcheck source=stories/parse.sh
source "$REPO/scripts/stories/parse.sh"

usage() {
  cat <<'END'
Usage: play.sh STORY [--on KINDS] [--record DIR] [--keep DIR] [--patience S] | play.sh --list

Plays one of scripts/stories/*.story (its name, or the path of a file) with real peers on this
machine, tells what happens, and fails at the first step whose expectation does not come true in
time. Everything is taken down at the end, however it ends.

      --on KINDS     c, java, or a list such as c,java,c, dealt round and round (default c)
      --record DIR   write down what can be compared: outcome, and times (DIR is made)
      --keep DIR     keep logs and traces there
      --patience S   seconds in which an expectation must come true (default 20)
      --list         the stories, and the question that each answers
  -h, --help         this text

A story's file has a head, an empty line, then text for the reader and steps, which begin with "> ":
  > start|stop|kill|restart|pause|resume WHO...    as in cluster.sh
  > partition 3/1,2        > heal
  > expect 3 leads; 1 and 2 follow 3; epoch 1; round 1      also: looks, votes for 3,
                                                          observes 3, is down, is frozen
  > log 1: TEXT            the log of 1 holds this text
  > quiet 1                for 1 s nobody holds an election
  > write 3 /a one         a client of 3 makes /a, or sets its data, and is answered
  > write 3 /a one unanswered    it is not, within 1 s
  > write 3 /a 600 times   so many writes, one behind the other
  > read 2 /a one          a client of 2 reads this in /a (or: nothing, if there is no such node)
  > wrong election port of 3 in 1        (or quorum port) a mistake in the zoo.cfg of 1
  > mend 1                 the zoo.cfg of 1 is right again (restart it, for it reads it at start)
A client that lives from step to step has a name:
  > Ann connects to 1 for 4000 ms            a session; also: read-only
  > Ann creates /a one     > Ann creates /a/n- one ephemeral sequential as /a/n-0000000000
  > Ann writes /a one      also: unanswered, refused (the server is read-only), and is cut off
  > Ann reads /a one       she may have to wait for it; "Ann reads /a still one" asks once
  > Ann lists /a x y       > Ann syncs /a          also: unanswered
  > Ann watches /a         > Ann sees /a changed   (created, deleted)     > Ann sees nothing
  > Ann moves to 2         the same session, over a new connection to 2
  > Ben continues Ann at 2 the same, but the connection of Ann stays as well
  > Ann is cut off         her server has ended the connection      > Ann is barred from 3
  > Ann dies               nobody tells the servers                 > Ann leaves
Exit: 0 all came as told, 1 it did not, 2 wrong usage, 77 the story needs what this machine refuses.
END
}

readonly MAX_SESSION_MS=60000 # a session that the story does not want to end must outlast a busy machine
patience_ms=20000
keep=''      # where to leave logs and traces, or empty
dir=''       # holds the cluster and what is said
record=''    # where to write down, or empty
step=0 step_text=''
acted_at=0   # when the last step was taken
declare -A log_end             # by id: bytes of its log that earlier steps have told of
declare -A old_state old_epoch # by id: as of the last expectation
declare -A accepted current    # by id: the two epochs on its disk
declare -A client_pid client_in client_out # by name of a client: its process, and what it reads and writes

# cluster VERB...: this story's cluster, its chatter kept for the case that it fails.
cluster() {
  if ! "$REPO/scripts/cluster.sh" --dir "$root" "$@" >"$dir/words" 2>&1; then
    cat "$dir/words" >&2
    die "the step '$step_text' failed; its words are above"
  fi
}

clean_up() {
  local scratch=$1 pid
  for pid in "${client_pid[@]}"; do
    kill -s KILL "$pid" 2>/dev/null || true
  done
  [[ -z $keep || ! -d $scratch/cluster ]] || { mkdir -p "$keep" && cp -rp "$scratch/cluster/." "$keep" && say "logs and traces: $keep"; }
  "$REPO/scripts/cluster.sh" --dir "$scratch/cluster" clean >/dev/null 2>&1 ||
    warn "the peers in $scratch could not all be stopped"
  rm -rf "$scratch"
}

# ---- steps -------------------------------------------------------------------------------------

take_step() {
  local verb=${1%% *} words=()
  read -ra words <<<"$1"
  step=$((step + 1)) step_text=$1
  say "${BOLD}> $1${RESET}"
  case $verb in
    expect) expect "${1#expect }" ;;
    log) expect_log "${words[1]%:}" "${1#*: }" ;;
    quiet) expect_quiet "${words[1]}" ;;
    write) write_node "${words[@]:1}" ;;
    read) read_node "${words[@]:1}" ;;
    wrong) make_wrong "${words[1]}" "${words[4]}" "${words[6]}" ;;
    mend) write_peer "${words[1]}" ;;
    [A-Z]*) client_step "${words[@]}" ;;
    start | restart)
      acted_at=$(now_ms)
      cluster "${words[@]}" --wait 0
      ;;
    *)
      acted_at=$(now_ms)
      cluster "${words[@]}"
      ;;
  esac
}

# make_wrong election|quorum OF IN: a port of the block that nobody listens at.
make_wrong() {
  local -n port=$1_port
  sed -i -E "/^server\.$2=/s/:${port[$2]}:/:$((client_port[$2] + 90)):/" "$(cfg_of "$3")"
}

# client PEER WORD...: stories/client.py, where the peer lives.
client() {
  local enter=()
  enter_peer "$1"
  "${enter[@]}" /usr/bin/python3 "$REPO/scripts/stories/client.py" "${client_port[$1]}" "${@:2}" 2>"$dir/words"
}

# write_node PEER PATH VALUE [unanswered], or PEER PATH COUNT times
write_node() {
  local status=0
  acted_at=$(now_ms)
  case ${4:-} in
    times) client "$1" times "$2" "$3" || status=$? ;;
    unanswered)
      client "$1" write "$2" "$3" 1 || status=$? # it stops waiting; the server does not know
      ((status == 3)) || die "a client of $1 writes $2, and is answered"
      return 0
      ;;
    *) client "$1" write "$2" "$3" || status=$? ;;
  esac
  ((status == 0)) || { cat "$dir/words" >&2 && die "a client of $1 writes $2, and is not answered"; }
}

# read_node PEER PATH VALUE: it may take a moment until the peer has it.
read_node() {
  local found
  found=$(client "$1" read "$2" "$3" $((patience_ms / 1000))) || { cat "$dir/words" >&2 && die "peer $1 does not answer"; }
  [[ $found == "$3" ]] || die "peer $1 has $found in $2, and not $3"
}

# ---- clients that live from step to step ---------------------------------------------------------

# start_client NAME: a process of its own, stories/session.py. Where each peer has a network of its own, it begins in the hub,
# and goes where a server lives when it dials it.
start_client() {
  local name=$1 id spec servers=() enter=() in out
  [[ -z ${client_pid[$name]:-} ]] || return 0
  for id in "${ids[@]}"; do
    spec=$id:${client_port[$id]}
    [[ $network != namespaces ]] || spec+=:/run/netns/z$id
    servers+=("$spec")
  done
  [[ $network != namespaces ]] || enter_hub
  mkfifo "$dir/$name.in" "$dir/$name.out"
  exec {in}<>"$dir/$name.in" {out}<>"$dir/$name.out"
  client_in[$name]=$in client_out[$name]=$out
  STORY_NAMES=$root/clients.jsonl STORY_PATIENCE_S=$((patience_ms / 1000)) "${enter[@]}" \
    /usr/bin/python3 "$REPO/scripts/stories/session.py" "$name" "${servers[@]}" \
    <"$dir/$name.in" >"$dir/$name.out" 2>"$dir/$name.err" &
  client_pid[$name]=$!
  disown # bash need not tell that it was killed
}

# tell_client NAME WORD...: a command, as session.py has them. The step fails unless it comes as told.
tell_client() {
  local name=$1 heard=''
  [[ -n ${client_pid[$name]:-} ]] || die "the step '$step_text' needs $name, who has not connected yet"
  printf '%s\n' "${*:2}" >&"${client_in[$name]}"
  if ! read -r -t $((patience_ms / 1000 + 20)) heard <&"${client_out[$name]}"; then
    cat "$dir/$name.err" >&2
    die "$name says nothing at '$step_text'"
  fi
  [[ $heard == ok* ]] || die "it was to be '$step_text', but ${heard#no }"
  [[ $heard == 'ok ' ]] || say "  ${DIM}$name: ${heard#ok } ($(human_ms $(($(now_ms) - acted_at))))${RESET}"
  write outcome client "$name" "${heard#ok }"
}

# client_step NAME VERB WORD...: what the story has the client do, in the words of session.py. Times are told since the last
# thing that anybody has done; to see, to be cut off or to be barred is not to do.
client_step() {
  local name=$1 what=$2 path=${3:-} value=${4:-} flags=0 called
  case $what in
    sees | is) ;;
    *) acted_at=$(now_ms) ;;
  esac
  case $what in
    connects)
      start_client "$name"
      called=read-write flags=$MAX_SESSION_MS
      [[ $step_text != *' read-only' ]] || called=read-only
      [[ ${5:-} != for ]] || flags=$6
      tell_client "$name" connect "$4" "$flags" "$called"
      ;;
    continues)
      start_client "$name"
      tell_client "$3" save "$dir/$3.session"
      tell_client "$name" adopt "$dir/$3.session" "$5"
      ;;
    moves) tell_client "$name" move "$4" ;;
    creates)
      called=$path
      [[ $step_text != *' ephemeral'* ]] || flags=$((flags + 1))
      [[ $step_text != *' sequential '* ]] || flags=$((flags + 2)) called=${*: -1}
      tell_client "$name" create "$path" "$value" "$flags" "$called"
      ;;
    writes) client_writes "$name" "$path" "$value" ;;
    reads)
      if [[ $value == still ]]; then
        tell_client "$name" now "$path" "$5"
      else
        tell_client "$name" get "$path" "$value"
      fi
      ;;
    lists) tell_client "$name" list "${@:3}" ;;
    syncs)
      if [[ $value == unanswered ]]; then
        tell_client "$name" mute sync "$path"
      else
        tell_client "$name" sync "$path"
      fi
      ;;
    watches) tell_client "$name" watch "$path" ;;
    sees)
      if [[ $path == nothing ]]; then
        tell_client "$name" silence
      else
        tell_client "$name" event "$path" "$value"
      fi
      ;;
    is)
      if [[ $path == cut ]]; then
        tell_client "$name" cut
      else
        tell_client "$name" barred "$5"
      fi
      ;;
    dies) kill_client "$name" ;;
    leaves)
      tell_client "$name" close
      kill_client "$name"
      ;;
  esac
}

client_writes() {
  case $step_text in
    *' unanswered') tell_client "$1" mute set "$2" "$3" ;;
    *' refused') tell_client "$1" refused "$2" ;;
    *' and is cut off') tell_client "$1" broken "$2" ;;
    *) tell_client "$1" set "$2" "$3" ;;
  esac
}

kill_client() {
  local in=${client_in[$1]} out=${client_out[$1]}
  kill -s KILL "${client_pid[$1]}"
  exec {in}>&- {out}>&-
  rm -f "$dir/$1.in" "$dir/$1.out"
  unset "client_pid[$1]" "client_in[$1]" "client_out[$1]"
}

expect_log() {
  local end=$(($(now_ms) + patience_ms))
  until grep -qF -- "$2" "$root/$1/log"; do
    (($(now_ms) < end)) || die "the log of peer $1 does not say: $2"
    sleep 0.05
  done
}

elections_begun() {
  local id
  for id in "${ids[@]}"; do
    grep -c 'New election. My id' "$root/$id/log" 2>/dev/null || true
  done
}

expect_quiet() {
  local before after
  before=$(elections_begun)
  sleep "$1"
  after=$(elections_begun)
  [[ $before == "$after" ]] || die "there was an election within $1 quiet seconds"
}

# ---- expectations ------------------------------------------------------------------------------

# read_epochs: what is on the disks.
read_epochs() {
  local id versions
  for id in "${ids[@]}"; do
    versions=$root/$id/data/version-2
    accepted[$id]=- current[$id]=-
    [[ ! -r $versions/acceptedEpoch ]] || read -r "accepted[$id]" <"$versions/acceptedEpoch" || true
    [[ ! -r $versions/currentEpoch ]] || read -r "current[$id]" <"$versions/currentEpoch" || true
  done
}

# unmet FACTS: prints the first fact that is not true now; nothing if all are.
unmet() {
  local facts fact words id subjects rest now
  facts=$(story_facts "$1") || die "I cannot read '$1'"
  while IFS= read -r fact; do
    read -ra words <<<"$fact"
    case ${words[0]} in
      epoch | round)
        for id in "${ids[@]}"; do
          [[ ${serving[$id]} == true ]] || continue
          now=${round[$id]}
          [[ ${words[0]} == round ]] || now=${accepted[$id]}
          # The claim must have followed the promise.
          [[ ${words[0]} == round || ${current[$id]} == "$now" ]] || now+=" (promised)"
          [[ $now == "${words[1]}" ]] || { say "it is $fact, for peer $id has $now" && return; }
        done
        continue
        ;;
    esac
    subjects=$(story_subjects "$fact")
    rest=$(story_predicate "$fact")
    for id in $subjects; do
      is_true "$id" "$rest" || { say "peer $id ${rest/#are/is}: it is ${state[$id]} of ${leader_of[$id]}" && return; }
    done
  done <<<"$facts"
}

# is_true ID PREDICATE: of the tables that probe_all() has filled.
is_true() {
  local leader=${2##* }
  case $2 in
    lead*) [[ ${state[$1]} == LEADING && ${serving[$1]} == true ]] ;;
    follow*) [[ ${state[$1]} == FOLLOWING && ${serving[$1]} == true && ${leader_of[$1]} == "$leader" ]] ;;
    observe*) [[ ${state[$1]} == OBSERVING && ${serving[$1]} == true && ${leader_of[$1]} == "$leader" ]] ;;
    vote*) [[ $(last_vote "$1") == "$leader" ]] ;;
    look*) [[ ${state[$1]} == LOOKING && (${round[$1]} != - || ${role[$1]} == observer) ]] ;;
    *down) [[ ${state[$1]} == DOWN ]] ;;
    *frozen) [[ ${state[$1]} == PAUSED ]] ;;
  esac
}

# last_vote ID: whom it voted for last.
last_vote() {
  sed -n "s/.* - Notification: .* n\\.sid:$1, n\\.state:LOOKING, n\\.leader:\\([0-9]*\\),.*/\\1/p" "$root/$1/log" |
    tail -n 1
}

expect() {
  local end=$(($(now_ms) + patience_ms)) missing
  while true; do
    probe_all
    read_epochs
    missing=$(unmet "$1")
    [[ -n $missing ]] || break
    if (($(now_ms) >= end)); then
      status_now
      die "after $(human_ms "$patience_ms") it is still not true that $missing"
    fi
    sleep 0.15 # looking costs a processor more than waiting does
  done
  tell $(($(now_ms) - acted_at))
}

status_now() {
  local lead count total quorum # from take_stock
  take_stock
  status_table "$count" "$total" "$quorum" >&2
}

# ---- what is told and written down -------------------------------------------------------------

# write FILE FIELD...: one line with tabs.
write() {
  local file=$1 IFS=$'\t'
  shift
  [[ -z $record ]] || printf '%s\n' "$*" >>"$record/$file"
}

# joined ID: did it find a leader who led before? Which votes it hears until then is chance.
joined() {
  local lead=${leader_of[$1]}
  [[ ${role[$1]} == observer ]] ||
    { [[ $lead != - && ${old_state[$lead]:-} == LEADING ]] && [[ ${old_epoch[$lead]} == "${current[$lead]}" ]]; }
}

# compared ID OWN HEARD: what of its votes must be the same on all kinds of peers: all that it voted,
# and the last word that it heard from each other peer in an election that it decided. What came
# before the last word may have been replaced on its way by what came after it.
compared() {
  if [[ ${head[undetermined]:-} == *votes* || ${state[$1]} == DOWN || ${state[$1]} == PAUSED ]] || joined "$1"; then
    say '*'
  elif [[ -n $2 && ${serving[$1]} == true ]]; then
    say "$2; heard $(sed -E 's/: ([^;]* )?([^ ;]+)/: \2/g' <<<"$3")"
  else
    say "${2:--}"
  fi
}

# tell MS: the peers after a step that took so long, on the screen and for comparison.
tell() {
  local id kindless shown_round shown_zxid size own heard phases what first rest
  write outcome step "$step" "$step_text"
  write times "$step" all "$1"
  for id in "${ids[@]}"; do
    [[ ${state[$id]} != DOWN ]] || round[$id]=- leader_of[$id]=-
    shown_round=${round[$id]}
    [[ ${head[undetermined]:-} != *rounds* ]] || shown_round='*'
    shown_zxid=${zxid[$id]}
    [[ ${head[undetermined]:-} != *zxids* ]] || shown_zxid='*'
    [[ ${role[$id]} != observer ]] || shown_round='*' # it sends itself no votes, so its log is mute
    size=$(stat -c %s "$root/$id/log" 2>/dev/null || echo 0)
    own='' heard='' phases=''
    while IFS=$'\t' read -r what first rest; do
      case $what in
        own) own=$first ;;
        heard) heard+="${heard:+; }$first: $rest" ;;
        phases) phases="election $first ms, discovery ${rest%$'\t'*} ms, synchronization ${rest#*$'\t'} ms" ;;
      esac
    done < <(head -c "$size" "$root/$id/log" 2>/dev/null |
      python3 "$REPO/scripts/stories/votes.py" "$id" "${log_end[$id]:-0}")
    log_end[$id]=$size
    kindless="${state[$id]} leader ${leader_of[$id]} round $shown_round"
    kindless+=" epochs ${accepted[$id]}/${current[$id]} zxid $shown_zxid"
    write outcome facts "$id" "$kindless"
    write outcome votes "$id" "$(compared "$id" "$own" "$heard")"
    write votes "$step" "$id" "${own:--}" "${heard:--}"
    [[ -z $phases ]] || write times "$step" "$id" "$phases"
    tell_peer "$id" "$own" "$heard" "$phases"
  done
  for id in "${ids[@]}"; do
    old_state[$id]=${state[$id]} old_epoch[$id]=${current[$id]}
  done
  say "  ${DIM}$(human_ms "$1") after the step before${RESET}"
}

tell_peer() {
  local id=$1
  printf '  %2d %-4s %s%-9s%s leader %-2s round %-2s epochs %-4s zxid %-12s%s\n' "$id" "${kind[$id]}" \
    "$(state_colour "${state[$id]}")" "${state[$id]}" "$RESET" "${leader_of[$id]}" "${round[$id]}" \
    "${accepted[$id]}/${current[$id]}" "${zxid[$id]}" "${2:+ votes ${2// /, }}"
  [[ -z $3 && -z $4 ]] || say "     ${DIM}${3:+heard $3}${3:+${4:+; }}$4${RESET}"
}

# ---- the whole ---------------------------------------------------------------------------------

prepare() {
  local words
  make_scratch dir clean_up
  root=$dir/cluster
  if [[ ${head[namespaces]} == yes ]]; then
    need_namespace_tools
    if ! words=$(namespace_flags); then
      say "skipped: $story needs a network for each peer, and this machine gives none: $words" \
        "(to allow it: $(how_to_allow_namespaces))"
      exit 77
    fi
    network=namespaces
  fi
  tick=${head[tick]}
  [[ -z $keep ]] || trace=true
  read -ra more_lines <<<"${head[lines]:-} maxSessionTimeout=$MAX_SESSION_MS"
  make_cluster "${head[peers]}" "${head[observers]}" "$mix" ''
  if [[ -n ${head[properties]:-} ]]; then
    for words in "${ids[@]}"; do
      printf -- '-D%s\n' "${head[properties]}" >"$root/$words/properties"
    done
  fi
  prepare_programs "${ids[@]}"
  if [[ -n $record ]]; then
    mkdir -p "$record"
    rm -f "$record"/{outcome,votes,times}
  fi
}

play() {
  local line began lines
  began=$(now_ms)
  lines=$(story_body "$file") || die "I cannot read $file" # < <( ) would not tell that it fails
  say "${BOLD}${head[question]}${RESET}"
  say "${DIM}  votes 2@1, 3@1   it voted for 2 and then for 3, both in round 1"
  say "  heard 1: 3@1     the last vote that it heard from 1 was for 3, in round 1"
  say "  epochs 2/1       it has accepted epoch 2; its history belongs to epoch 1${RESET}"
  say ""
  while IFS= read -r line; do
    if [[ $line == '> '* ]]; then
      take_step "${line#> }"
    else
      say "$line"
    fi
  done <<<"$lines"
  say "${GREEN}All came as told${RESET}, on ${mix//,/, }, in $(human_ms $(($(now_ms) - began)))."
}

main() {
  local story='' mix=c file
  local -A head
  while (($# > 0)); do
    case $1 in
      --on) need_value "$1" $# && mix=$2 && shift 2 ;;
      --record) need_value "$1" $# && record=$2 && shift 2 ;;
      --keep) need_value "$1" $# && keep=$2 && shift 2 ;;
      --patience)
        need_value "$1" $# && check_number "$1" "$2" 1 3600
        patience_ms=${2}000
        shift 2
        ;;
      --list)
        (($# == 1)) || die_usage "--list takes no words, and there is '$2'"
        story_list
        exit 0
        ;;
      -h | --help) usage && exit 0 ;;
      -*) die_usage "I do not know $1" ;;
      *)
        [[ -z $story ]] || die_usage "one story at a time, not $story and $1"
        story=$1 && shift
        ;;
    esac
  done
  [[ -n $story ]] || die_usage "which story? see: $0 --list"
  story_kinds --on "$mix"
  need_packages "to read the peers' logs" python3:python3
  # But a film of it may have been begun there.
  [[ -z $keep ]] || { [[ -d $keep && $(ls -A "$keep") == film ]] || need_new_directory "$keep"; }
  file=$(story_file "$story")
  story=$(basename "$file" .story)
  story_head "$file"
  story_check "$file"
  ! grep -qE '^> (write|read) ' "$file" || need_client # clients that have names need no more than python3
  prepare
  play
}

main "$@"
