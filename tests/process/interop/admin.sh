#!/usr/bin/env bash
# The admin servers of two followers, one of C and one of Java, give the same answers key by key, and both tell the same of
# their clients, by words and by commands, while these are connected.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
start_play admin

need_packages "to ask admin servers" python3:python3 libjetty9-java:/usr/share/java/jetty9-server.jar

# give_admin_server ID: at a port of the ensemble's own block that no peer uses; the next block may be another play's. A member
# that finds its port taken serves its clients all the same, so its own words must say that it has it. From then on it knows all
# members by name, as most files do.
give_admin_server() {
  local cfg=$ZK_CLUSTER_DIR/$1/zoo.cfg port
  port=$(($(sed -n 's/^clientPort=//p' "$cfg") + 90))
  sed -i 's/^\(server\.[0-9]*=\)127\.0\.0\.1:/\1localhost:/' "$cfg"
  sed -i "s/^admin.enableServer=.*/admin.serverPort=$port\nadmin.serverAddress=127.0.0.1/" "$cfg"
  "$cluster" restart "$1"
  grep AdminServer "$ZK_CLUSTER_DIR/$1/log"
  grep -q "Started AdminServer on address .*, port $port " "$ZK_CLUSTER_DIR/$1/log"
}

admin_port() {
  sed -n 's/^admin.serverPort=//p' "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

expect "two C peers and one of Java serve" "$cluster" up --mix c,java,c
leader=$(leading)
expect "the C follower gets an admin server" give_admin_server 1
expect "the Java follower gets one" give_admin_server 2
expect "1 follows" until_state 1 FOLLOWING "$leader"
expect "2 follows" until_state 2 FOLLOWING "$leader"
expect "both admin servers give the same answers" python3 "$here/admin.py" "$(admin_port 1)" "$(admin_port 2)"

client_port() {
  sed -n 's/^clientPort=//p' "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

# CLI-83
expect "both tell the same of the clients they have" python3 "$here/words.py" "$(client_port 1)" "$(admin_port 1)" \
  "$(client_port 2)" "$(admin_port 2)"

# Two leaders at once, each with an observer of its own kind: what they count of it.
home=$(dirname "$ZK_CLUSTER_DIR")
expect "the ensemble is taken away" "$cluster" clean

end_both() {
  local kind
  tell_failure
  for kind in c java; do
    [[ ! -d $home/$kind ]] || ZK_CLUSTER_DIR=$home/$kind "$cluster" down >/dev/null 2>&1 || true
  done
  end_play
}
trap end_both EXIT

declare -A leader_port
observed_leader() {
  local kind=$1 leader
  ZK_CLUSTER_DIR=$home/$kind
  expect "two $kind voters and an observer serve" "$cluster" up --mix "$kind" --voters 2 --observers 1
  expect "the first $kind voter gets an admin server" give_admin_server 1
  expect "the second one gets one" give_admin_server 2
  leader=$(leading)
  expect "the $kind observer observes" until_state 3 OBSERVING "$leader"
  expect "a client of the $kind observer writes" "$cluster" client --at 3 create /observed text
  expect "and reads behind a sync" "$cluster" client --at 3 sync /observed
  leader_port[$kind]=$(admin_port "$leader")
}

observed_leader c
observed_leader java
expect "both leaders count the same of their observers" python3 "$here/admin.py" --observers "${leader_port[c]}" \
  "${leader_port[java]}"
ZK_CLUSTER_DIR=$home/c
expect "the observed leaders of C are taken away" "$cluster" clean
ZK_CLUSTER_DIR=$home/java
expect "those of Java, too" "$cluster" clean
