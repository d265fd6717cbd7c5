#!/usr/bin/env bash
# The floors of the house: who may look at whom, in the includes and in the objects.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: floors.sh [--help]

Checks that a floor (a folder of src/ and include/zk/) looks only at the floors that it stands on:
in its #include lines, and in the symbols that its objects in build/dev leave undefined. A floor's
private headers (src/<floor>/*.h) are for that floor alone. Checks also that each lock has a rank in
the band of its floor, so that locks are taken downwards, as calls go.

  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

# What each floor may look at, beside itself. election and zab stand side by side.
declare -rA ALLOWED=(
  [base]=''
  [runtime]='base'
  [io]='runtime base'
  [jute]='io runtime base'
  [ensemble]='io runtime base'
  [tree]='jute io runtime base'
  [persistence]='tree jute io runtime base'
  [server]='persistence tree ensemble jute io runtime base'
  [command]='server persistence tree ensemble jute io runtime base'
  [cnxn]='command server persistence tree ensemble jute io runtime base'
  [quorum]='server persistence ensemble io runtime base'
  [election]='quorum server ensemble io runtime base'
  [zab]='quorum server persistence ensemble jute io runtime base'
  [peer]='election zab quorum cnxn command server persistence tree ensemble jute io runtime base'
)

# Where each floor's band of ten lock ranks begins: a floor that stands on another takes its locks first.
declare -rA BAND=(
  [peer]=0 [zab]=10 [election]=20 [quorum]=30 [cnxn]=40 [command]=50 [server]=60 [persistence]=70 [tree]=80
  [jute]=90 [ensemble]=90 [io]=100 [runtime]=110 [base]=120
)

# may_see FLOOR OTHER
may_see() {
  [[ " $1 ${ALLOWED[$1]} " == *" $2 "* ]]
}

check_includes() {
  local file line text floor other
  while IFS=: read -r file line text; do
    floor=${file#src/}
    floor=${floor#include/zk/}
    floor=${floor%%/*}
    if [[ -z ${ALLOWED[$floor]+known} ]]; then
      say "$file:$line: there is no floor $floor"
    elif [[ $text =~ \"zk/([a-z]+)/ ]]; then
      other=${BASH_REMATCH[1]}
      may_see "$floor" "$other" || say "$file:$line: $floor must not include a header of $other"
    elif [[ $text =~ \"([a-z]+)/ ]]; then
      other=${BASH_REMATCH[1]}
      [[ $floor == "$other" ]] || say "$file:$line: $floor includes a private header of $other"
    fi
    [[ $file != include/* || $text == *'"zk/'* ]] ||
      say "$file:$line: a public header includes a private one"
  done < <(grep -rnE '^#include "' src/*/ include/zk --include='*.[ch]')
}

# The bands follow the floors, and each rank lies in the band of the floor that declares it.
check_ranks() {
  local floor other file line rank
  for floor in "${!ALLOWED[@]}"; do
    for other in ${ALLOWED[$floor]}; do
      ((BAND[$floor] < BAND[$other])) || say "scripts/check/floors.sh:1: $floor stands on $other, but its locks are not taken first"
    done
  done
  while IFS=: read -r file line rank; do
    floor=${file#src/}
    floor=${floor%%/*}
    ((rank >= BAND[$floor] && rank < BAND[$floor] + 10)) ||
      say "$file:$line: rank $rank is outside the band of $floor, ${BAND[$floor]} to $((BAND[$floor] + 9))"
  done < <(grep -rnoE '^ *ZK_RANK_[A-Z_]+ = [0-9]+' src/*/lock_ranks.h | sed -E 's/:[^:]* = /:/')
  while IFS=: read -r file line rank; do
    [[ $file == src/*/lock_ranks.h ]] || say "$file:$line: a rank is declared in its floor's lock_ranks.h"
  done < <(grep -rnE 'ZK_RANK_[A-Z_]+ = |zk_mutex_init\(.*, [0-9]+\)' src include)
}

# The symbols of the objects, one a line: floor file U|D symbol.
object_symbols() {
  local object file
  for object in "$BUILD_DIR"/CMakeFiles/zkpeer_archive.dir/src/*/*.o; do
    file=src/${object#*/zkpeer_archive.dir/src/}
    file=${file%.o}
    [[ -f $file ]] || continue # the object of a file that is gone
    nm "$object" | awk -v file="$file" '{
      split(file, part, "/")
      kind = $(NF - 1)
      if (kind == "U" || kind ~ /^[TDBRVWC]$/)
        print part[2], file, (kind == "U" ? "U" : "D"), $NF
    }'
  done
}

check_symbols() {
  local floor file symbol owner
  while read -r floor file symbol owner; do
    may_see "$floor" "$owner" || say "$file:1: $floor must not call $symbol() of $owner"
  done < <(object_symbols | awk '
    $3 == "D" { owner[$4] = $1 }
    $3 == "U" { use[++uses] = $1 " " $2 " " $4; symbol[uses] = $4 }
    END { for (i = 1; i <= uses; i++) if (symbol[i] in owner) print use[i], owner[symbol[i]] }')
}

main() {
  no_arguments "$@"
  cd "$REPO"
  need_archive
  report < <(check_includes)
  report < <(check_symbols)
  report < <(check_ranks)
  verdict "${#FLOORS[@]} floors, $(grep -rhE '^#include "' src include | wc -l) includes, $(object_symbols | grep -c ' U ') symbols"
}

main "$@"
