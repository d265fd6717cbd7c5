#!/usr/bin/env bash
# A page that plays an election back.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'END'
Usage: replay.sh [TRACE]... -o FILE.html [--against TRACE...] [--label NAME]... [--title TEXT]

Makes one HTML file that plays an election back: peers, votes, messages, threads and queues, and a
sentence for every step. It needs no network and nothing else.

  -o, --output FILE.html    the page
      --against TRACE...    a second run beside the first: ours above, Java's below
      --label NAME          name of the run; a second time, of the second one (default C and Java)
      --title TEXT          headline of the page
  -h, --help                this text

A TRACE is a file, or the directory of a cluster. Without one: the cluster of cluster.sh
($ZK_CLUSTER_DIR or .cluster), if it was started with --trace.
Exit: 0 fine, 1 it could not be done, 2 wrong usage.
END
}

for argument; do
  if [[ $argument == -h || $argument == --help ]]; then
    usage
    exit 0
  fi
done
need_packages "to read traces" python3:python3
export ZK_SCRIPT=$SCRIPT ZK_REPO=$REPO PYTHONDONTWRITEBYTECODE=1
exec python3 "$REPO/scripts/trace/main.py" replay "$@"
