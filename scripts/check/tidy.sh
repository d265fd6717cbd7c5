#!/usr/bin/env bash
# The rules of the house that a machine can check on the text of the sources, and clang-tidy.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: tidy.sh [--text] [--help]

Checks all C files: lines up to 100 columns, functions up to 70 lines (120 with the line
"/* LONG: one Java method */" first), files up to 800; every file begins with a comment that says
what it is for; threads, sockets, clocks, files and streams are called in src/base, src/runtime and src/io only, and some
functions nowhere; no leftovers. Then runs clang-tidy with the checks of .clang-tidy on the sources
of build/dev (files that have not changed since they were clean are not looked at again).

      --text   leave clang-tidy out
  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

readonly COLUMNS_MAX=100 FUNCTION_LINES_MAX=70 LONG_FUNCTION_LINES_MAX=120 FILE_LINES_MAX=800

# What only the ground floors base, runtime and io may call: they are the only callers of the operating system.
readonly SYSTEM_CALLS='pthread_[a-z_]+|thrd_[a-z]+|mtx_[a-z]+|cnd_[a-z]+|sem_[a-z]+|fork|vfork|exec[lv][a-z]*|system|popen
socket|socketpair|bind|listen|accept4?|connect|send|sendto|sendmsg|recv|recvfrom|recvmsg|shutdown|[gs]etsockopt|getsockname
getpeername|getaddrinfo|gethostby[a-z]+|poll|ppoll|p?select|epoll_[a-z]+|fcntl|ioctl|pipe2?|dup[23]?
time|clock|clock_[a-z]+|gettimeofday|localtime(_r)?|gmtime(_r)?|sleep|usleep|nanosleep|sched_yield|alarm|timer_[a-z]+
open|openat|creat|close|p?readv?|p?writev?|lseek|fsync|fdatasync|ftruncate|truncate|rename|unlink|remove|mkdir|rmdir
stat|fstat|lstat|access|opendir|readdir|closedir|getcwd|chdir|realpath|mmap|munmap
fopen|fdopen|fclose|fread|fwrite|fprintf|vfprintf|printf|vprintf|dprintf|puts|fputs|putchar|fputc|putc|fgets|getline|perror|syslog
getenv|setenv|putenv|signal|sigaction|kill|raise|exit|_exit|abort|atexit|rand|srand|random|getrandom|getopt(_long)?'
# What nobody calls: state that is not seen, memory that is not bounded.
readonly UNSAFE_CALLS='strtok|strtok_r|strerror|alloca|sprintf|vsprintf|strcpy|strcat|strncat|gets|atoi|atol|atoll|setjmp|longjmp|bzero|asprintf'
# Memory comes from base/alloc.h, which does not come back without it.
readonly MEMORY_CALLS='malloc|calloc|realloc|strdup|strndup|reallocarray'

# banned PATTERN WHY FILE...: calls by these names.
banned() {
  local pattern=${1//$'\n'/|} why=$2 file
  shift 2
  for file; do
    code_only "$file" | grep -nE "(^|[^A-Za-z0-9_.>])($pattern)\(" |
      sed -E "s#^([0-9]+):.*[^A-Za-z0-9_.>]($pattern)\(.*#$file:\1: \2() $why#" || true
  done
}

check_text() {
  local scratch counted
  make_scratch scratch
  counted=$scratch/counted
  report < <(awk -v columns=$COLUMNS_MAX -v function_lines=$FUNCTION_LINES_MAX \
    -v long_lines=$LONG_FUNCTION_LINES_MAX -v file_lines=$FILE_LINES_MAX \
    -f scripts/awk/lengths.awk "${files[@]}" 2>"$counted")
  read -r _ functions <"$counted"
  report < <(awk -f scripts/awk/leftovers.awk "${files[@]}")
}

check_calls() {
  local product upstairs
  mapfile -t product < <(sources src include)
  mapfile -t upstairs < <(sources src include | grep -vE '^(src|include/zk)/(base|runtime|io)/|^src/main\.c$')
  report < <(banned "$SYSTEM_CALLS" "is called in src/base, src/runtime and src/io only" "${upstairs[@]}")
  report < <(banned "$UNSAFE_CALLS" "is called nowhere" "${product[@]}")
  report < <(banned "$MEMORY_CALLS" "is called in src/base/alloc.c only" "${upstairs[@]}")
  report < <(for file in "${product[@]}"; do
    code_only "$file" | grep -nE '^(static )?_Thread_local|^    static [^;(]*(;|=)' | grep -v 'static const ' |
      sed -E "s#^([0-9]+):.*#$file:\1: writable static data#" || true
  done)
}

# One file; what is clean is remembered by the text that the preprocessor makes of it.
clang_tidy_one() {
  local file=$1 key stamp words
  key=$({
    cat .clang-tidy
    gcc -std=c17 -D_GNU_SOURCE -DZKPEER_VERSION='""' -DGOLDEN_DIR='""' -Iinclude -Isrc -Itests/support -Itests/sim \
      -E -CC "$file"
  } | sha256sum | cut -d' ' -f1)
  stamp=$BUILD_DIR/clang-tidy/$key
  [[ ! -e $stamp ]] || return 0
  words=$(clang-tidy --quiet -p "$BUILD_DIR" "$file" 2>/dev/null) || true
  if [[ -z $words ]]; then
    : >"$stamp"
  else
    grep -E '(warning|error):' <<<"$words" | sed "s#^$REPO/##" || say "$file:1: clang-tidy fails: $words"
  fi
}

check_clang_tidy() {
  [[ -f $BUILD_DIR/compile_commands.json ]] ||
    die "there is no ${BUILD_DIR#"$REPO"/}/compile_commands.json; make it with: cmake --preset dev"
  mkdir -p "$BUILD_DIR/clang-tidy"
  export -f clang_tidy_one say
  export REPO BUILD_DIR
  report < <(sources src tests scripts | grep '\.c$' | xargs -P "$(nproc)" -I{} bash -c 'clang_tidy_one {}' | sort -u)
}

main() {
  local files functions text_only=false
  while (($# > 0)); do
    case $1 in
      --text) text_only=true && shift ;;
      -h | --help) usage && exit 0 ;;
      *) die_usage "I do not know $1" ;;
    esac
  done
  cd "$REPO"
  mapfile -t files < <(sources include src tests scripts)
  check_text
  check_calls
  $text_only || check_clang_tidy
  verdict "${#files[@]} files, $functions functions"
}

main "$@"
