# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154  # cluster.sh and its parts share these names
# A cable for each peer, that can be pulled: every peer lives in a network namespace of its own,
# and all are plugged into bridges of one more namespace, the hub. Needs no root where the kernel
# lets users make namespaces.
#
# One process, the keeper (keeper.sh), holds the hub; it is the only one that this file starts. A
# partition gives each group a bridge of its own and plugs the group's cables into it. Nobody's
# link goes down: what the peers notice is silence, as with a cable that is pulled somewhere else.

keeper_pid() {
  peer_pid "$root/network/pid" "$root/network"
}

# The first words of a command that is to run in the hub or where peer $1 lives: array `enter`.
enter_hub() {
  local keeper how=''
  keeper=$(keeper_pid) ||
    die "the network of this cluster has gone with its keeper; begin again with: $(call down)"
  read -r how <"$root/network/how" || true
  enter=(nsenter "--target=$keeper" --mount --net --preserve-credentials)
  [[ $how != *U* ]] || enter+=(--user)
}

enter_peer() {
  enter=()
  if [[ $network == namespaces ]]; then
    enter_hub
    enter+=(nsenter "--net=/run/netns/z$1")
  fi
}

in_hub() {
  local enter
  enter_hub
  "${enter[@]}" "$@"
}

# address_of ID: under which the others know it.
address_of() {
  if [[ $network == namespaces ]]; then
    printf '10.99.0.%d\n' "$1"
  else
    printf '127.0.0.1\n'
  fi
}

# ask ID WORD: a four-letter word, asked where the peer lives.
ask() {
  if [[ $network == loopback ]]; then
    four_letter_word "${client_port[$1]}" "$2"
    return
  fi
  local enter
  keeper_pid >/dev/null || return 1
  enter_peer "$1"
  "${enter[@]}" bash -c "$(declare -f four_letter_word); four_letter_word $((client_port[$1])) $2" \
    2>/dev/null
}

# mode_of ID: prints leader, follower or observer; false while the peer does not serve.
mode_of() {
  local answer
  answer=$(ask "$1" srvr | tr -d '\0') || return 1
  [[ $answer =~ Mode:\ ([a-z-]+) ]] && printf '%s\n' "${BASH_REMATCH[1]}"
}

# ---- does this kernel allow it? ----------------------------------------------------------------

# namespace_flags: prints the options of unshare that work here; false, with the reason, if none.
# A user namespace of our own comes first, for it needs no root and nobody else sees what is in it.
namespace_flags() {
  local flags words=''
  # shellcheck disable=SC2016  # the inner shell's dollars
  local try='mount -t tmpfs tmpfs /run && ip link add b0 type bridge && ip link set b0 up &&
    ip netns add z0 && ip link add v0 type veth peer name eth0 netns z0 &&
    ip link set v0 master b0 up && nsenter --net=/run/netns/z0 ip link set lo up'
  for flags in -Urnm -nm; do
    if words=$(unshare "$flags" bash -c "$try" 2>&1); then
      printf '%s\n' "$flags"
      return 0
    fi
    words=${words%%$'\n'*}
    ((EUID == 0)) || break
  done
  printf '%s\n' "${words:-unshare is not there}"
  return 1
}

need_namespace_tools() {
  need_packages "to give each peer a network of its own" iproute2:ip util-linux:unshare util-linux:nsenter
}

# how_to_allow_namespaces: what people can do about a kernel that refuses.
how_to_allow_namespaces() {
  local file=/proc/sys/kernel/apparmor_restrict_unprivileged_userns value=''
  if [[ -r /proc/sys/kernel/unprivileged_userns_clone ]]; then
    read -r value </proc/sys/kernel/unprivileged_userns_clone
    [[ $value == 1 ]] || {
      printf 'sysctl kernel.unprivileged_userns_clone=1, as root'
      return
    }
  fi
  if [[ -r $file ]] && read -r value <"$file" && [[ $value == 1 ]]; then
    printf 'sysctl kernel.apparmor_restrict_unprivileged_userns=0, as root'
  elif [[ -f /.dockerenv || -f /run/.containerenv ]]; then
    printf 'start this container with --privileged'
  else
    printf 'run it as root'
  fi
}

# need_namespaces: prints the options that work, or ends with a line that helps.
need_namespaces() {
  local words
  need_namespace_tools >&2
  if ! words=$(namespace_flags); then
    die "this machine gives peers no networks of their own: $words (to allow it:" \
      "$(how_to_allow_namespaces); all but partition and heal works without --namespaces)"
  fi
  printf '%s\n' "$words"
}

# ---- the keeper --------------------------------------------------------------------------------

# start_network: the hub and everybody's cable, if they are not there yet.
start_network() {
  local flags end dir=$root/network
  [[ $network == namespaces ]] || return 0
  ! keeper_pid >/dev/null || return 0
  flags=$(need_namespaces)
  mkdir -p "$dir"
  rm -f "$dir/ready" "$dir/groups"
  printf '%s\n' "$flags" >"$dir/how"
  (
    trap '' INT # until it has a session of its own, as in start_peer
    printf '%d\n' "$BASHPID" >"$dir/pid"
    exec setsid unshare "$flags" bash "$REPO/scripts/cluster/keeper.sh" "$dir" "${ids[@]}" \
      </dev/null >"$dir/log" 2>&1
  ) &
  jobs_of_ours+=($!)
  end=$(($(now_ms) + ${ZK_CLUSTER_WAIT:-10} * 1000))
  until [[ -e $dir/ready ]]; do
    if ! kill -0 $! 2>/dev/null || (($(now_ms) > end)); then
      cat "$dir/log" >&2
      stop_network
      die "the peers' networks could not be made; the words of the kernel are above"
    fi
    sleep 0.01
  done
}

# stop_network: the namespaces go with the last process in them.
stop_network() {
  local end
  end=$(($(now_ms) + 3000))
  signal_peer KILL "$root/network/pid" "$root/network" || true
  while keeper_pid >/dev/null && (($(now_ms) < end)); do
    sleep 0.01
  done
  rm -rf "${root:?}/network"
}

# ---- partition, heal ---------------------------------------------------------------------------

die_if_loopback() {
  [[ $network == namespaces ]] ||
    die "the peers of this cluster share one network, so nothing can come between them; make one" \
      "that can be cut: $(call clean), then $(call up --namespaces)"
}

# groups_of WORDS: reads 1/2,3 (roles may stand for numbers) and prints a group a line; who is
# not named forms one more.
groups_of() {
  local group words found id seen=' ' rest=()
  while IFS= read -r group; do
    IFS=, read -ra words <<<"$group"
    found=$(resolve "${words[@]}")
    for id in $found; do
      [[ $seen != *" $id "* ]] || die_usage "peer $id cannot be on two sides"
      seen+="$id "
    done
    printf '%s\n' "${found//$'\n'/ }"
  done <<<"${1//\//$'\n'}"
  for id in "${ids[@]}"; do
    [[ $seen == *" $id "* ]] || rest+=("$id")
  done
  ((${#rest[@]} == 0)) || printf '%s\n' "${rest[*]}"
}

verb_partition() {
  local groups group i=0 id lines=()
  (($# == 1)) || die_usage "partition takes one word, such as 1/2,3"
  [[ $1 =~ ^[a-z0-9]+([,/][a-z0-9]+)*$ ]] ||
    die_usage "partition takes groups such as 1/2,3, not '$1'"
  load_state
  die_if_loopback
  groups=$(groups_of "$1")
  mapfile -t lines <<<"$groups"
  ((${#lines[@]} > 1)) || die_usage "all are on one side of '$1'; say who is cut off from whom"
  for group in "${lines[@]}"; do
    i=$((i + 1))
    in_hub ip link add "br$i" type bridge 2>/dev/null || true
    in_hub ip link set "br$i" up
    for id in $group; do
      in_hub ip link set "v$id" master "br$i"
    done
  done
  groups=$(printf ' | %s' "${lines[@]}")
  printf '%s\n' "${groups# | }" >"$root/network/groups"
  say "cut: ${groups# | } (nobody hears anybody across a bar)"
  next status
}

verb_heal() {
  local id
  no_words heal "$@"
  load_state
  die_if_loopback
  for id in "${ids[@]}"; do
    in_hub ip link set "v$id" master br0
  done
  rm -f "$root/network/groups"
  say "healed: everybody hears everybody"
  next status
}
