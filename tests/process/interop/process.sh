#!/usr/bin/env bash
# What only a real process can show: its threads, memory and descriptors, before and after a storm on its ports; its exit
# codes; how it leaves. Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/lib.sh"
start_play process
trap '' PIPE # a caller whom the peer hangs up on must not end the play
binary=${ZKPEER_BINARY:-$REPO/build/zkpeer}

# ---- threads and memory ------------------------------------------------------------------------

# The names that the system shows, without numbers and addresses, sorted and counted.
threads_of() {
  ps -L -p "$(field "$1" pid)" -o comm= | sed -E 's/[0-9/:.\[-].*//' | sort | uniq -c | awk '{print $2 "*" $1}' | tr '\n' ' '
}

# built_with asan|tsan: whether the program has that sanitizer in it.
built_with() {
  nm "$binary" 2>/dev/null | grep "__$1_init" >/dev/null
}

# NOTES.md T: a peer of three has these and no others. The kernel cuts a name to 15 bytes.
has_threads() {
  local expected=$2 found='' end=$((SECONDS + 240))
  ! built_with tsan || expected=${expected/zkpeer\*1/zkpeer*2} # ThreadSanitizer has one of its own
  while ((SECONDS < end)); do
    found=$(threads_of "$1" || true)
    [[ $found != "$expected" ]] || return 0
    sleep 0.05
  done
  say "expected $expected"
  say "found    $found"
  return 1
}

readonly FOLLOWER='CommitProcessor*1 ConnnectionExpi*1 FollowerRequest*1 ListenerHandler*1 NIOServerCxnFac*2 QuorumPeer*1 QuorumPeerListe*1 RecvWorker*2 RequestThrottle*1 SendWorker*2 Signal*1 SyncThread*1 WordThread*1 WorkerReceiver*1 WorkerSender*1 zkpeer*1 '
readonly LEADER='CommitProcessor*1 ConnnectionExpi*1 ContainerManage*1 LearnerCnxAccep*2 LearnerHandler*2 ListenerHandler*1 NIOServerCxnFac*2 ProcessThread(s*1 QuorumPeer*1 QuorumPeerListe*1 RecvWorker*2 RequestThrottle*1 SendWorker*2 Sender*2 SessionTracker*1 Signal*1 SyncThread*1 WordThread*1 WorkerReceiver*1 WorkerSender*1 zkpeer*1 '

resident_kb() {
  awk '/^VmRSS/ {print $2}' "/proc/$(field "$1" pid)/status"
}

# A sanitizer's shadow memory is not ours to count.
memory_is_small() {
  local kb
  kb=$(resident_kb "$1")
  say "peer $1: $kb kB"
  ((kb <= 6144)) || built_with asan || built_with tsan
}

descriptors() {
  find "/proc/$(field "$1" pid)/fd" -mindepth 1 | wc -l
}

# ---- the storm ---------------------------------------------------------------------------------

election_port() {
  sed -n "s/^server\.$1=[^:]*:[0-9]*:\([0-9]*\).*/\1/p" "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

quorum_port() {
  sed -n "s/^server\.$1=[^:]*:\([0-9]*\):.*/\1/p" "$ZK_CLUSTER_DIR/$1/zoo.cfg"
}

# caller PORT BYTES [SECONDS]: connect, say this (printf escapes), stay that long, hang up. That the peer hangs up first is no
# failure, but a storm of callers who cannot connect would be none.
caller() {
  local socket
  { exec {socket}<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || { say "a caller cannot connect to port $1" && return 1; }
  # shellcheck disable=SC2059  # the bytes are escapes
  { printf "$2" >&"$socket"; } 2>/dev/null || true
  [[ -z ${3:-} ]] || sleep "$3"
  exec {socket}>&-
}

readonly V1='\xff\xff\xff\xff\xff\xff\x00\x00'
readonly SID9='\x00\x00\x00\x00\x00\x00\x00\x09'
readonly ADDRESS='\x00\x00\x00\x0f127.0.0.1:70000'

storm_on_the_election_port() {
  local port i callers=()
  port=$(election_port "$1")
  for ((i = 0; i < 1000; i++)); do
    caller "$port" ''
  done
  for ((i = 0; i < 40; i++)); do
    caller "$port" '\xff\xff\xff\xff\xff\xff\xff\xf9'           # no such protocol version
    caller "$port" "$V1$SID9"'\x00\x00\x10\x00'                  # too long an address
    caller "$port" "$V1$SID9"'\xff\xff\xff\xff'                  # a negative length
    caller "$port" "$V1$SID9$ADDRESS"                            # a port that does not exist
    caller "$port" "$V1$SID9"'\x00\x00\x00\x051234'              # cut off
    caller "$port" 'GET / HTTP/1.0\r\n\r\n'                      # somebody else's protocol
    caller "$port" "$SID9"'\x40\x00\x00\x00'                     # a frame of 1 GiB
    caller "$port" "$SID9"'\x00\x00\x00\x00'                     # a frame of nothing
    caller "$port" "$SID9"'\x00\x00\x00\x0cshort notice'         # a notification of 12 bytes
  done
  for ((i = 0; i < 100; i++)); do
    caller "$port" '\xff' 1 &
    callers+=($!)
  done
  for i in "${callers[@]}"; do
    wait "$i" # without a name it tells of nobody
  done
}

storm_on_the_quorum_port() {
  local port i
  port=$(quorum_port "$1")
  for ((i = 0; i < 200; i++)); do
    caller "$port" ''
    caller "$port" '\x40\x00\x00\x00'
    caller "$port" 'GET / HTTP/1.0\r\n\r\n'
  done
}

storm_on_the_client_port() {
  local port i
  port=$(sed -n 's/^clientPort=//p' "$ZK_CLUSTER_DIR/$1/zoo.cfg")
  for ((i = 0; i < 300; i++)); do
    caller "$port" ''
    caller "$port" 'xxxx'
    caller "$port" '\x00\x00\x00\x2d'
  done
}

back_to() {
  local count=0 end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    count=$(descriptors "$1" || true) # one may be closed while they are counted
    ((count != $2)) || return 0
    sleep 0.05
  done
  say "peer $1 has $count descriptors, not $2"
  return 1
}

storm() {
  storm_on_the_election_port "$1"
  storm_on_the_quorum_port "$1"
  storm_on_the_client_port "$1"
}

# The C library keeps the stacks of as many threads as there ever were at once, and what is free in its eight heaps (A-35): a storm
# that meets a busier machine than those before adds some. What leaks grows with each storm.
stops_growing() {
  local kb before=$2 storms
  for ((storms = 2; storms <= 4; storms++)); do
    if ((storms > 2)); then
      before=$kb
      storm "$1"
      has_threads "$1" "$LEADER"
    fi
    kb=$(resident_kb "$1")
    say "peer $1: $before kB before storm $storms, $kb kB after it"
    ((kb > before + 512 || kb > 8192)) || return 0
  done
  built_with asan || built_with tsan
}

# ---- leaving -----------------------------------------------------------------------------------

# exits WITH CODE AND WORDS, of a peer started in the foreground on a configuration made of the given lines.
exits_with() {
  local code=$1 words=$2 myid=$3 dir status=0 output
  shift 3
  dir=$(mktemp -d -p "$(dirname "$ZK_CLUSTER_DIR")")
  mkdir "$dir/data"
  say "$myid" >"$dir/data/myid"
  { printf 'dataDir=%s\n' "$dir/data"; printf '%s\n' "$@"; } >"$dir/zoo.cfg"
  output=$("$binary" "$dir/zoo.cfg" 2>&1) || status=$?
  say "$output"
  say "exit $status"
  [[ $status == "$code" && $output == *"$words"* ]]
}

# cluster.sh status exits 0 only with a quorum.
serves_again() {
  local end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    ! "$cluster" status || return 0
    sleep 0.2
  done
  return 1
}

readonly GOOD=(tickTime=500 initLimit=10 syncLimit=5)
readonly SERVERS=(server.1=127.0.0.1:23991:23994 server.2=127.0.0.1:23992:23995 server.3=127.0.0.1:23993:23996)

taken_port_exits_14() {
  local port
  port=$(election_port 1)
  exits_with 14 "Leaving listener thread" 1 "${GOOD[@]}" electionPortBindRetry=1 \
    "server.1=127.0.0.1:23991:$port" "${SERVERS[@]:1}"
}

leaves_on_sigterm() {
  local pid status=0
  pid=$(field "$1" pid)
  kill -TERM "$pid"
  timeout 240 tail --pid="$pid" -f /dev/null || status=$?
  tail -n 1 "$ZK_CLUSTER_DIR/$1/log"
  ((status == 0)) && tail -n 1 "$ZK_CLUSTER_DIR/$1/log" | grep -q 'QuorumPeer main thread exited'
}

expect "three C peers serve" "$cluster" up
chief=$(leading)
expect "a follower has exactly the threads of NOTES.md T" has_threads $((chief % 3 + 1)) "$FOLLOWER"
expect "a leader has exactly the threads of NOTES.md T" has_threads "$chief" "$LEADER"
expect "a leader is small" memory_is_small "$chief"
descriptors_before=$(descriptors "$chief")
# CNX-05, CNX-09
expect "a storm on the election port" storm_on_the_election_port "$chief"
# CNX-05
expect "a storm on the quorum port" storm_on_the_quorum_port "$chief"
expect "a storm on the client port" storm_on_the_client_port "$chief"
expect "the leader has its threads back" has_threads "$chief" "$LEADER"
memory_before=$(resident_kb "$chief")
expect "the same storm again" storm "$chief"
expect "the leader has its threads back again" has_threads "$chief" "$LEADER"
expect "the leader has its descriptors back" back_to "$chief" "$descriptors_before"
expect "the leader does not grow with each storm" stops_growing "$chief" "$memory_before"
expect "the leader still leads" until_state "$chief" LEADING "$chief"
expect "the stormed leader is killed" "$cluster" kill "$chief"
expect "the others elect" serves_again
expect "it comes back" "$cluster" start "$chief"
leader=$(field "$chief" leader)
expect "it follows" until_state "$chief" FOLLOWING "$leader"
# FLE-18
expect "a follower leaves on SIGTERM" leaves_on_sigterm "$chief"
expect "a leader leaves on SIGTERM" leaves_on_sigterm "$leader"
expect "a peer that looks for others leaves on SIGTERM" leaves_on_sigterm $((6 - chief - leader))
expect "a missing key: code 2 and the line to add" exits_with 2 "tickTime is not set" 1 tickTime=0 initLimit=10 syncLimit=5 "${SERVERS[@]}"
expect "a wrong server line: code 2, file, line, key and value" exits_with 2 "zoo.cfg:5: server.1=here" 1 "${GOOD[@]}" server.1=here
expect "an id that is not in the list: code 1" exits_with 1 "My id 9 not in the peer list" 9 "${GOOD[@]}" "${SERVERS[@]}"
expect "peers are up again" "$cluster" up
# CNX-11
expect "a taken election port: code 14" taken_port_exits_14
