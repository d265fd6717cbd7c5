# shellcheck shell=bash
# shellcheck disable=SC2154  # run.sh has the names
# Ctrl-C as a terminal sends it, SIGINT to the whole group of the command, in the middle of its work:
# what is left then? The calls stand in interruptions.txt.

readonly INTERRUPTIONS=$here/interruptions.txt
readonly AT_A_TIME=4 PATIENCE_S=300 END_WITHIN_S=120 AGAIN_AFTER_S=6 LOST=3 TRIES=3

# hold_tool DIR TOOL: a program that says that it was called and waits for Ctrl-C. It ends as if all were
# well: who has called it must not go on for that.
hold_tool() {
  local dir=$1
  rm -f "$dir/bin/$2"
  mkfifo "$dir/never"
  cat >"$dir/bin/$2" <<END
#!/bin/sh
[ ! -e "$dir/called" ] || exit 1
trap 'exit 0' INT
: >"$dir/called"
read -r _ <>"$dir/never"
END
  chmod +x "$dir/bin/$2"
}

# lagging_tool DIR TOOL:TEXT: it does its work; if TEXT is among its words, it says that it was called and
# takes its time to end.
lagging_tool() {
  local dir=$1 tool=${2%%:*} text=${2#*:}
  cat >"$dir/bin/$tool" <<END
#!/bin/sh
"$(command -v "$tool")" "\$@" || exit
case "\$*" in *"$text"*) ;; *) exit 0 ;; esac
: >"$dir/called"
sleep 0.5
END
  chmod +x "$dir/bin/$tool"
}

# lone_tool DIR TOOL: a program that Ctrl-C reaches, while it does not reach who has called it, as bash 5.2 now and
# then loses one. It goes on if it may ignore that.
lone_tool() {
  local dir=$1
  cat >"$dir/bin/$2" <<END
#!/bin/sh
kill -s INT \$\$
: >"$dir/called"
exec "$(command -v "$2")" "\$@"
END
  chmod +x "$dir/bin/$2"
}

# struck_tool DIR TOOL: as lone_tool, but it cannot ignore Ctrl-C.
struck_tool() {
  local dir=$1
  cat >"$dir/bin/$2" <<END
#!/bin/sh
: >"$dir/called"
exec env --default-signal=INT sh -c 'kill -s INT \$\$'
END
  chmod +x "$dir/bin/$2"
}

# in_the_middle HOW WORD DIR
in_the_middle() {
  case $1 in
    says | types) grep -rqsE -- "$2" "$3/out" "$3/tmp" ;;
    *) [[ -e $3/called ]] ;;
  esac
}

# marked DIR: the processes that have inherited the test's mark.
marked() {
  local pid words
  for pid in /proc/[0-9]*; do
    words=$(tr '\0' '\n' 2>/dev/null <"$pid/environ" | grep -xF "ZK_MANNERS=$1" || true)
    [[ -z $words ]] || is_zombie "${pid##*/}" || printf '%s %s\n' "${pid##*/}" "$(tr '\0' ' ' <"$pid/cmdline")"
  done 2>/dev/null
}

# launch HOW DIR COMMAND...: in a session of its own; sets pid, and keys where Ctrl-C has to be typed.
launch() {
  local how=$1 dir=$2 path=$2/bin:$PATH environment session
  session=$(type -P setsid) # not the one in the test's own directory
  shift 2
  [[ $how != lacks ]] || path=$dir/bin
  environment=("PATH=$path" "HOME=$dir/home" "TMPDIR=$dir/tmp" "ZK_CLUSTER_DIR=$dir/cluster" "ZK_MANNERS=$dir"
    "ZKPEER_BINARY=$zkpeer" TERM=xterm)
  if [[ $how == types ]]; then
    mkfifo "$dir/keys"
    env --default-signal=INT "${environment[@]}" "$session" script -qefc "$*" /dev/null <>"$dir/keys" >"$dir/out" 2>&1 &
  else
    env --default-signal=INT "${environment[@]}" "$session" "$@" </dev/null >"$dir/out" 2>&1 &
  fi
  pid=$!
}

# press HOW DIR PID: Ctrl-C, unless it has come already.
press() {
  case $1 in
    struck) ;;
    types) printf '\003' >"$2/keys" ;;
    *) kill -s INT -- "-$3" 2>/dev/null || true ;;
  esac
}

# interrupted STATUS HOW WORD DIR COMMAND...: false, with what was seen, unless it ends as it should; LOST, if it has
# ended as though nobody had pressed anything.
interrupted() {
  local wanted=$1 how=$2 word=$3 dir=$4 pid status=0 left i press_at=0 end=$((SECONDS + PATIENCE_S))
  shift 4
  launch "$how" "$dir" "$@"
  until in_the_middle "$how" "$word" "$dir"; do
    if ((SECONDS >= end)) || ! kill -0 "$pid" 2>/dev/null; then
      say "it never came to the middle:"
      cat "$dir/out"
      put_out "$dir" "$pid"
      return 1
    fi
    sleep 0.02
  done
  end=$((SECONDS + END_WITHIN_S))
  # bash 5.2 now and then loses a SIGINT about a $( ); a person presses again. A loop of nothing but x=$(/bin/true) loses
  # one in eight, and as many if its trap dies of SIGINT instead of ending with 130.
  while kill -0 "$pid" 2>/dev/null && ! is_zombie "$pid" && ((SECONDS < end)); do
    ((SECONDS < press_at)) || { press "$how" "$dir" "$pid" && press_at=$((SECONDS + AGAIN_AFTER_S)); }
    sleep 0.02
  done
  # Its children have the signal from the same key; on a busy machine they may die a moment later than it does.
  left=$(marked "$dir")
  for ((i = 0; i < 100; i++)); do
    [[ -n $left ]] || break
    sleep 0.05
    left=$(marked "$dir")
  done
  if kill -0 "$pid" 2>/dev/null && ! is_zombie "$pid"; then
    say "it did not end within $END_WITHIN_S s"
    kill -s KILL -- "-$pid" 2>/dev/null || true
  fi
  wait "$pid" || status=$?
  say "exit $status, after these words:"
  tail -n 15 "$dir/out"
  [[ -z $left ]] || { say "processes left: $left" && put_out "$dir" "$pid" && status=-1; }
  # bash 5.2 now and then meets a SIGINT while it reads a $( ), and ends by itself, with these words.
  [[ $status != 2 ]] || ! grep -q 'unexpected EOF while looking for matching' "$dir/out" || status=130
  left=$(find "$dir/tmp" "$dir/home" "$dir/cluster" -mindepth 1 2>/dev/null || true)
  [[ -z $left ]] || say "files left: $left"
  [[ $status != 0 || $wanted == 0 || -n $left ]] || return "$LOST"
  [[ $status == "$wanted" && -z $left && ! -e $dir/cluster ]]
}

# one_interruption NUMBER LINE: its verdict goes to files, for several run at a time. What needs less than AGAIN_AFTER_S
# for the rest of its work may be over before Ctrl-C is pressed again, if bash has lost the first one; then all of it
# is done once more. A script that does not hear Ctrl-C at all fails every time.
one_interruption() {
  local try status=$LOST
  for ((try = 1; try <= TRIES && status == LOST; try++)); do
    rm -rf "$work/interrupt/$1"
    status=0
    try_interruption "$@" || status=$?
  done
  printf '%d\n' "$status" >"$work/interrupt/$1/status"
}

# try_interruption NUMBER LINE
try_interruption() {
  local dir=$work/interrupt/$1 wanted how word call command holder='' status=0
  eval "call=($2)"
  wanted=${call[0]} how=${call[1]} word=${call[2]}
  call=("${call[@]:3}")
  command=$(path_of "${call[0]}")
  call=("${call[@]//WORK/$dir}")
  call=("${call[@]//CLUSTER/$work/serves}")
  call=("${call[@]//LAME/$work/lame}")
  mkdir -p "$dir"/{tmp,home,bin,filmed/1}
  printf 'server.1=127.0.0.1:22:23\n' >"$dir/filmed/1/zoo.cfg" # nobody listens; its film is empty
  printf 'question: Who leads?\ndetermined: Nobody.\n\n> start 1\n> expect 1 leads\n' >"$dir/waits.story"
  printf 'question: What changes?\ndetermined: Nothing.\npeers: 1\n\n> start 1\n> Ann connects to 1\n%s\n%s\n' \
    '> Ann watches /a' '> Ann sees /a changed' >"$dir/client.story"
  : >"$dir/some.pcapng"
  case $how in
    calls) hold_tool "$dir" "$word" ;;
    lags) lagging_tool "$dir" "$word" ;;
    lone) lone_tool "$dir" "$word" ;;
    struck) struck_tool "$dir" "$word" ;;
    lacks)
      bare_path "$dir/bin"
      rm -f "$dir/bin/cmake" "$dir/bin/java"
      hold_tool "$dir" "$word"
      ;;
    opens)
      mkfifo "$dir/$word"
      (
        exec 3>"$dir/$word" # waits for a reader
        : >"$dir/called"
        sleep $((PATIENCE_S + END_WITHIN_S))
      ) &
      holder=$!
      ;;
  esac
  interrupted "$wanted" "$how" "$word" "$dir" "$command" "${call[@]:1}" >"$dir/words" 2>&1 || status=$?
  [[ -z $holder ]] || kill "$holder" 2>/dev/null || true
  return "$status"
}

# prepare_clusters: one that serves, and one that has too few to do so: four of eight, and they are frozen.
prepare_clusters() {
  export ZKPEER_BINARY=$zkpeer
  ZK_CLUSTER_WAIT=$PATIENCE_S "$REPO/scripts/cluster.sh" up --dir "$work/serves" >/dev/null
  "$REPO/scripts/cluster.sh" up --dir "$work/lame" -n 8 --mix c,c,c,c,java,c,c,c --only 1,2,7,8 --wait 0 >/dev/null 2>&1 || true
  "$REPO/scripts/cluster.sh" pause 1 2 7 8 --dir "$work/lame" >/dev/null
}

take_clusters_down() {
  local dir
  for dir in "$1/serves" "$1/lame"; do
    "$REPO/scripts/cluster.sh" clean --dir "$dir" >/dev/null 2>&1 || true
  done
  rm -rf "$1"
}

# put_out DIR PID: what did not end by itself must not stay.
put_out() {
  local words
  kill -s KILL -- "-$2" 2>/dev/null || true
  while read -r words; do
    [[ -z $words ]] || kill -s KILL "${words%% *}" 2>/dev/null || true
  done < <(marked "$1")
}

test_interrupt() {
  local line number=0 lines=() name command words running=0
  need_packages "to interrupt what films and starts Java" tshark:tshark bsdutils:script
  on_leaving take_clusters_down "$work"
  prepare_clusters
  while IFS= read -r line; do
    [[ -n $line && $line != '#'* ]] || continue
    if [[ $line == *--namespaces* ]] && ! words=$(unshare -Urnm true 2>&1) && ! words=$(unshare -nm true 2>&1); then
      say "skipped Ctrl-C in ${line##*  }, for this machine gives no namespaces: $words"
      continue
    fi
    lines+=("$line")
  done <"$INTERRUPTIONS"
  for number in "${!lines[@]}"; do
    ((running < AT_A_TIME)) || { wait -n || true; running=$((running - 1)); }
    one_interruption "$number" "${lines[number]}" &
    running=$((running + 1))
  done
  wait
  for number in "${!lines[@]}"; do
    read -r _ _ _ name <<<"${lines[number]}"
    verdict_of "Ctrl-C in $name" "$(<"$work/interrupt/$number/status")" "$(<"$work/interrupt/$number/words")"
  done
  for command in "${commands[@]}"; do
    name=${command##*/}
    grep -qE "^[0-9]+ +[a-z]+ +[^ ]+ +$name( |\$)" "$INTERRUPTIONS" ||
      verdict_of "Ctrl-C in $name" 1 "no line of ${INTERRUPTIONS#"$REPO"/} is about it"
  done
}
