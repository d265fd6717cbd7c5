#!/usr/bin/env bash
# What the archive needs from outside, and that it holds no state of its own.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: audit.sh [--help] [ARCHIVE]

Checks the archive of all floors (build/dev/libzkpeer.a, or another one): each symbol that it leaves
undefined must stand in tests/sim/syms.txt (the simulator answers it) or in tests/sim/pure.txt (a
function whose result depends on its arguments alone); and it must hold no writable static data.

  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

# What compilers and sanitizers add to the objects, and what only the linker sees.
readonly OF_THE_COMPILER='^(__(asan|ubsan|tsan|sanitizer|gcov)_|_GLOBAL_OFFSET_TABLE_$)'

words_of() {
  sed -e 's/#.*//' "$@" | awk 'NF { print $1 }' | sort -u
}

# In an object: symbols with the kind of nm. In an archive nm -A would name the member; the archive
# as a whole is what the simulator gets, so members need no names.
undefined_outside() {
  comm -23 \
    <(nm "$archive" 2>/dev/null | awk 'NF == 2 && $1 == "U" { print $2 }' | sort -u) \
    <(nm --defined-only "$archive" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u) |
    grep -vE "$OF_THE_COMPILER" || true
}

# Objects of a writable section. .data.rel.ro is read-only once it has been relocated.
writable_data() {
  objdump -t "$archive" 2>/dev/null | awk '
    /file format/ { member = $1; sub(/:$/, "", member) }
    /^[0-9a-f]+ / {
      for (i = 2; i < NF; i++)
        if ($i ~ /^(\.t?bss|\.t?data|\*COM\*)/ && $i !~ /rel\.ro/ && $NF != $i)
          print "src/" member ": writable static data: " $NF
    }' | sed 's/\.o: /: /' | grep -vE 'asan|ubsan|tsan|gcov' || true
}

check_lists() {
  local symbol
  while read -r symbol; do
    say "tests/sim: $symbol stands in both lists"
  done < <(comm -12 <(words_of tests/sim/syms.txt) <(words_of tests/sim/pure.txt))
  while read -r symbol; do
    say "tests/sim/syms.txt: $symbol has no new name, or not only its own"
  done < <(sed 's/#.*//' tests/sim/syms.txt | awk 'NF && (NF != 2 || used[$2]++) { print $1 }')
}

main() {
  local archive=$ARCHIVE
  case ${1:-} in
    -h | --help) usage && exit 0 ;;
    -*) die_usage "I do not know $1" ;;
    ?*) archive=$(realpath -m "$1") ;;
  esac
  (($# <= 1)) || die_usage "one archive at a time"
  cd "$REPO"
  [[ $archive != "$ARCHIVE" ]] || need_archive
  [[ -f $archive ]] || die_usage "there is no $archive"
  report < <(check_lists)
  report < <(comm -23 <(undefined_outside) <(words_of tests/sim/syms.txt tests/sim/pure.txt) |
    sed 's/.*/tests\/sim: & is in neither list/')
  report < <(writable_data)
  verdict "$(undefined_outside | wc -l) outside symbols, no writable data"
}

main "$@"
