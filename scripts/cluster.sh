#!/usr/bin/env bash
# A ZooKeeper ensemble on this machine, of C peers, Java peers or both: start, look, break, mend,
# take down. This file is the front; the verbs are in scripts/cluster.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"
# shellcheck source=cluster/state.sh
source "$REPO/scripts/cluster/state.sh"
# shellcheck source=cluster/network.sh
source "$REPO/scripts/cluster/network.sh"
# shellcheck source=cluster/look.sh
source "$REPO/scripts/cluster/look.sh"
# shellcheck source=cluster/run.sh
source "$REPO/scripts/cluster/run.sh"
# shellcheck source=cluster/show.sh
source "$REPO/scripts/cluster/show.sh"
# shellcheck source=cluster/doctor.sh
source "$REPO/scripts/cluster/doctor.sh"

usage() {
  cat <<'END'
Usage: cluster.sh VERB [OPTION]... [WHO]... [--dir DIR]

  up [OPTION]...        make an ensemble (or start what is down in the one that is there) and wait
                        until it serves
      -n, --voters N        so many voters (default 3, or as many as --mix lists)
          --observers K     and K observers (default 0)
          --mix c,java,c    kinds of the peers, dealt round and round (default c)
          --tick MS         tickTime (default 500, or $ZK_CLUSTER_TICK)
          --base-port P     clients at P+ID, quorum at P+30+ID, election at P+60+ID
                            (default: a block of free ports)
          --only 2,3        start only these now; the others by start
          --line KEY=VALUE  one more line for every zoo.cfg (may be given again)
          --namespaces      each peer in a network namespace of its own, so that partition works;
                            clients reach it by call only
          --trace           C peers write their trace beside their log
          --wait S          how long to wait for a quorum (default 20, or $ZK_CLUSTER_WAIT)
Looking
  status [--json]       a table of the peers; exit 0 only if a quorum serves
  watch [--every MS] [--times N]  the table, drawn again and again (default every 500 ms)
  logs [-f] [-n L] [WHO]   the last L lines (default 40) of their logs; -f follows them
                        (long: --follow, --lines)
  call WORD [WHO]       a four-letter word (srvr, mntr, stat ...) to all
  client [--at WHO] create PATH [TEXT] | set PATH TEXT | get PATH | ls PATH | delete PATH | sync PATH
                        one request of a ZooKeeper client, to any of them or to WHO
      --server HOST:PORT    or to a server that this script has not started
  trace [--all | --html F]  the traces of all C peers in order of time: what an election is made
                        of, or every event, or a page that replays them
  pcap F                what passes between the servers, into a file for Wireshark
  export DIR            settings, logs, traces, answers: a directory for a bug report
  doctor                what is missing on this machine, and how to get it
Breaking and mending
  kill WHO...           SIGKILL
  stop WHO...           SIGTERM, and wait until they are gone
  start WHO... [--wait S]      start what is down, and wait S seconds (default 10) until it serves
  restart WHO... [--wait S]    stop, then start
  pause WHO...          SIGSTOP: it holds its connections and says nothing
  resume WHO...         SIGCONT
  partition 1/2,3       nobody hears anybody on another side; who is not named forms one more side
  heal                  everybody hears everybody
  down                  stop all; data and logs stay
  clean                 stop all and delete the directory

WHO is a number or a role: leader, followers, observers, looking, voters, all.
DIR holds all state (default .cluster in the repository, or $ZK_CLUSTER_DIR): cluster.json, and for
each peer a directory with zoo.cfg, data, log, pid and trace. NO_COLOR switches colours off.
$ZK_CLUSTER_WAIT is the limit, in seconds, of all waiting, on a machine that is busy otherwise.
Exit: 0 fine, 1 it did not work (status: no quorum), 2 wrong usage.
END
}

main() {
  local verb='' words=()
  root=${ZK_CLUSTER_DIR:-$REPO/.cluster}
  while (($# > 0)); do
    case $1 in
      --dir) need_value "$1" $# && root=$2 && shift 2 ;;
      -h | --help | help) usage && exit 0 ;;
      *) words+=("$1") && shift ;;
    esac
  done
  root=$(realpath -m "$root")
  set -- "${words[@]}"
  verb=${1:-}
  case $verb in
    up | status | watch | logs | call | client | trace | pcap | export | doctor) ;;
    kill | stop | start | restart | pause | resume | partition | heal | down | clean) ;;
    '') die_usage "what shall I do? up, status, kill leader, clean ..." ;;
    *) die_usage "there is no verb '$verb'" ;;
  esac
  shift
  "verb_$verb" "$@"
}

main "$@"
