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

# give_admin_server ID: at a port beside its client port.
give_admin_server() {
  local cfg=$ZK_CLUSTER_DIR/$1/zoo.cfg port
  port=$(($(sed -n 's/^clientPort=//p' "$cfg") + 100))
  sed -i "s/^admin.enableServer=.*/admin.serverPort=$port\nadmin.serverAddress=127.0.0.1/" "$cfg"
  "$cluster" restart "$1"
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
