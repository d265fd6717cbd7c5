#!/usr/bin/env bash
# All tests: the one command.
set -euo pipefail
# shellcheck source=lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/lib.sh"

usage() {
  cat <<'TEXT'
Usage: test.sh [--quick | --full] [--strict] [-j N] [--help]

Runs all tests and ends with the line "N passed, N failed", which counts every single one. Says first
what it is going to do and how long that takes; prints a line when a part begins and one when it has
ended. What failed is shown, everything else is in build/test-logs. What is missing is installed.
Ctrl-C or SIGTERM ends all that it has started within a second or two.

The parts: the static checks of check.sh, among them what clang says of all sources and of their locks;
the unit tests as built by gcc, by gcc with AddressSanitizer and UndefinedBehaviorSanitizer, and by gcc
with ThreadSanitizer, among them the simulator's seeds and plays and the fuzz corpora; the build for
release; then ensembles of real processes, of C and of Java peers (tests/process/interop), two mixes
again with sanitized C peers, and two that clients write to while members die (tests/process/writes);
clients that compare C with Java, the tests that others wrote among them (tests/process/clients);
stories, the verbs of cluster.sh, filming, the replay page in a browser; the bench; the manners of
every command; the README's commands, which take away an ensemble that is in .cluster; mistakes planted
in copies of the product, each of which must be found (a 24th of them, which the commit's hash
chooses, and up to as many again that the last commits are nearest to).

Much of this runs real servers, Java's among them, beside other load. So a part that fails runs once
more, alone, and its second result counts; both are shown, and the end names such parts again, since
either the test is broken or a mistake shows rarely. Some have no second chance: what a sanitizer
reports, a violation of consistency, a lost write, an answer that differs, a mistake not found.

      --quick   only the static checks (without clang-tidy) and the unit tests as built by gcc
      --full    all mutants, all ensembles again with sanitized C peers, the coverage of
                lines, and the unit tests as built by clang and for release
      --strict  no part has a second chance
  -j, --jobs N  so many compilers at a time, and three times as many unit tests, which wait more than
                they compute (default: as many as there are processors); of the ensembles and
                commands three run at a time, and up to six where processors idle beside them
  -h, --help    this text

Exit: 0 all passed, 1 some failed, 2 wrong usage, 130 interrupted.
TEXT
}

readonly LOGS=$REPO/build/test-logs
readonly PLAYS=$REPO/tests/process/interop
# Mixes of an ensemble, peers 1, 2 and 3: every one with at least one peer of each kind. Sanitized C
# peers play the first two.
readonly MIXES=('java,c,java' 'c,java,c' 'c,c,java' 'c,java,java' 'java,c,c' 'java,java,c')
readonly FEW_MIXES=("${MIXES[@]:0:2}")
# The mixes that clients write to, through the members of Java.
readonly WRITE_MIXES=('c,java,java' 'c,java,c')
# All mutants, more than 300, take a processor half an hour. Each commit tries a 24th of them, which its hash chooses, and
# up to as many that the last commits are nearest to: what has changed is where a mistake is no longer found. --full tries all.
MUTANTS_PART=$((16#$(git -C "$REPO" rev-parse --short=6 HEAD 2>/dev/null || say 0) % 24 + 1))/24
readonly MUTANTS_PART MUTANTS_RECENT=16
# So many plays run at a time, and up to so many where processors idle: as long as a quarter of their time was left over
# in so many seconds, one more begins; where not a tenth was, there is room for one fewer.
readonly PLAYS_AT_ONCE=3 PLAYS_AT_MOST=6 IDLE_LOOK_S=5
# Plays that build in build/release or build/lab, or use the ensemble in .cluster: manners interrupts readme.sh.
readonly BUILDERS='^(bench|lab|readme|manners)$'
readonly CLANG=(-DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang -DZK_LOCKCHECK=ON)
# What it says first. The times are those of an idle machine with two processors, in a fresh clone.
declare -rA PLANS=(
  [quick]='2 parts: the static checks, and the unit tests as built by gcc. This takes about a minute and a half.'
  [normal]='The static checks; the unit tests in three builds; one more build; then ensembles of real processes and
all commands, three to six at a time. This takes about 15 minutes.'
  [full]='All that test.sh does without an option (about 15 minutes); then all ensembles with sanitized C peers, the
coverage of lines, and the unit tests in two more builds: together about three quarters of an hour.'
)

# What one failure is enough for: what these find may show once in a thousand runs.
readonly NO_SECOND_CHANCE='^(mutants|clients: (consistency|differential)|writes) ?'
readonly TRUE_AT_ONCE='(Address|Leak|Thread)Sanitizer: |runtime error:|VIOLATION|core dumped|exit code 99'

passed=0 failed=0 strict=0
second_chances=() # parts that failed beside others and passed alone

# All that is started below inherits this, in whatever session or network it is, so that the end of this script
# can find it.
ZK_TEST_RUN=$$-$EPOCHREALTIME
export ZK_TEST_RUN

# ---- starting and ending -----------------------------------------------------------------------

# waited COMMAND...: runs it in a process group of its own and waits, which a signal interrupts; a command in
# the foreground would have to end first.
waited() {
  set -m
  "$@" </dev/null &
  set +m
  wait "$!"
}

# started_pids: what this script has started and still runs, but for the script itself.
started_pids() {
  local file pid
  { grep -lzxF "ZK_TEST_RUN=$ZK_TEST_RUN" /proc/[0-9]*/environ 2>/dev/null || true; } | while read -r file; do
    pid=${file#/proc/} pid=${pid%%/*}
    is_zombie "$pid" || say "$pid"
  done
}

# end_all STATUS: asks all to end, who then take away what they have made; after a second and a half it asks
# no more.
end_all() {
  local pid pids i
  trap '' INT TERM
  say "ending all that runs" >&"$console" # a signal may come where the output is a log
  for pid in $(jobs -p); do
    kill -s INT -- "-$pid" 2>/dev/null || true
  done
  for ((i = 0; i < 15; i++)); do
    sleep 0.1
    pids=$(started_pids)
    [[ -n $pids ]] || break
    # shellcheck disable=SC2086  # numbers
    ((i != 7)) || kill -s TERM $pids 2>/dev/null || true
  done
  # shellcheck disable=SC2046  # numbers
  [[ -z $pids ]] || kill -s KILL $(started_pids) 2>/dev/null || true
  exit "$1"
}

# direct_python DIR: where python3 is a script of pyenv's, it runs some thirty programs before ours, 70 ms of processor
# time, and we start it hundreds of times. In DIR it is what that script finds.
direct_python() {
  mkdir "$1"
  ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$1/python3"
  export PATH=$1:$PATH
}

# take_away DIR: what the tests have left behind, but for what tells of a failure.
take_away() {
  if ((failed > 0)); then
    say "what the failed parts left is in $1"
  else
    rm -rf "$1"
  fi
}

# ---- parts -------------------------------------------------------------------------------------

begin_line() {
  say "${DIM}..${RESET}    $1"
}

# part_line NAME PASSED FAILED STARTED: the line of a part that has ended.
part_line() {
  local word="${GREEN}ok${RESET}  "
  (($3 == 0)) || word="${RED}FAIL${RESET}"
  printf '%s  %-34s %4d passed, %d failed  (%s)\n' "$word" "$1" "$2" "$3" "$(human_ms $(($(now_ms) - $4)))"
  passed=$((passed + $2))
  failed=$((failed + $3))
}

# again_line NAME PASSED FAILED STARTED: the line of a part that failed and is going to run once more.
again_line() {
  printf '%sagain%s %-34s %4d passed, %d failed  (%s)\n' "$RED" "$RESET" "$1" "$2" "$3" \
    "$(human_ms $(($(now_ms) - $4)))"
}

detail() {
  sed 's/^/      /'
}

static_checks() {
  local started log=$LOGS/check.log good bad status=0
  started=$(now_ms)
  begin_line "static checks"
  waited "$REPO/scripts/check.sh" "$@" >"$log" 2>&1 || status=$?
  good=$(grep -c '^ok ' "$log" || true)
  bad=$(grep -c '^FAIL ' "$log" || true)
  # It may have ended before its first check, or between two.
  ((status == 0 || bad > 0)) || bad=1
  ((good + bad > 0)) || bad=1
  part_line "static checks" "$good" "$bad" "$started"
  ((bad == 0)) || grep -v '^ok ' "$log" | detail
}

# build NAME CMAKE_OPTION...: builds all, or what the array "only" names. False if it does not compile, which counts
# as one failure; that it compiles is no test.
build() {
  local name=$1 started log=$LOGS/build-$1.log
  shift
  started=$(now_ms)
  begin_line "build $name"
  if waited cmake -S "$REPO" -B "$REPO/build/$name" "$@" >"$log" 2>&1 &&
    waited cmake --build "$REPO/build/$name" -j "$jobs" ${only:+--target "${only[@]}"} >>"$log" 2>&1; then
    part_line "build $name" 0 0 "$started"
  else
    part_line "build $name" 0 1 "$started"
    why_not_built "$log"
    return 1
  fi
}

why_not_built() {
  { grep -E -A3 'error:|undefined reference|CMake Error' "$1" || tail -n 20 "$1"; } | head -n 40 | detail
}

# has_second_chance PART LOG: true if a failure of the part may come from the load beside it.
has_second_chance() {
  ((strict == 0)) && [[ ! $1 =~ $NO_SECOND_CHANCE ]] && ! grep -qE "$TRUE_AT_ONCE" "$2"
}

# unit_tests NAME: all programs that CMake knows as tests.
unit_tests() {
  local name=$1 part="unit tests, $1" started log=$LOGS/unit-$1.log good bad programs
  started=$(now_ms)
  begin_line "$part"
  waited ctest --test-dir "$REPO/build/$name" -V -j "$((jobs * 3))" >"$log" 2>&1 || true
  { read -r good bad && mapfile -t programs; } < <(python3 "$REPO/scripts/lib/ctest_counts.py" "$log")
  ((good + bad > 0)) || bad=1 # no tests at all is a failure
  if ((${#programs[@]} > 0)) && has_second_chance "$part" "$log"; then
    again_line "$part" "$good" "$bad" "$started"
    failed_programs "$name" "$log"
    if waited ctest --test-dir "$REPO/build/$name" -V --rerun-failed >"${log%.log}-again.log" 2>&1; then
      second_chances+=("$part") good=$((good + bad)) bad=0 programs=()
    fi
  fi
  part_line "$part" "$good" "$bad" "$started"
  failed_programs "$name" "$log"
}

# failed_programs NAME LOG: what the programs in the array "programs" said where they failed.
failed_programs() {
  local name=$1 log=$2 program number
  for program in "${programs[@]}"; do
    number=${program%% *}
    say "      $name ${program#* }"
    grep -E "^$number: " "$log" | sed "s/^$number: //" |
      grep -E -B6 -A2 'FAILED|SKIPPED|ERROR|WARNING: ThreadSanitizer|runtime error|panic|SUMMARY' |
      head -n 60 | detail || grep -E "^ *[0-9]+/.* Test +#$number: " "$log" | detail
  done
}

# A play: an ensemble of real processes, or a command. Each of its tests is a line of its words. Plays
# spend most of their time waiting, so several run at once: play adds one, run_plays runs them, each
# in a process group of its own, so that Ctrl-C can be passed on to it.
play_names=() play_commands=()
again_names=() again_commands=() # those that get a second chance
declare -A running=() since=() # by pid: the number of a play, and when it began

# play NAME COMMAND [ARGUMENT]...
play() {
  play_names+=("$1")
  shift
  play_commands+=("${*@Q}")
}

run_plays() {
  plays_at_once "$PLAYS_AT_ONCE" first
  ((${#again_names[@]} > 0)) || return 0
  play_names=("${again_names[@]}") play_commands=("${again_commands[@]}")
  again_names=() again_commands=()
  plays_at_once 1 second
}

# next_play: sets next to the number of the first play that waits and may begin; false if there is none. No two of those
# that build run at a time.
next_play() {
  local pid builds=false
  for pid in "${!running[@]}"; do
    [[ ! ${play_names[running[$pid]]} =~ $BUILDERS ]] || builds=true
  done
  for next in "${waiting[@]}"; do
    [[ $builds == true && ${play_names[next]} =~ $BUILDERS ]] || return 0
  done
  return 1
}

# processor_ticks: sets idle and all to what the processors have done since the machine began: nothing, and at all.
processor_ticks() {
  local user nice system waits irq softirq steal
  read -r _ user nice system idle waits irq softirq steal _ </proc/stat
  idle=$((idle + waits))
  all=$((user + nice + system + idle + irq + softirq + steal))
}

# begin_look: a job that ends after a while, when adapt_limit asks what the processors did meanwhile.
begin_look() {
  local idle all
  processor_ticks
  look_idle=$idle look_all=$all
  set -m
  sleep "$IDLE_LOOK_S" &
  set +m
  look=$!
}

# adapt_limit N: after a look, how many plays there is room for; never fewer than N, which a busy machine can bear, too. What
# runs already goes on.
adapt_limit() {
  local idle all
  processor_ticks
  idle=$((idle - look_idle)) all=$((all - look_all))
  if ((4 * idle >= all && ${#running[@]} >= limit && limit < PLAYS_AT_MOST)); then
    limit=$((limit + 1))
  elif ((10 * idle < all && limit > $1)); then
    limit=$((limit - 1))
  fi
}

# plays_at_once N first|second: runs the plays, so many at a time, the first time more where processors idle.
plays_at_once() {
  local next pid status limit=$1 look='' look_idle look_all waiting=("${!play_names[@]}")
  while ((${#waiting[@]} > 0 || ${#running[@]} > 0)); do
    if ((${#running[@]} < limit)) && next_play; then
      begin_line "${play_names[next]}"
      set -m
      bash -c "exec ${play_commands[next]}" >"$(play_log "$next")" 2>&1 </dev/null &
      set +m
      running[$!]=$next
      since[$!]=$(now_ms)
      unset "waiting[$next]"
      continue
    fi
    [[ -n $look || $2 == second ]] || ((${#waiting[@]} == 0)) || begin_look
    status=0
    wait -n -p pid || status=$?
    if [[ $pid == "$look" ]]; then
      look=''
      adapt_limit "$1"
      continue
    fi
    count_play "${running[$pid]}" "$status" "${since[$pid]}" "$2"
    unset "running[$pid]"
  done
  if [[ -n $look ]]; then
    kill "$look" 2>/dev/null || true
    wait "$look" || true
  fi
  play_names=() play_commands=()
}

# The file for the words of a play, by its number.
play_log() {
  printf '%s/play-%s.log\n' "$LOGS" "${play_names[$1]//[^a-z0-9]/-}"
}

# count_play NUMBER STATUS STARTED first|second: the line of a play that has ended.
count_play() {
  local log good bad name=${play_names[$1]}
  log=$(play_log "$1")
  good=$(grep -c '^ok ' "$log" || true)
  bad=$(grep -c '^FAILED ' "$log" || true)
  (($2 == 0 || bad > 0)) || bad=1
  ((good + bad > 0)) || bad=1
  if [[ $4 == first ]] && ((bad > 0)) && has_second_chance "$name" "$log"; then
    again_line "$name" "$good" "$bad" "$3"
    play_words "$log" "$2" | detail
    mv "$log" "${log%.log}-first.log"
    again_names+=("$name") again_commands+=("${play_commands[$1]}")
    return
  fi
  [[ $4 == first ]] || ((bad > 0)) || second_chances+=("$name")
  part_line "$name" "$good" "$bad" "$3"
  grep '^skipped ' "$log" | sed 's/^/      /' || true # never silently
  ((bad == 0)) || play_words "$log" "$2" | detail
}

# play_words LOG STATUS: what a play that failed said.
play_words() {
  if grep -q '^FAILED ' "$1"; then
    grep -A 8 '^FAILED ' "$1" | head -n 60
  else
    tail -n 20 "$1"
    say "(it ended with exit code $2)"
  fi
}

# mixes PREFIX [NAME=VALUE]... -- MIX...: the play about a mix, with each of these, in that environment.
mixes() {
  local prefix=$1 mix environment=()
  shift
  while [[ $1 != -- ]]; do
    environment+=("$1") && shift
  done
  for mix in "${@:2}"; do
    play "${prefix}mixed $mix" env "${environment[@]}" "$PLAYS/mixed.sh" "$mix"
  done
}

# ensembles PREFIX [NAME=VALUE]...: all plays that need no mix.
ensembles() {
  local file name
  for file in "$PLAYS"/*.sh; do
    name=$(basename "$file" .sh)
    case $name in
      lib | mixed) ;;
      *) play "$1$name" env "${@:2}" "$file" ;;
    esac
  done
}

# sanitized NAME: the environment in which the program of a sanitizer's build is the C peer.
sanitized() {
  printf '%s\n' "ZKPEER_BINARY=$REPO/build/$1/zkpeer" ASAN_OPTIONS=abort_on_error=0:exitcode=99 \
    TSAN_OPTIONS=exitcode=99:halt_on_error=1
}

# install_all HOW: at once, for who waits for a test does not wait for packages as well.
install_all() {
  local packages=(cmake:cmake ninja-build:ninja gcc:gcc make:make binutils:nm libcmocka-dev:/usr/include/cmocka.h
    zlib1g-dev:/usr/include/zlib.h libdeflate-dev:/usr/include/libdeflate.h
    libmicrohttpd-dev:/usr/include/microhttpd.h libsnappy-dev:/usr/include/snappy-c.h clang-format:clang-format clang-tidy:clang-tidy
    shellcheck:shellcheck default-jdk-headless:javap libzookeeper-java:/usr/share/java/zookeeper.jar
    python3:python3 patch:patch libzookeeper-mt-dev:/usr/include/zookeeper/zookeeper.h)
  [[ $1 == quick ]] || packages+=(clang:clang zookeeper:/usr/share/zookeeper/bin/zkServer.sh jq:jq zktop:zktop
    bsdutils:script procps:ps tshark:tshark wireshark-common:dumpcap chromium:chromium
    chromium-driver:chromedriver iproute2:ip util-linux:unshare util-linux:nsenter
    python3-kazoo:/usr/lib/python3/dist-packages/kazoo/__init__.py)
  need_packages "to build and test" "${packages[@]}"
}

# build_by_ninja: make takes 11 s of processor time for a whole build beyond what its compilers do, and 3.8 s to find that
# nothing is to be done. All that builds below inherits this; a build directory that is there already keeps its way.
build_by_ninja() {
  export CMAKE_GENERATOR=Ninja
}

# archive_java_classes: some 400 servers of Java start below. What one of them has read of its classes goes to a file, and
# each of the others takes 0.35 s of processor time to start, and not 0.5.
archive_java_classes() {
  local dir=$scratch/java archive=$scratch/java-classes.jsa cluster=("$REPO/scripts/cluster.sh" --dir "$scratch/java") made=false
  if "${cluster[@]}" up --mix java,java,java --only 1,2 --wait 240 &&
    say "-XX:ArchiveClassesAtExit=$archive.part" >"$dir/3/properties" &&
    "${cluster[@]}" start 3 --wait 240 &&
    "${cluster[@]}" stop 3 &&
    mv "$archive.part" "$archive"; then
    made=true
  fi
  "${cluster[@]}" clean || true
  $made
}

run_quick() {
  static_checks --quick
  ! build dev -DCMAKE_BUILD_TYPE=Debug || unit_tests dev
}

run_normal() {
  local environment name mix archiving
  export ZK_JAVA_CLASSES=$scratch/java-classes.jsa # without that file all works, too
  set -m
  archive_java_classes >"$LOGS/java-classes.log" 2>&1 </dev/null &
  archiving=$!
  set +m
  static_checks
  ! build dev -DCMAKE_BUILD_TYPE=Debug || unit_tests dev
  ! build asan -DCMAKE_BUILD_TYPE=Debug -DZK_SANITIZE=address,undefined || unit_tests asan
  ! build tsan -DCMAKE_BUILD_TYPE=Debug -DZK_SANITIZE=thread || unit_tests tsan
  local only=(zkpeer zkdump zksim) # the unit tests as built for release are a matter of --full
  build release -DCMAKE_BUILD_TYPE=Release || return 0
  only=()
  ln -sfn release/zkpeer "$REPO/build/zkpeer"
  ln -sfn release/zkdump "$REPO/build/zkdump"
  wait "$archiving" || say "Java's classes are read anew by each server: ${LOGS#"$REPO"/}/java-classes.log says why"
  # The longest come first: else they would be left at the end, alone. Mutants compute; the others mostly wait.
  play 'clients: scenarios of three' "$REPO/tests/process/clients/run.sh" scenarios-three
  [[ $how == full ]] || play "mutants $MUTANTS_PART" "$REPO/tests/mutants.sh" -j 1 --part "$MUTANTS_PART" --recent "$MUTANTS_RECENT"
  play stories "$REPO/tests/process/stories/run.sh" --jobs 2
  play 'clients: suites' "$REPO/tests/process/clients/run.sh" suites
  play film "$REPO/tests/process/film/run.sh"
  play lab "$REPO/tests/process/lab/run.sh"
  play 'directories with writes' "$REPO/tests/process/writes/directories.sh"
  play replay "$REPO/tests/process/replay/run.sh"
  play 'clients: scenarios alone' "$REPO/tests/process/clients/run.sh" scenarios-alone
  play readme "$REPO/scripts/check/readme.sh"
  play 'clients: basics poison hostile' "$REPO/tests/process/clients/run.sh" basics poison hostile
  play manners "$REPO/tests/process/manners/run.sh"
  for mix in "${WRITE_MIXES[@]}"; do
    play "writes $mix" "$REPO/tests/process/writes/run.sh" "$mix" --at-least 20
  done
  play verbs "$REPO/tests/process/stories/verbs.sh"
  play 'clients: consistency' "$REPO/tests/process/clients/run.sh" consistency
  play 'clients: differential' "$REPO/tests/process/clients/run.sh" differential
  play bench "$REPO/tests/process/bench/run.sh"
  for name in asan tsan; do
    [[ -x $REPO/build/$name/zkpeer ]] || continue
    mapfile -t environment < <(sanitized "$name")
    mixes "$name " "${environment[@]}" -- "${FEW_MIXES[@]}"
  done
  mixes '' -- "${MIXES[@]}"
  ensembles ''
  play 'a server alone' "$REPO/tests/process/writes/alone.sh"
  play 'hostile member' "$REPO/tests/process/members/run.sh"
  run_plays
}

run_full() {
  run_normal
  local environment name
  play mutants "$REPO/tests/mutants.sh" -j "$jobs"
  run_plays
  for name in asan tsan; do
    [[ -x $REPO/build/$name/zkpeer ]] || continue
    mapfile -t environment < <(sanitized "$name")
    mixes "$name " "${environment[@]}" -- c,c,c "${MIXES[@]:2}"
    ensembles "$name " "${environment[@]}"
  done
  run_plays
  play coverage "$REPO/scripts/check/coverage.sh" -j "$jobs"
  run_plays
  ! build clang "${CLANG[@]}" || unit_tests clang
  [[ ! -x $REPO/build/release/zkpeer ]] || ! build release -DCMAKE_BUILD_TYPE=Release || unit_tests release
}

second_chances_line() {
  local part names=
  for part in "${second_chances[@]}"; do
    names+="${names:+; }$part"
  done
  say "failed beside other load and passed alone: $names. Mend them: a test that fails on a busy machine is broken," \
    "and a mistake that shows rarely is one all the same."
}

main() {
  local how=normal jobs started console scratch
  jobs=$(nproc)
  while (($# > 0)); do
    case $1 in
      --quick | --full) how=${1#--} && shift ;;
      --strict) strict=1 && shift ;;
      -j | --jobs) need_value "$1" $# && jobs=$2 && shift 2 ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || die_usage "--jobs needs a number above 0, not $jobs"
  started=$(now_ms)
  exec {console}>&1
  need_directory "$LOGS" "all is built and noted beside it; take a checkout of your own"
  install_all "$how"
  make_scratch scratch take_away
  export TMPDIR=$scratch
  direct_python "$scratch/bin"
  build_by_ninja
  trap 'end_all 130' INT
  trap 'end_all 143' TERM
  say "${PLANS[$how]}"
  say "The logs go to ${LOGS#"$REPO"/}; Ctrl-C ends all of it."
  rm -rf "$LOGS"
  mkdir -p "$LOGS"
  "run_$how"
  say "all of it took $(human_ms $(($(now_ms) - started))); the logs are in ${LOGS#"$REPO"/}"
  ((${#second_chances[@]} == 0)) || second_chances_line
  say "$passed passed, $failed failed"
  ((failed == 0))
}

main "$@"
