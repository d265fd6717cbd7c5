#!/usr/bin/env bash
# Builds the peers' networks and holds them until it is killed. Runs inside new user, network and
# mount namespaces, which is why it may do all this without root; network.sh starts it:
#   unshare -Urnm bash keeper.sh DIR ID...
# Peer N lives in the namespace zN, as 10.99.0.N; its cable's other end, vN, is in the bridge br0.
set -euo pipefail

main() {
  local dir=$1 id hold
  shift
  mount -t tmpfs tmpfs /run # ip netns keeps its handles under /run
  ip link set lo up
  ip link add br0 type bridge
  ip link set br0 up
  for id; do
    ip netns add "z$id"
    ip link add "v$id" type veth peer name eth0 netns "z$id"
    ip link set "v$id" master br0 up
    nsenter "--net=/run/netns/z$id" sh -c "ip link set lo up &&
      ip addr add 10.99.0.$id/24 dev eth0 && ip link set eth0 up"
  done
  touch "$dir/ready"
  exec {hold}<> <(:)
  read -r -u "$hold" # nobody ever writes
}

main "$@"
