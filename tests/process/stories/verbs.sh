#!/usr/bin/env bash
# The verbs of cluster.sh that break things and look at them, and the players of stories: that they do what they say, refuse
# nonsense, and leave nothing behind.
#
# Prints one line a test, "ok ..." or "FAILED ...", and ends with 1 if any has failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/process/interop/lib.sh
source "$here/../interop/lib.sh"
start_play verbs
scratch=$(dirname "$ZK_CLUSTER_DIR")

fails() {
  ! "$@"
}

# led_by_3 OPTION...: the tests below count on that. If all began at once, 2 might be elected before 3 is there.
led_by_3() {
  "$cluster" up "$@" --only 1,3 && "$cluster" start 2
}

# What the demo says of the two that are left, whichever wins. Only that function of it is loaded.
the_demo_knows_why() {
  # shellcheck source=/dev/null
  source <(sed -n '/^why_it_won()/,/^}/p' "$REPO/scripts/demo.sh")
  [[ $(why_it_won 2 0x0 1 0x0) == *"so the larger id decided." ]] &&
    [[ $(why_it_won 1 0x100000000 2 0x0) == "Its history was the longer one: it ended at zxid 0x100000000, that of peer 2 at 0x0,"* ]] &&
    [[ $(why_it_won 2 0x100000000 1 0x0) == "Its history was the longer one:"* ]] &&
    [[ $(why_it_won 1 0x0 2 0x0) == "Peer 2 (zxid 0x0) would have been better"* ]] &&
    [[ $(why_it_won 1 '' 2 0x0) == "The log of peer 1"* ]]
}

# When a server that looks for a leader begins to take readers is a matter of time, so no story may depend on it.
who_takes_readers_looks_still() (
  # shellcheck source=scripts/cluster/state.sh
  source "$REPO/scripts/cluster/state.sh"
  # shellcheck source=scripts/cluster/look.sh
  source "$REPO/scripts/cluster/look.sh"
  peer_pid() { say "$$"; }
  read_log() { say 'LOOKING 0x2 - - -'; }
  ask() { printf 'Zxid: 0x100000002\nMode: %s\nNode count: 5\n' "$mode_told"; }
  mode_told=read-only && probe 3
  [[ ${state[3]} == LOOKING && ${zxid[3]} == - && ${serving[3]} == false ]] || return 1
  mode_told=follower && probe 3
  [[ ${state[3]} == FOLLOWING && ${zxid[3]} == 0x100000002 && ${serving[3]} == true ]]
)

no_trace_yet() {
  "$cluster" up --only 1,2 && refuses 1 "nobody has written a trace" "$cluster" trace
}

status_says() {
  local words
  words=$("$cluster" status || true)
  say "$words"
  [[ $words == *"$1"* ]]
}

all_serve() {
  local end=$((SECONDS + 240))
  until [[ $("$cluster" status --json | jq .serving) == "$1" ]]; do
    ((SECONDS < end)) || return 1
    sleep 0.2 # looking costs a processor more than waiting does
  done
}

# Thirty clusters, at the same moment, where every block of ports still carries the name of one that is gone.
blocks_of_their_own() {
  local base n picked
  export XDG_RUNTIME_DIR=$scratch/registry
  mkdir -p "$(port_registry)"
  for ((base = PORT_FLOOR; base < PORT_CEILING; base += PORT_BLOCK)); do
    ln -s /gone "$(port_registry)/$base"
  done
  for n in {1..30}; do
    mkdir "$scratch/picks-$n"
    pick_ports "$scratch/picks-$n" >>"$scratch/picked" &
  done
  wait
  unset XDG_RUNTIME_DIR
  mapfile -t picked < <(sort -u "$scratch/picked")
  say "${picked[*]}"
  ((${#picked[@]} == 30))
}

# grep fails as well where a process ends while it looks.
no_process_of_it() {
  local found
  found=$(grep -la "$ZK_CLUSTER_DIR" /proc/[0-9]*/cmdline 2>/dev/null || true)
  say "$found"
  [[ -z $found ]]
}

# A machine whose kernel gives nobody a namespace, as far as our scripts can see.
without_namespaces() {
  local bin=$scratch/no-namespaces
  mkdir -p "$bin"
  printf '#!/bin/sh\necho "unshare: unshare failed: Operation not permitted" >&2\nexit 1\n' >"$bin/unshare"
  chmod +x "$bin/unshare"
  PATH=$bin:$PATH "$@"
}

# says TEXT COMMAND...: it succeeds, and this is among its words.
says() {
  local text=$1 words
  shift
  words=$("$@" 2>&1) || { say "exit $?: $words" && return 1; }
  say "$words"
  [[ $words == *"$text"* ]]
}

# refuses STATUS TEXT COMMAND...: it ends with that status and one line that holds this text.
refuses() {
  local wanted=$1 text=$2 words status=0
  shift 2
  words=$("$@" 2>&1) || status=$?
  say "exit $status: $words"
  [[ $status == "$wanted" && $words == *"$text"* && $words != *$'\n'* ]]
}

# refuses_aloud STATUS TEXT COMMAND...: the same, but it may say more.
refuses_aloud() {
  local wanted=$1 text=$2 words status=0
  shift 2
  words=$("$@" 2>&1) || status=$?
  say "exit $status: $words"
  [[ $status == "$wanted" && $words == *"$text"* ]]
}

# A peer whose epoch is no number ends as soon as it has read that.
a_death_is_told() {
  local words status=0
  printf 'x\n' >"$ZK_CLUSTER_DIR/$1/data/version-2/currentEpoch"
  words=$("$cluster" start "$1" 2>&1) || status=$?
  say "exit $status: $words"
  [[ $status == 1 && $words == *" - ERROR "*"epoch file is not a number"* && $words == *"peer $1 died"* ]]
}

until_paused() {
  [[ $(field "$1" state) == PAUSED && $(field "$1" serving) == false ]]
}

tables() {
  local words
  words=$("$cluster" watch --every 100 --times 2)
  say "$words"
  [[ $(grep -c '^peer  kind' <<<"$words") == 2 && $words != *$'\e'* ]]
}

# On a terminal the table is drawn in place, and the old screen comes back. Only then are there escapes.
redraws() {
  local words
  words=$(TERM=xterm script -qc "$cluster watch --every 100 --times 2" /dev/null </dev/null)
  [[ $words == *$'\e[?1049h'*$'\e[H'*$'\e[H'*$'\e[?1049l'* ]]
}

exported() {
  local dir=$scratch/exported file
  "$cluster" export "$dir"
  for file in cluster.json status.txt machine.txt 1/zoo.cfg 2/log 3/trace 1/srvr.txt 2/mntr.txt 3/currentEpoch; do
    [[ -s $dir/$file ]] || { say "no $file" && return 1; }
  done
  grep -q 'Mode: leader' "$dir"/[123]/srvr.txt && [[ ! -e $dir.part ]]
}

page() {
  "$cluster" trace --html "$scratch/page.html" && grep -qi '<html' "$scratch/page.html"
}

# A machine that has everything but jq.
doctor_misses_jq() {
  local bin=$scratch/bin words status=0
  mkdir -p "$bin"
  ln -sf /usr/bin/* "$bin/"
  ln -sf /usr/sbin/* "$bin/" # a name may be in both
  rm -f "$bin/jq"
  words=$(PATH=$bin "$cluster" doctor 2>&1) || status=$?
  say "exit $status: $words"
  [[ $status == 1 && $words == *'missing  jq '* && ${words##*$'\n'} == 'to get what is missing: '*'apt-get install '*jq* ]]
}

# interrupted TEXT COMMAND...: Ctrl-C once TEXT has been said, which must come; the command ends with 130, and no file and no
# process of it is left.
interrupted() {
  local text=$1 pid status=0 end=$((SECONDS + 240)) press_at=0 tmp=$scratch/tmp left
  shift
  mkdir -p "$tmp"
  TMPDIR=$tmp env --default-signal=INT setsid "$@" >"$scratch/words" 2>&1 </dev/null &
  pid=$!
  until grep -q "$text" "$scratch/words"; do
    if ((SECONDS >= end)) || ! kill -0 "$pid" 2>/dev/null; then
      kill -s TERM -- "-$pid" 2>/dev/null || true # it takes its peers along
      timeout 60 tail --pid="$pid" -f /dev/null || kill -s KILL -- "-$pid" 2>/dev/null || true
      wait "$pid" || status=$?
      say "'$text' has not been said; exit $status"
      cat "$scratch/words"
      return 1
    fi
    sleep 0.05
  done
  # bash 5.2 now and then loses a SIGINT that arrives while it reaps a child; a person presses again.
  end=$((SECONDS + 240))
  while kill -0 "$pid" 2>/dev/null && ((SECONDS < end)); do
    ((SECONDS < press_at)) || { kill -s INT -- "-$pid" && press_at=$((SECONDS + 6)); }
    sleep 0.02
  done
  ((SECONDS < end)) || kill -s KILL -- "-$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  left=$(ls "$tmp"; grep -la "$tmp" /proc/[0-9]*/cmdline 2>/dev/null || true)
  say "exit $status; left: $left"
  cat "$scratch/words"
  [[ $status == 130 && -z $left ]]
}

# C peers that claim to have promised epoch 4 already are no C peers of ours: Java's do not.
write_liar() {
  cat >"$scratch/zkpeer" <<END
#!/usr/bin/env bash
mkdir -p data/version-2
[[ -e data/version-2/acceptedEpoch ]] || { echo 4 >data/version-2/acceptedEpoch; echo 0 >data/version-2/currentEpoch; }
exec "${ZKPEER_BINARY:-$REPO/build/zkpeer}" "\$@"
END
  chmod +x "$scratch/zkpeer"
  printf 'question: Do they notice?\ndetermined: All.\n\n> start 1\n> expect 1 looks\n> start 2\n> expect 2 leads; 1 follows 2\n' \
    >"$scratch/liar.story"
}

notices_the_liar() {
  local words status=0
  write_liar
  words=$(ZKPEER_BINARY=$scratch/zkpeer "$REPO/scripts/compare.sh" "$scratch/liar.story" 2>&1) || status=$?
  say "$words"
  [[ $status == 1 && ${words##*$'\n'} == 'different: at "expect 1 looks": peer 1 is '*'epochs 4/0'*' on c, '*'epochs 0/0'*' on java' ]]
}

expect "the demo knows why the new leader won" the_demo_knows_why
expect "a server that takes readers only is one that looks for a leader" who_takes_readers_looks_still
expect "three C peers with traces serve" led_by_3 --trace --tick 1000
expect "pause freezes" says "froze peer 1" "$cluster" pause 1
expect "status says so" until_paused 1
expect "pause again is no failure" says "peer 1" "$cluster" pause 1
expect "resume thaws" says "thawed peer 1" "$cluster" resume 1
expect "and it follows again" until_state 1 FOLLOWING 3
expect "a frozen peer is frozen" says "froze peer 2" "$cluster" pause 2
expect "and can be stopped" says "stopped 2" "$cluster" stop 2
expect "and started" says "serving" "$cluster" start 2
expect "watch draws tables" tables
expect "watch draws in place on a terminal" redraws
expect "call asks all" says "3| Mode: leader" "$cluster" call srvr
expect "call asks one" says "Mode: follower" "$cluster" call srvr 1
expect "call refuses what is no word" refuses 2 "four letters" "$cluster" call "sr vr"
expect "trace tells of decisions" says "decide" "$cluster" trace
expect "trace --all tells of messages" says "NOTIFICATION" "$cluster" trace --all
expect "trace makes a page" page
expect "export makes a directory" exported
expect "export overwrites nothing" refuses 1 "is there already" "$cluster" export "$scratch/exported"
expect "export needs a name" refuses 2 "takes the directory" "$cluster" export
expect "pcap needs a name" refuses 2 "name of the file" "$cluster" pcap
expect "partition needs namespaces" refuses 1 "share one network" "$cluster" partition 1/2,3
expect "heal as well" refuses 1 "share one network" "$cluster" heal
expect "watch refuses nonsense" refuses 2 "watch does not know --fast" "$cluster" watch --fast
expect "there is no verb of that name" refuses 2 "there is no verb 'brake'" "$cluster" brake
expect "a client's path has no .. in it" refuses 2 "client: a path has no parts . and .., and /a/../b has one" \
  "$cluster" client get /a/../b
expect "nor bytes that are no UTF-8" refuses 2 "client: a path is UTF-8" "$cluster" client get $'/\xff'
expect "a port is a port" refuses 2 "client: 127.0.0.1:99999 is no list of HOST:PORT" \
  "$cluster" client --server 127.0.0.1:99999 get /
expect "what the server refuses is told in words" refuses 1 \
  "client: delete /zookeeper failed: the server takes no such path, or never deletes this node" \
  "$cluster" client delete /zookeeper
expect "a text may be any bytes" says "created /bytes" "$cluster" client create /bytes $'\xffend'
expect "which a reader shows as well as it can" says "\\xffend" "$cluster" client get /bytes
expect "a text may be written in a locale of ASCII" says "version 1" env LC_ALL=C PYTHONIOENCODING=ascii "$cluster" client set /bytes ü
expect "and read there" says "\\xfc" env LC_ALL=C PYTHONIOENCODING=ascii "$cluster" client get /bytes
expect "all are killed" "$cluster" kill all
expect "call says that nobody answers" fails "$cluster" call srvr
expect "a client does not wait for peers that are down" refuses 1 "(down: 1, 2, 3); next:" \
  env ZK_CLUSTER_WAIT=600 timeout 240 "$cluster" client get /
expect "a peer that dies at once is no success, and its last ERROR is quoted" a_death_is_told 1
expect "the ensemble is taken away" "$cluster" clean
expect "a minority does not wait for a quorum" says "1 of 3 voters run and a quorum needs 2" timeout 240 "$cluster" up --only 1 --wait 600
expect "that ensemble is taken away" "$cluster" clean
expect "trace wants a trace" no_trace_yet
expect "this ensemble is taken away, too" "$cluster" clean
expect "doctor says what is missing" doctor_misses_jq

expect "clusters that are made at the same moment get ports of their own" blocks_of_their_own

findings=$("$cluster" doctor || true)
if grep -q '^ok  *network namespaces' <<<"$findings"; then
  expect "peers with networks of their own serve" led_by_3 --namespaces --mix c,java,c --tick 1000
  expect "call reaches them" says "Mode: leader" "$cluster" call srvr leader
  expect "nobody can be on two sides" refuses 2 "two sides" "$cluster" partition 1,2/2,3
  expect "one side is no partition" refuses 2 "one side" "$cluster" partition 1,2,3
  expect "a partition has groups" refuses 2 "groups such as" "$cluster" partition 1+2
  expect "the leader is cut off" says "cut: 3 | 1 2" "$cluster" partition leader
  expect "status tells of the cut" status_says "cut: 3 | 1 2"
  expect "it looks" until_state 3 LOOKING null
  expect "it is healed" "$cluster" heal
  expect "all serve again" all_serve 3
  expect "clean takes the networks away" "$cluster" clean
  expect "no keeper is left" no_process_of_it
else
  say "skipped verbs: partition and heal, for: $(grep 'network namespaces' <<<"$findings")"
fi

expect "where namespaces are refused, up says so, and what to do" \
  refuses 1 "to allow it: " without_namespaces "$cluster" up --namespaces
expect "and leaves no cluster there" refuses 1 "there is no cluster" "$cluster" status
expect "and a story about partitions is skipped, aloud" \
  refuses 77 "skipped: leader-cut-off needs" without_namespaces "$REPO/scripts/play.sh" leader-cut-off

# It waits for what never comes true, so Ctrl-C always finds it in the middle.
printf 'question: what never happens?\ndetermined: y\n\n> start 1 2 3\n> expect 1 leads; 1 is down\n' >"$scratch/waits.story"
expect "Ctrl-C in a story leaves nothing" interrupted 'expect 1 leads' \
  "$REPO/scripts/play.sh" "$scratch/waits.story" --on java,c,c --patience 600
expect "Ctrl-C in a comparison leaves nothing" interrupted 'what never' "$REPO/scripts/compare.sh" "$scratch/waits.story"
expect "no such story" refuses 2 "there is no story 'x'" "$REPO/scripts/play.sh" x
expect "no such kind" refuses 2 "--on is a list" "$REPO/scripts/play.sh" observer --on rust
expect "compare wants a story" refuses 2 "which story?" "$REPO/scripts/compare.sh"
printf 'question: x\ndetermined: y\n\n> dance 1\n' >"$scratch/bad.story"
expect "a story of unknown steps does not begin" refuses 2 "'dance 1' is no step" "$REPO/scripts/play.sh" "$scratch/bad.story"
printf 'question: x\ndetermined: y\n\n> start 1\n> expect 1 leads\n' >"$scratch/untrue.story"
expect "what does not come true fails" refuses_aloud 1 "after 2.0 s it is still not true that peer 1 leads" \
  "$REPO/scripts/play.sh" "$scratch/untrue.story" --patience 2
expect "compare notices a difference" notices_the_liar
