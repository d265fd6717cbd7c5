#!/usr/bin/env bash
# Tests of scripts/trace/trace.sh and scripts/trace/replay.sh: a hand-checked trace, real runs, a real browser.
# Usage: tests/process/replay/run.sh [--keep]   --keep leaves pages, traces and screenshots, and says where
# shellcheck disable=SC2317  # functions are called by name, through expect and trap
set -euo pipefail
# shellcheck source=scripts/lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib/lib.sh"

here=$REPO/tests/process/replay
cluster=$REPO/scripts/cluster.sh
keep=false
case ${1:-} in
  '') ;;
  --keep) keep=true ;;
  -h | --help) sed -n 's/^# //p' "${BASH_SOURCE[0]}" | sed 1,1d && exit 0 ;;
  *) die_usage "I do not know $1" ;;
esac

# A busy machine is no reason to fail.
export ZK_CLUSTER_WAIT=240 ZK_WORD_WAIT=20
work=$(mktemp -d)
clean_up() {
  local directory
  for directory in "$work"/three "$work"/seven; do
    [[ ! -d $directory ]] || "$cluster" down --dir "$directory" >/dev/null 2>&1 || true
  done
  if $keep; then
    say "kept: $work"
  else
    rm -rf "$work"
  fi
}
trap clean_up EXIT

# leader_of DIR: its number, or nothing.
leader_of() {
  "$cluster" status --json --dir "$1" | sed -n 's/^  "leader": \([0-9]*\),$/\1/p' || true
}

# wait_for_leader DIR OTHER_THAN: until a leader that is not OTHER_THAN serves.
wait_for_leader() {
  local end=$(($(now_ms) + 240000)) leader
  while (($(now_ms) < end)); do
    leader=$(leader_of "$1")
    [[ -z $leader || $leader == "$2" ]] || return 0
    sleep 0.2
  done
  warn "no leader but $2 in $1"
  return 1
}

# record NAME PEERS LEADERS: a run of so many peers in which so many leaders are killed, one after the other.
record() {
  local directory=$work/$1 victim kills
  "$cluster" up --dir "$directory" -n "$2" --trace
  for ((kills = 0; kills < $3; kills++)); do
    victim=$(leader_of "$directory")
    "$cluster" kill leader --dir "$directory"
    wait_for_leader "$directory" "$victim"
  done
  "$cluster" down --dir "$directory"
}

failed=0
# expect NAME COMMAND...: one line of the report. The COMMAND stands in no condition, for bash ignores set -e in all that is
# called in one: a function would go on behind a command that fails in its middle.
expect() {
  local status
  set +e
  (set -e && "${@:2}") >"$work/out" 2>&1
  status=$?
  set -e
  if ((status == 0)); then
    say "ok $1"
  else
    say "FAILED $1"
    sed 's/^/  | /' "$work/out"
    failed=1
  fi
}

need_packages "to read traces" python3:python3
need_packages "to look at the page" chromium:chromium chromium-driver:chromedriver
[[ -x $REPO/build/zkpeer ]] || "$REPO/scripts/build.sh" >/dev/null
export PYTHONDONTWRITEBYTECODE=1

python3 "$here/test_trace.py" || failed=1
python3 "$here/test_story.py" || failed=1
expect "three peers lose a leader and are traced" record three 3 1
expect "seven peers lose two leaders and are traced" record seven 7 2
expect "the trace of three peers is sound" "$REPO/scripts/trace/trace.sh" check "$work/three"
expect "the trace of seven peers is sound" "$REPO/scripts/trace/trace.sh" check "$work/seven"
python3 "$here/test_feeds.py" "$work" || failed=1
python3 "$here/test_page.py" "$work" || failed=1
exit "$failed"
