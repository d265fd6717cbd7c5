# shellcheck shell=bash
# shellcheck disable=SC2004,SC2034,SC2154  # cluster.sh and its parts share these names
# What is missing on this machine, and how to get it. Installs nothing.

# One line each: package, proof (a command, or a file that starts with a slash), what for.
readonly WANTED='cmake cmake to build the C peer
gcc gcc to build the C peer
make make to build the C peer
zlib1g-dev /usr/include/zlib.h to build the C peer
libdeflate-dev /usr/include/libdeflate.h to build the C peer, for its checksums
libmicrohttpd-dev /usr/include/microhttpd.h to build the C peer, and for its admin server
libsnappy-dev /usr/include/snappy-c.h to build the C peer, and for snapshots packed with snappy
libcmocka-dev /usr/include/cmocka.h to build its unit tests
default-jre-headless java to run Java peers
zookeeper /usr/share/java/zookeeper.jar to run Java peers
libservlet-api-java /usr/share/java/servlet-api.jar to run Java peers
libnetty-java /usr/share/java/netty-codec.jar to run Java peers
liblog4j1.2-java /usr/share/java/log4j-1.2.jar to run Java peers
libslf4j-java /usr/share/java/slf4j-log4j12.jar to run Java peers
iproute2 ip for partitions
util-linux nsenter for partitions
tshark tshark to film the ports of servers
python3 python3 to play stories, to film, to replay, to measure
python3-kazoo /usr/lib/python3/dist-packages/kazoo/__init__.py to write and read as a client
jq jq for the tests on real processes'

# finding GOOD NAME WORDS: one line of the report.
finding() {
  local mark="${GREEN}ok${RESET}     "
  [[ $1 == true ]] || mark="${RED}missing${RESET}"
  printf '%s  %-22s %s\n' "$mark" "$2" "$3"
}

verb_doctor() {
  local package proof why missing=() version how sick=false
  no_words doctor "$@"
  while read -r package proof why; do
    if [[ $proof == /* && -e $proof ]] || { [[ $proof != /* ]] && command -v "$proof" >/dev/null; }; then
      finding true "$package" "$why"
    else
      finding false "$package" "$why"
      missing+=("$package")
    fi
  done <<<"$WANTED"
  doctor_java_version
  if how=$(namespace_flags 2>&1); then
    finding true "network namespaces" "for partitions (unshare $how)"
  else
    finding false "network namespaces" "for partitions: $how; to allow them: $(how_to_allow_namespaces)"
    sick=true
  fi
  if [[ -x ${ZKPEER_BINARY:-$REPO/build/zkpeer} ]]; then
    finding true "build/zkpeer" "the C peer"
  else
    finding false "build/zkpeer" "the C peer; scripts/build.sh builds it"
    sick=true
  fi
  doctor_ports || sick=true
  doctor_verdict "$sick" "${missing[@]}"
}

# Java peers of another release work, but zkpeer is held against this one.
doctor_java_version() {
  local version
  # shellcheck disable=SC2016  # dpkg's dollars
  version=$(dpkg-query -W -f '${Version}' zookeeper 2>/dev/null) || return 0
  [[ $version == 3.8.0* ]] ||
    say "note     zookeeper is $version here; zkpeer is held against 3.8.0 (Debian 12)"
}

doctor_ports() {
  local base
  if base=$(pick_ports /nowhere 2>&1); then
    release_ports /nowhere
    finding true "ports" "a free block, for example from $base"
  else
    finding false "ports" "$base"
    return 1
  fi
}

# doctor_verdict SICK PACKAGE...: the last line is the next thing to type.
doctor_verdict() {
  local sick=$1 sudo='sudo '
  shift
  if (($# > 0)); then
    command -v sudo >/dev/null || sudo='as root: '
    ((EUID > 0)) || sudo=''
    say "to get what is missing: ${sudo}apt-get install $*"
    return 1
  fi
  [[ $sick == false ]] || return 1
  say "${GREEN}Nothing is missing.${RESET}"
  next up
}
