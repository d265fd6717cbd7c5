#!/usr/bin/env bash
# Starts, stops and asks servers in the place of Java's bin/zkServer.sh and of the C client's tests/zkServer.sh, and is the
# "java" that kazoo's tests start: which server it runs is said by SUITE_SERVERS, c or java.
#
# Called as "java": runs a server in the foreground, with the -D options and the configuration file that it is given.
# Otherwise: start CONFIG | stop CONFIG | status CONFIG; or, of one server without a file, startClean |
# startCleanReadOnly | start | stop, each followed by an address that does not matter.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
repo=$(cd "$here/../../.." && pwd)

# server OPTION... CONFIG: becomes the server.
server() {
  local options=("${@:1:$#-1}") config=${*: -1} option passed=()
  for option in "${options[@]}"; do
    [[ $option != -D* ]] || passed+=("$option")
  done
  if [[ $SUITE_SERVERS == c ]]; then
    exec "${ZKPEER_BINARY:-$repo/build/zkpeer}" "${passed[@]}" "$config"
  fi
  exec "$repo/scripts/java-node.sh" "$config" "${passed[@]}"
}

# end_server CONFIG: the one that start has started on it.
end_server() {
  local pid
  [[ -f $1.pid ]] || return 0
  pid=$(<"$1.pid")
  kill -s KILL "$pid" 2>/dev/null || true
  # It may stay as a zombie, which holds no port.
  while [[ -r /proc/$pid/stat && $(<"/proc/$pid/stat") != *") Z "* ]]; do
    sleep 0.05
  done 2>/dev/null
  rm -f "$1.pid"
}

start_server() { # CONFIG OPTION...
  end_server "$1"
  sed -n 's/^clientPort=//p' "$1" >"$1.port" # a Java server that may be reconfigured moves this line to another file
  # shellcheck disable=SC2086  # the words of JVMFLAGS are options
  (server ${JVMFLAGS:-} "${@:2}" "$1") </dev/null >>"$1.log" 2>&1 &
  printf '%s\n' "$!" >"$1.pid"
}

status_of() { # CONFIG
  local socket
  { exec {socket}<>"/dev/tcp/127.0.0.1/$(<"$1.port")"; } 2>/dev/null || return 1
  printf 'srvr' >&"$socket"
  timeout 1 grep '^Mode: ' <&"$socket" # a server that starts may accept and never answer
}

# The C client's server: its settings, not ours. No TLS: it is not built with it.
write_config() { # FILE LINE...
  cat >"$1" <<END
tickTime=500
initLimit=10
syncLimit=5
dataDir=$SUITE_DIRECTORY/zkdata
maxClientCnxns=${ZKMAXCNXNS:-100}
localSessionsEnabled=true
clientPort=22181
END
  if (($# > 1)); then
    printf '%s\n' "${@:2}" >>"$1"
    printf '1\n' >"$SUITE_DIRECTORY/zkdata/myid"
  fi
}

wait_until_it_serves() { # CONFIG
  local end=$((SECONDS + 240))
  while ((SECONDS < end)); do
    ! status_of "$1" >/dev/null || return 0
    sleep 0.1
  done
  return 1
}

if [[ ${0##*/} == java ]]; then
  PATH=${PATH#*:} # a server of Java is not started by this "java" again
  options=()
  for word in "$@"; do
    [[ $word != -D* ]] || options+=("$word")
  done
  server "${options[@]}" "${*: -1}"
fi

readonly OPTIONS=(-Dzookeeper.extendedTypesEnabled=true -Dznode.container.checkIntervalMs=100)
if [[ ${2:-} == /* ]]; then
  case $1 in
    start) start_server "$2" ;;
    stop) end_server "$2" ;;
    status) status_of "$2" ;;
    *) exit 2 ;;
  esac
  exit
fi
config=$SUITE_DIRECTORY/zoo.cfg
[[ $1 != startClean* ]] || rm -rf "$SUITE_DIRECTORY/zkdata"
mkdir -p "$SUITE_DIRECTORY/zkdata"
case $1 in
  start | startClean)
    write_config "$config"
    start_server "$config" "${OPTIONS[@]}"
    wait_until_it_serves "$config"
    ;;
  startCleanReadOnly)
    write_config "$config" server.{1=localhost:22881:33881,2=localhost:22882:33882,3=localhost:22883:33883}
    start_server "$config" "${OPTIONS[@]}" -Dreadonlymode.enabled=true
    wait_until_it_serves "$config"
    ;;
  stop) end_server "$config" ;;
  *) exit 2 ;;
esac
