# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154  # cluster.sh and its parts share these names
# What a cluster is: its directory, cluster.json, who is in it, and whom a word means.
# Source it after lib.sh; it defines functions and the tables below and does nothing else.

root=''                # the cluster's directory, absolute
ids=()                 # all peers, ascending
declare -A kind role client_port quorum_port election_port
tick=500
trace=false
network=loopback       # or namespaces: each peer in a network namespace of its own
more_lines=()          # for every zoo.cfg that is written

# What probe_all() found, by id.
declare -A pid state serving leader_of round zxid election since

cfg_of() { printf '%s/%s/zoo.cfg\n' "$root" "$1"; }
pidfile_of() { printf '%s/%s/pid\n' "$root" "$1"; }

# The file is written with one peer a line, so that bash can read what is JSON for everybody else.
save_state() {
  local id comma=''
  {
    printf '{\n"version": 1,\n"tick_ms": %d,\n"trace": %s,\n' "$tick" "$trace"
    printf '"network": "%s",\n"peers": [' "$network"
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
  ids=()
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
    elif [[ $line =~ \"network\":\ \"(loopback|namespaces)\" ]]; then
      network=${BASH_REMATCH[1]}
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

quorum_size() {
  local count
  count=$(voter_count)
  printf '%d\n' $((count / 2 + 1))
}

# ---- the next useful command -------------------------------------------------------------------

# call VERB...: how the user would call cluster.sh from where they stand.
call() {
  local path=$0 dir=''
  [[ $SCRIPT == cluster.sh ]] || path=scripts/cluster.sh
  [[ $root == "$REPO/.cluster" || $root == "${ZK_CLUSTER_DIR:-}" ]] || printf -v dir ' --dir %q' "$root"
  printf '%q%s %s' "$path" "$dir" "$*"
}

next() {
  say "${DIM}next: $(call "$@")${RESET}"
}

# ---- who ---------------------------------------------------------------------------------------

readonly NO_WHO='which peer? a number, or leader, followers, observers, looking, voters, all'

# resolve WHO...: prints the ids that the words mean, each once, ascending.
resolve() {
  local word found words=("$@")
  ((${#words[@]} > 0)) || die_usage "$NO_WHO"
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

# ---- checks of what users type -----------------------------------------------------------------

check_number() {
  if ! [[ $2 =~ ^(0|[1-9][0-9]{0,8})$ ]] || (($2 < $3 || $2 > $4)); then
    die_usage "$1 must be a number from $3 to $4, not '$2'"
  fi
}

check_mix() {
  [[ $1 =~ ^(c|java)(,(c|java))*$ ]] || die_usage "--mix is a list such as c,java,c, not '$1'"
}

# check_who VERB WORD...: words that can mean peers; judged before anything is looked at.
check_who() {
  local verb=$1 word
  shift
  (($# > 0)) || die_usage "$NO_WHO"
  for word; do
    case $word in
      all | voters | observers | leader | followers | looking) ;;
      -*) die_usage "$verb does not know $word" ;;
      *[!0-9]* | '') die_usage "'$word' is no peer: give a number or a role" ;;
    esac
  done
}

no_words() {
  (($# == 1)) || die_usage "$1 takes no words, and there is '$2'"
}
