#!/usr/bin/env bash
# One server alone, of C and of Java in turn, on the same data directory: each finds what the others have acknowledged, though
# they were killed; a session that was opened at one goes on at the next, with its node. Then a member of three that is left
# without the others serves readers.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/../interop/lib.sh"

need_client
start_play 'a server alone'
mkdir -p "$ZK_CLUSTER_DIR/data"
port=$(pick_ports "$ZK_CLUSTER_DIR")
server=127.0.0.1:$port
pid=''
life=0
printf '%s\n' tickTime=500 initLimit=10 syncLimit=5 "dataDir=$ZK_CLUSTER_DIR/data" "clientPort=$port" clientPortAddress=127.0.0.1 \
  maxSessionTimeout=600000 snapCount=100 admin.enableServer=false '4lw.commands.whitelist=*' >"$ZK_CLUSTER_DIR/zoo.cfg"

mode_is() {
  local deadline=$(($(now_ms) + 240000))
  until [[ $(peer_mode "$port") == "$1" ]]; do
    (($(now_ms) < deadline)) || { tail -n 20 "$ZK_CLUSTER_DIR/log" && return 1; }
    sleep 0.1
  done
}

# begin KIND MODE OPTION...: a life of the server; its log is of all lives.
begin() {
  local kind=$1 mode=$2 command
  shift 2
  if [[ $kind == java ]]; then
    mapfile -t command < <("$REPO/scripts/java-node.sh" --print "$ZK_CLUSTER_DIR/zoo.cfg")
  else
    command=("$REPO/build/zkpeer" "$@" "$ZK_CLUSTER_DIR/zoo.cfg")
  fi
  "${command[@]}" >>"$ZK_CLUSTER_DIR/log" 2>&1 &
  pid=$!
  mode_is "$mode"
}

# finish SIGNAL STATUS: the server ends, with this exit status.
finish() {
  local status=0
  kill -s "$1" "$pid"
  wait "$pid" || status=$?
  pid=''
  say "it has ended with $status, where $2 is expected"
  ((status == $2))
}

# status_after KIND SIGNAL: 128 and the number of the signal, but ours says that it has ended in order (D-90).
status_after() {
  case $1:$2 in
    *:KILL) say 137 ;;
    java:TERM) say 143 ;;
    c:TERM) say 0 ;;
  esac
}

leave() {
  [[ -z $pid ]] || kill -s KILL "$pid" 2>/dev/null || true
  release_ports "$ZK_CLUSTER_DIR"
  end_play
}
trap leave EXIT

writes() {
  life=$((life + 1))
  /usr/bin/python3 "$here/load.py" run --servers "$server" --journal "$ZK_CLUSTER_DIR/journal.$life" --writes 300 --clients 3 \
    --seed "$life" --seconds 900
}

nothing_is_lost() {
  local journal
  for journal in "$ZK_CLUSTER_DIR"/journal.*; do
    /usr/bin/python3 "$here/load.py" verify --servers "$server" --journal "$journal" || return 1
  done
}

no_digest_differs() {
  ! grep -H 'First digest mismatch' "$ZK_CLUSTER_DIR/log"
}

session() {
  /usr/bin/python3 "$here/session.py" "$1" "$server" "$ZK_CLUSTER_DIR/session"
}

for step in c:KILL java:KILL c:TERM java:TERM c:KILL; do
  kind=${step%:*}
  # CLI-87
  expect "$kind starts on what is there" begin "$kind" standalone
  ((life == 0)) || expect "$kind has what was acknowledged before, once" nothing_is_lost
  ((life == 0)) || expect "$kind goes on with the session" session resume
  expect "clients write at $kind" writes
  expect "a session begins at $kind" session begin
  expect "no digest differs" no_digest_differs
  expect "$kind is ended by ${step#*:}" finish "${step#*:}" "$(status_after "$kind" "${step#*:}")"
done

printf '1\n' >"$ZK_CLUSTER_DIR/data/myid"
for id in 1 2 3; do
  printf 'server.%d=127.0.0.1:%d:%d\n' "$id" $((port + id)) $((port + id + 3))
done >>"$ZK_CLUSTER_DIR/zoo.cfg"
printf 'localSessionsEnabled=true\n' >>"$ZK_CLUSTER_DIR/zoo.cfg" # without it no client gets a session there
expect "a member without the others is read-only" begin c read-only -Dreadonlymode.enabled=true
# CLI-05, CLI-86
expect "it serves readers, and refuses writers" session read-only
expect "it is ended by TERM" finish TERM "$(status_after c TERM)"
