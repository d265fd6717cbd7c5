#!/usr/bin/env bash
# The numbers that the code cites, and the tables of NOTES.md.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: notes.sh [--help]

Checks NOTES.md against the code: every number that the code, the tests and the scripts cite (D-7,
K-3, R-1, A-2, L-30, T-9, Q-4, W-2) has exactly one row or heading; the names of threads and queues in the code are
those of tables T and Q, and the ranks of locks those of table L, with nothing missing on either side.

  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

# The numbers that NOTES.md explains: rows "| D-7 | ..." and paragraphs "**D-69 ...".
explained() {
  sed -nE -e 's/^\| ([DKRLTQW]-[0-9]+) \|.*/\1/p' -e 's/^\*\*([ADKR]-[0-9]+) .*/\1/p' NOTES.md
}

cited() {
  grep -rnoE '(^|[^A-Za-z0-9_-])[DKRALTQW]-[0-9]+' NOTES.md src include tests scripts \
    --include='*.[ch]' --include='*.sh' --include='*.txt' --include='*.md' |
    sed -E 's/^([^:]+:[0-9]+):.*([DKRALTQW]-[0-9]+)$/\1 \2/'
}

check_numbers() {
  local number place
  while read -r number; do
    say "NOTES.md:$(grep -nE "^(\| |\*\*)$number " NOTES.md | tail -n 1 | cut -d: -f1): $number is explained twice"
  done < <(explained | sort | uniq -d)
  while read -r place number; do
    say "$place: $number does not exist in NOTES.md"
  done < <(cited | awk 'NR == FNR { known[$1] = 1; next } !($2 in known)' <(explained) -)
}

# names_in_table T: the names of a table's second column.
names_in_table() {
  sed -nE "s/^\| $1-[0-9]+ \| \`([^\`]+)\`.*/\1/p" NOTES.md
}

# check_names KIND TABLE: what the code calls its threads or queues, and what the table does.
check_names() {
  local place line kind name
  while IFS=: read -r place line kind name; do
    [[ $kind == "$1" ]] || continue
    if [[ -z $name ]]; then
      say "$place:$line: I cannot read the name of this $kind"
    elif ! names_in_table "$2" | grep -qxF -e "$name"; then
      say "$place:$line: the $kind $name has no row in table $2"
    fi
  done <"$names"
  while read -r name; do
    cut -d: -f3- "$names" | grep -qxF -e "$1:$name" ||
      say "NOTES.md:$(grep -nF "| \`$name\`" NOTES.md | head -n 1 | cut -d: -f1): no $1 of the code is called $name"
  done < <(names_in_table "$2" | grep -vx main)
}

# The ranks in the floors' lock_ranks.h, and the rows of table L, as "number name".
check_ranks() {
  # shellcheck disable=SC2016  # the backquotes are Markdown's
  diff <(sed -nE 's/^ *(ZK_RANK_[A-Z_]+) = ([0-9]+),.*/\2 \1/p' src/*/lock_ranks.h | sort -n) \
    <(sed -nE 's/^\| L-([0-9]+) \| `(ZK_RANK_[A-Z_]+)`.*/\1 \2/p' NOTES.md | sort -n) |
    sed -nE -e 's/^< (.*)/NOTES.md:1: the rank \1 has no row in table L/p' \
      -e 's/^> (.*)/NOTES.md:1: the row \1 of table L is in no lock_ranks.h/p' || true
}

main() {
  local scratch names
  no_arguments "$@"
  cd "$REPO"
  [[ -f NOTES.md ]] || die "there is no NOTES.md"
  make_scratch scratch
  names=$scratch/names
  sources src | xargs awk -f scripts/awk/names_in_calls.awk >"$names"
  report < <(check_numbers)
  report < <(check_names thread T)
  report < <(check_names queue Q)
  report < <(check_ranks)
  verdict "$(explained | wc -l) numbers, $(cited | wc -l) citations, $(wc -l <"$names") threads and queues"
}

main "$@"
