#!/usr/bin/env bash
# The pages for Prometheus of C peers: they parse, they tell what mntr tells, they have Java's names, and no counter falls while
# clients work and the leader changes.
#
# Debian's package of ZooKeeper lacks Java's provider, so no page of Java is beside them. Instead there are the names that such
# a page was seen to have (prometheus.txt), and the figures of a member of Java by its word mntr.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
need_client
start_play prometheus

watcher=''
end_all() {
  [[ -z $watcher ]] || kill "$watcher" 2>/dev/null || true
  end_play
}
trap end_all EXIT

client_port() {
  sed -n 's/^clientPort=//p' "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

page_port() {
  sed -n 's/^metricsProvider.httpPort=//p' "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

# page_lines PORT: what asks for a page there. The port is of the ensemble's own block, and no peer uses it.
page_lines() {
  printf 'metricsProvider.%s\n' className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider \
    httpHost=127.0.0.1 "httpPort=$1"
}

# give_page ID PORT
give_page() {
  local cfg=$ZK_CLUSTER_DIR/$1/zoo.cfg
  sed -i '/^metricsProvider/d' "$cfg"
  { page_lines "$2" && cat "$cfg"; } >"$cfg.new"
  mv "$cfg.new" "$cfg"
  "$cluster" restart "$1" --wait 240
}

# has_page ID PORT: its own words say so.
has_page() {
  give_page "$1" "$2"
  grep -F "metrics for Prometheus address=127.0.0.1 port=$2 page=/metrics" "$ZK_CLUSTER_DIR/$1/log"
}

# D-288
serves_without_page() {
  give_page "$1" "$2"
  grep -F "no metrics for Prometheus address=127.0.0.1 port=$2 reason=Address already in use" "$ZK_CLUSTER_DIR/$1/log"
  "$cluster" client --at "$1" create /without-page text
}

java_has_no_provider() {
  local dir=$ZK_CLUSTER_DIR/alone status=0
  mkdir -p "$dir/data"
  { page_lines "$(($(client_port 1) + 20))" &&
    printf '%s\n' "dataDir=$dir/data" "clientPort=$(($(client_port 1) + 21))" clientPortAddress=127.0.0.1; } >"$dir/zoo.cfg"
  timeout 240 "$REPO/scripts/java-node.sh" "$dir/zoo.cfg" >"$dir/log" 2>&1 || status=$?
  tail -n 5 "$dir/log"
  ((status == 2)) # the configuration is invalid
  grep -q 'ClassNotFoundException: org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider' "$dir/log"
}

page() {
  /usr/bin/python3 "$here/prometheus.py" "$@"
}

# watch_begins ID...: their pages are read on and on, beside clients of all members.
watch_begins() {
  local servers ports=() id
  for id; do
    ports+=("$(page_port "$id")")
  done
  servers=$(jq -r '[.peers[] | "127.0.0.1:\(.client_port)"] | join(",")' "$ZK_CLUSTER_DIR/cluster.json")
  rm -f "$ZK_CLUSTER_DIR.stop"
  /usr/bin/python3 "$here/prometheus.py" watch "$ZK_CLUSTER_DIR.stop" "$servers" "${ports[@]}" >"$ZK_CLUSTER_DIR.watched" 2>&1 &
  watcher=$!
}

watch_ends() {
  local status=0
  touch "$ZK_CLUSTER_DIR.stop"
  wait "$watcher" || status=$?
  watcher=''
  cat "$ZK_CLUSTER_DIR.watched"
  return "$status"
}

# With 3 stopped, 1 or 2.
somebody_leads() {
  local end=$((SECONDS + 240))
  until [[ $(leading) == [12] ]]; do
    ((SECONDS < end)) || return 1
    sleep 0.2
  done
}

# until_page ID PATTERN: its page has such a line, within four minutes.
until_page() {
  local end=$((SECONDS + 240))
  until curl -sS "http://127.0.0.1:$(page_port "$1")/metrics" | grep -E "$2"; do
    ((SECONDS < end)) || return 1
    sleep 0.2
  done
}

# until_no_page ID PATTERN: it has none.
until_no_page() {
  local end=$((SECONDS + 240)) text
  while text=$(curl -sS "http://127.0.0.1:$(page_port "$1")/metrics") && grep -E "$2" <<<"$text"; do
    ((SECONDS < end)) || return 1
    sleep 0.2
  done
}

need_packages "to read pages" curl:curl
expect "two voters of C, one of Java and an observer of C serve" "$cluster" up --mix c,c,java --observers 1
expect "Debian's Java ends where it is to have a page" java_has_no_provider
expect "a voter of C has a page" has_page 1 "$(($(client_port 1) + 20))"
expect "the other one has one" has_page 2 "$(($(client_port 2) + 20))"
expect "the observer serves without one where the port is taken" serves_without_page 4 "$(page_port 1)"
expect "and has one at a port that is free" has_page 4 "$(($(client_port 4) + 20))"
expect "nothing but the page is there" page elsewhere "$(page_port 1)"

expect "clients work, and pages are read" watch_begins 1 2 4
expect "the observer has answered some" until_page 4 '^readlatency_count [1-9]'
expect "the member of Java is stopped" "$cluster" stop 3
expect "a member of C leads" somebody_leads
leader=$(leading) follower=$((3 - $(leading)))
expect "the other one follows" until_state "$follower" FOLLOWING "$leader"
expect "the observer observes" until_state 4 OBSERVING "$leader"
expect "the leader proposes what clients write" until_page "$leader" '^proposal_count [1-9]'
expect "the follower commits it" until_page "$follower" '^learner_commit_received_count [1-9]'
expect "the member of Java follows, too" "$cluster" start 3 --wait 240
expect "all pages were right, and no counter fell" watch_ends

expect "at rest the leader's page tells what its mntr does" page check "$(page_port "$leader")" "$(client_port "$leader")" L
expect "and so does the follower's" page check "$(page_port "$follower")" "$(client_port "$follower")" F
expect "and the observer's" page check "$(page_port 4)" "$(client_port 4)" O
expect "a page has what the mntr of a follower of Java has" page beside "$(page_port "$follower")" "$(client_port 3)"

expect "the pages of the leader and the observer are read again" watch_begins "$leader" 4
expect "the others are stopped" "$cluster" stop 3 "$follower"
expect "the leader has no quorum, and its page no gauge of a server" until_no_page "$leader" '^znode_count '
expect "what is left is right" page waiting "$(page_port "$leader")"
expect "they come back" "$cluster" start 3 "$follower" --wait 240
expect "the page of the old leader has its gauges again" until_page "$leader" '^znode_count '
expect "the observer's, too" until_page 4 '^znode_count '
expect "meanwhile no counter fell" watch_ends
