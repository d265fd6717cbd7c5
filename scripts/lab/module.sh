#!/usr/bin/env bash
# The simulator and the unmodified product, as one module of WebAssembly.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"

usage() {
  cat <<'TEXT'
Usage: module.sh [--help] FILE

Compiles src/ (without main.c) and the simulator of tests/sim to WebAssembly and writes the module to
FILE. Its objects stay in build/lab. The C library is the one that comes with Debian's emscripten;
the compiler is clang, and emcc is not used.

The simulator must stand in for the system here as it does natively. There, objcopy renames the calls
of the product; it cannot do that in objects of WebAssembly, so a pragma for each name does it while
the product is compiled (redefine_extname).

  -h, --help   this text

Exit: 0 written, 1 it does not compile, 2 wrong usage.
TEXT
}

readonly SIM=$REPO/tests/sim WORK=$REPO/build/lab
readonly SYSROOT=${EM_SYSROOT:-/usr/share/emscripten/cache/sysroot}

# The files of the simulator that a page needs. ctx_wasm.c stands in for ctx*.c.
readonly WORLD=(world sched process sync lock_order mem descriptors net net_calls epoll disk disk_calls
  clients clients_check clients_drive clients_events clients_ids clients_limits clients_lists clients_outcome clients_quota clients_rare clients_requests cluster faults history invariants
  load mix scenarios sweep writes text txn_reading observe play play_commands play_tell run)

readonly COMMON=(clang --target=wasm32-unknown-emscripten "--sysroot=$SYSROOT" -D__EMSCRIPTEN__ -std=c17 -Os
  -D_GNU_SOURCE -fvisibility=hidden "-ffile-prefix-map=$REPO/=" -Wall -Wextra -Werror
  -Wno-pragmas # "not applied to variable 'stat'": a local variable has the name of a call
  "-I$REPO/include" "-I$SIM/wasm/include" "-I$SIM/wasm" "-isystem$WORK/include")

# pragmas FILE...: the renaming of each pair of names in these lists.
pragmas() {
  awk 'NF == 2 && $1 !~ /^#/ { print "#pragma redefine_extname", $1, $2 }' "$@"
}

# compile SOURCE OPTION...: adds the object and the command that makes it to the lists.
compile() {
  local source=$1 object
  object=$WORK/$(basename "$(dirname "$source")")_$(basename "$source" .c).o
  shift
  objects+=("$object")
  [[ $object -nt $source && $object -nt $WORK/changed ]] ||
    commands+=("${COMMON[*]@Q} ${*@Q} -c ${source@Q} -o ${object@Q}")
}

# Everything is compiled anew if a header or a list has changed since the last time.
note_changes() {
  local newest
  newest=$(find "$REPO/include" "$REPO/src" "$SIM" "${BASH_SOURCE[0]}" \( -name '*.h' -o -name '*.txt' -o -name '*.sh' \) \
    -printf '%T@ %p\n' | sort -n | tail -n 1)
  [[ -f $WORK/changed && $(<"$WORK/changed") == "$newest" ]] || printf '%s\n' "$newest" >"$WORK/changed"
}

compile_all() {
  local source header name version
  version=$(sed -nE 's/^project\(zkpeer VERSION ([0-9.]+).*/\1/p' "$REPO/CMakeLists.txt")
  pragmas "$SIM/syms.txt" >"$WORK/redirect.h"
  pragmas "$SIM/syms.txt" "$SIM/observe_syms.txt" >"$WORK/redirect_observe.h"
  for source in "$REPO"/src/*/*.c; do
    header=redirect.h
    case $source in */log.c | */trace.c) header=redirect_observe.h ;; esac
    compile "$source" "-I$REPO/src" "-DZKPEER_VERSION=\"$version\"" -include "$SIM/wasm/gnu.h" -include "$WORK/$header"
  done
  for name in peer_main load_program play_programs play_writes clients_program; do
    compile "$SIM/$name.c" "-I$REPO/src" -include "$SIM/wasm/gnu.h" -include "$WORK/redirect.h"
  done
  program=("${objects[@]}")
  for name in "${WORLD[@]}"; do
    compile "$SIM/$name.c" "-I$SIM"
  done
  for source in "$SIM"/wasm/*.c; do
    compile "$source" "-I$SIM"
  done
  ((${#commands[@]} == 0)) || printf '%s\n' "${commands[@]}" | xargs -P "$(nproc)" -d '\n' -I{} sh -c '{}'
}

# What redirect.sh checks natively: no call of the product still leads past the simulator.
check_redirected() {
  llvm-nm -u "${program[@]}" 2>/dev/null | awk -v syms="$SIM/syms.txt" '
    BEGIN { while ((getline line < syms) > 0) { split(line, pair, " "); real[pair[1]] = 1 } }
    $1 == "U" && $2 in real { print "not redirected: " $2; bad = 1 }
    $1 == "U" && $2 ~ /^sim_/ { redirected = 1 }
    END { if (!redirected) { print "nothing was redirected"; bad = 1 }; exit bad }'
}

link_module() {
  local libraries=$SYSROOT/lib/wasm32-emscripten
  wasm-ld --no-entry --gc-sections -z stack-size=65536 --stack-first --initial-memory=16777216 \
    --max-memory=1073741824 --strip-debug "${objects[@]}" "$libraries/libc.a" "$libraries/libdlmalloc.a" \
    "$libraries/libcompiler_rt.a" "$libraries/libc.a" -o "$WORK/linked.wasm"
  wasm-opt -Os "$WORK/linked.wasm" --asyncify --pass-arg=asyncify-ignore-imports -Os -o "$1"
}

main() {
  local file objects=() program=() commands=()
  case ${1:-} in
    -h | --help) usage && exit 0 ;;
    -*) die_usage "I do not know $1" ;;
    '') die_usage "name the file to write" ;;
  esac
  (($# == 1)) || die_usage "one file at a time"
  file=$1
  need_packages "to compile to WebAssembly" clang:clang lld:wasm-ld llvm:llvm-nm binaryen:wasm-opt \
    "emscripten:$SYSROOT/lib/wasm32-emscripten/libc.a" libmicrohttpd-dev:/usr/include/microhttpd.h \
    libsnappy-dev:/usr/include/snappy-c.h
  mkdir -p "$WORK/include"
  # Only their types: no simulated peer serves HTTP, or packs with snappy.
  cp /usr/include/microhttpd.h /usr/include/snappy-c.h "$WORK/include"
  note_changes
  compile_all
  check_redirected
  link_module "$file"
}

main "$@"
