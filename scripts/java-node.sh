#!/usr/bin/env bash
# Runs one peer of Debian's Java ZooKeeper in the foreground.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"

usage() {
  cat <<'END'
Usage: java-node.sh [--print] ZOO_CFG [JVM_OPTION]...

Runs one peer of Debian's Java ZooKeeper in the foreground on the configuration file ZOO_CFG, with
its log on stderr. Ctrl-C stops it. Installs the packages where they are missing. Writes a
log4j.properties beside ZOO_CFG, with upstream's layout:
time [myid:N] - LEVEL [thread:class@line] - message.

  --install    only install what Java peers need
  --print      only print the command, one argument a line, for who starts it without this shell
  -h, --help   this text

$ZK_JAVA_CLASSES may name an archive of Java's classes (java -XX:ArchiveClassesAtExit): a start then takes a
third less of processor time. test.sh makes one.
Exit: Java's own status; 1 something is missing, 2 wrong usage.
END
}

readonly JARS=/usr/share/java

# Debian's zookeeper.jar names most of its jars itself. Missing from its list are a logger, the
# servlet classes of the admin server and the netty part without which TLS ends the election's
# listener.
class_path() {
  local jar path=''
  for jar in zookeeper slf4j-log4j12 log4j-1.2 servlet-api netty-codec; do
    [[ -e $JARS/$jar.jar ]] || die "$JARS/$jar.jar is missing, although its package is installed"
    path+=${path:+:}$JARS/$jar.jar
  done
  printf '%s\n' "$path"
}

# write_log_config FILE MYID: log4j 1.2, everything to stderr.
write_log_config() {
  cat >"$1" <<END
log4j.rootLogger=INFO, CONSOLE
log4j.appender.CONSOLE=org.apache.log4j.ConsoleAppender
log4j.appender.CONSOLE.Target=System.err
log4j.appender.CONSOLE.layout=org.apache.log4j.PatternLayout
log4j.appender.CONSOLE.layout.ConversionPattern=%d{ISO8601} [myid:$2] - %-5p [%t:%C{1}@%L] - %m%n
END
}

install_java() {
  need_packages "to run Java peers" default-jre-headless:java zookeeper:$JARS/zookeeper.jar \
    libservlet-api-java:$JARS/servlet-api.jar libnetty-java:$JARS/netty-codec.jar \
    liblog4j1.2-java:$JARS/log4j-1.2.jar libslf4j-java:$JARS/slf4j-log4j12.jar
}

main() {
  local cfg dir data_dir myid='' path quick run=(exec)
  case ${1:-} in
    -h | --help) usage && exit 0 ;;
    --install)
      (($# == 1)) || die_usage "--install takes no words, and there is '$2'"
      install_java
      exit 0
      ;;
    --print) run=(printf '%s\n') && shift ;;
  esac
  case ${1:-} in
    '') die_usage "which configuration file?" ;;
    -*) die_usage "the configuration file comes first, not $1" ;;
  esac
  [[ -f $1 ]] || die_usage "there is no configuration file $1"
  cfg=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
  shift
  install_java

  dir=$(dirname "$cfg")
  data_dir=$(sed -n 's/^dataDir=//p' "$cfg" | tail -n 1)
  if [[ -f $data_dir/myid ]]; then
    read -r myid <"$data_dir/myid" || true
  fi
  path=$(class_path)
  write_log_config "$dir/log4j.properties" "$myid"
  # These options make a small and quick start; none changes what the peer says or does.
  quick=(-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1)
  [[ ! -s ${ZK_JAVA_CLASSES:-} ]] || quick+=("-XX:SharedArchiveFile=$ZK_JAVA_CLASSES")
  "${run[@]}" java "${quick[@]}" \
    "-Dlog4j.configuration=file:$dir/log4j.properties" -Dzookeeper.jmx.log4j.disable=true \
    -cp "$path" "$@" org.apache.zookeeper.server.quorum.QuorumPeerMain "$cfg"
}

main "$@"
