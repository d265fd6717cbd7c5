#!/usr/bin/env bash
# Our peers and Java's, measured in turn in the same minutes; how ours grow with their number; what the trace costs.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"

usage() {
  cat <<'END'
Usage: bench.sh [OPTION]...                    C and Java peers beside each other
       bench.sh --growth [OPTION]...           C peers alone, 3 to 51 of them, and 101 in the simulator
       bench.sh --trace-cost [--json FILE]     what an event of the trace costs, off and on
       bench.sh --clients[=N] [OPTION]...      what clients cost servers of both kinds, beside a limit (200,000 gets)
       bench.sh --writes[=N] [OPTION]...       what writes cost followers and leaders of both kinds (default 100,000)
       bench.sh --nodes[=N] [OPTION]...        a tree of many nodes replayed, written, loaded, sent (default 1,000,000)
       bench.sh --failover [OPTION]...         from the leader's death to the next acknowledged write (also part of --clients)

The first form runs ensembles of C and of Java peers in turn, in the same minutes, and prints one table: start until
all serve; a leader that is killed, and one that is frozen, until the others notice, until a new one is elected, until
it serves, until all serve; the notifications of each election; processor time, memory, threads, and the processor at
rest. Medians, smallest, largest, and the ratio of the medians. Its last lines are those of --trace-cost.
Times of both kinds are read from the peers' logs, which say the same words to the millisecond; nobody asks the peers
anything meanwhile. The second form also draws a picture (SVG).

      --quick           3 runs of 3 peers of each kind: a minute
      --runs N          ensembles of each kind and size (default 5; with --growth 3), or so many deaths
      --peers N,N...    so many peers (default 3,5,7; with --growth 3,5,7,9,15,21,31,41,51)
      --simulated N,N.. with --growth: so many simulated peers, or none (default 3,9,21,31,51,101)
      --only KIND       c or java alone
      --full            with --clients: 10,000 connections and a million watches, not a tenth of them
      --tick MS         tickTime (default 500)
      --idle S          seconds at rest (default 2)
      --json FILE       also write every single figure there
      --svg FILE        with --growth or --clients: where the picture goes (default build/growth.svg, build/clients.svg)
      --write           also put the figures into scripts/bench/README.md, an extract into README.md,
                        the picture into scripts/bench/growth.svg
      --keep            keep the peers' directories
  -h, --help            this text

What is missing is built and installed first. Ctrl-C ends all peers and leaves nothing.
Exit: 0 measured, 1 something failed, 2 wrong usage, 130 interrupted.
END
}

for arg; do
  case $arg in
    -h | --help) usage && exit 0 ;;
  esac
done
need_packages "to measure" python3:python3
[[ " $* " != *' --writes'* && " $* " != *' --clients'* && " $* " != *' --nodes'* ]] || need_packages "to write as a client" libzookeeper-mt-dev:/usr/include/zookeeper/zookeeper.h
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$REPO/scripts/bench/bench.py" "$@"
