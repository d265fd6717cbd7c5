#!/usr/bin/env bash
# The traces of an ensemble: checked, told as a story, turned into what viewers read.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'END'
Usage: trace.sh VERB [TRACE]... [OPTION]...

  check                 is the trace sound? Every receive has its send, states change along legal
                        edges, queues keep their order, clocks agree with causes, an epoch has one
                        leader. Findings come as FILE:LINE: text
  story                 who was elected, why, and what the waits were for, chapter by chapter
  mermaid               a sequence diagram for Markdown
  shiviz                vector clocks for ShiViz (paste it at bestchai.bitbucket.io/shiviz)
      --by thread           a lane for each thread instead of each peer
      --against TRACE...    a second run, to see the differences; only the messages of both are told,
                            as a capture of Java knows no more
      --label NAME          of the run (again: of the second one; default C and Java)
  perfetto              a track for each thread, arrows from cause to effect, lengths of queues
                        (open it at ui.perfetto.dev)

  -o, --output FILE     write there (default: standard output)
      --chapter N       only that chapter of the story (mermaid, shiviz, perfetto)
      --until MS        only so many milliseconds of it (the same)
  -h, --help            this text

A TRACE is a file, or the directory of a cluster. Without one: the cluster of cluster.sh
($ZK_CLUSTER_DIR or .cluster), if it was started with --trace. scripts/trace/FORMAT.md has the format.
Exit: 0 fine, 1 findings, or it could not be done, 2 wrong usage.
END
}

for argument; do
  if [[ $argument == -h || $argument == --help ]]; then
    usage
    exit 0
  fi
done
(($# > 0)) || die_usage "what shall I do? One of check, story, mermaid, shiviz, perfetto"
[[ $1 != replay ]] || die_usage "the page is made by replay.sh"
need_packages "to read traces" python3:python3
export ZK_SCRIPT=$SCRIPT ZK_REPO=$REPO PYTHONDONTWRITEBYTECODE=1
exec python3 "$REPO/scripts/trace/main.py" "$@"
