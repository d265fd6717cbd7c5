#!/usr/bin/env bash
# Holds the list of conformance scenarios against the tests that claim them.
set -euo pipefail
# shellcheck source=../lib/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/lib.sh"
# shellcheck source=gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

usage() {
  cat <<'TEXT'
Usage: conformance.sh [--table | --write] [--help]

Checks scripts/check/conformance/scenarios.txt: each scenario that is proved, wholly or in part, is claimed
by at least one test that runs; nobody claims one that is for later, or one that is not in the list.
A test claims a scenario in the comment right above it, /* FLE-07 */ or /* FLE-07, FLE-08: why */ in
tests/unit and tests/sim, # FLE-07 in tests/process/interop; or in its name, fle_07_... A play of tests/sim/plays, which
the simulator runs, claims in its head.
scripts/check/conformance/TABLE.md must hold the table of today.

      --table  print the table: what is proved, where it ran, by which tests
      --write  put the table between the marks in TABLE.md
  -h, --help   this text

Exit: 0 clean, 1 findings (one a line), 2 wrong usage.
TEXT
}

readonly SCENARIOS=scripts/check/conformance/scenarios.txt
readonly BOOK=scripts/check/conformance/TABLE.md
readonly BEGIN_MARK='<!-- conformance:begin -->' END_MARK='<!-- conformance:end -->'

# All claims, and what is wrong with where they stand.
claims() {
  local file files=()
  while read -r file; do
    files+=("$file" "$file")
  done < <(find tests/unit tests/sim tests/process/interop -name 'test_*.c' -o -name '*.sh' -o \
    -path 'tests/sim/*.c' -o -path 'tests/sim/plays/*.txt' | LC_ALL=C sort)
  awk -f scripts/awk/claims.awk "${files[@]}"
}

# The list alone: form, and no id twice.
check_list() {
  awk -F ' [|] ' -v file=$SCENARIOS '
    function wrong(what) { printf "%s:%d: %s\n", file, FNR, what }
    /^#/ { next }
    NF != 5 { wrong("not: ID | what happens | layer | modes | status"); next }
    seen[$1]++ { wrong($1 " is there twice") }
    $1 !~ /^[A-Z]+-[0-9][0-9]$/ { wrong($1 " is no id") }
    $3 !~ /^(votes|connections|election|zab sync|broadcast|persistence|config|client|security)$/ { wrong($3 " is no layer") }
    $4 !~ /^(S,C,J|S,C|S,J|C,J|S|C|J)$/ { wrong($4 " are no modes") }
    $5 !~ /^(proved|(part|later): .+)$/ { wrong($5 " is no status") }
  ' $SCENARIOS
}

# The list against the claims.
check_claims() {
  claims | awk -F '\t' -v file=$SCENARIOS '
    FNR == NR { if (!/^#/) { split($0, field, / [|] /); status[field[1]] = field[5]; line[field[1]] = FNR }; next }
    $1 == "finding" { print $2; next }
    { claimed[$2] = 1 }
    !($2 in status) { printf "%s:%d: %s claims %s, which is not in %s\n", $4, $5, $6, $2, file; next }
    status[$2] ~ /^later/ { printf "%s:%d: %s claims %s, which is for later\n", $4, $5, $6, $2 }
    END {
      for (id in status)
        if (status[id] !~ /^later/ && !(id in claimed)) printf "%s:%d: no test claims %s\n", file, line[id], id
    }' $SCENARIOS -
}

table() {
  say "| scenario | what happens | status | ran in | tests |"
  say "|---|---|---|---|---|"
  claims | awk -F '\t' '
    FNR == NR {
      if (/^#/) next
      split($0, field, / [|] /)
      order[++count] = field[1]; title[field[1]] = field[2]; status[field[1]] = field[5]
      next
    }
    $1 == "claim" {
      name = $4
      sub(/.*\//, "", name)
      ran[$2] = ran[$2] $3
      key = $2 SUBSEP name
      if (!(key in tests)) files[$2] = files[$2] (files[$2] == "" ? "" : "\t") name
      tests[key] = tests[key] (tests[key] == "" ? "" : ", ") ($4 ~ /\.(sh|txt)$/ ? "\"" $6 "\"" : $6)
    }
    function modes(letters,    all, i, text) {
      split("S U C J", all, " ")
      for (i = 1; i <= 4; i++) if (index(letters, all[i])) text = text (text == "" ? "" : " ") all[i]
      return text
    }
    END {
      for (i = 1; i <= count; i++) {
        id = order[i]
        text = ""
        n = split(files[id], file, "\t")
        for (k = 1; k <= n; k++) text = text (k == 1 ? "" : "; ") file[k] ": " tests[id, file[k]]
        if (status[id] ~ /^later/) text = modes_text = "-"
        else modes_text = modes(ran[id])
        printf "| %s | %s | %s | %s | %s |\n", id, title[id], status[id], modes_text, text
      }
    }' $SCENARIOS -
  say
  say "$(count_of proved) proved, $(count_of part) in part, $(count_of later) for later." \
    "S simulator, U unit test, C our own peers, J with real Java peers."
}

count_of() {
  grep -c " | $1\(:.*\)\?\$" $SCENARIOS || true
}

has_marks() {
  [[ -f $BOOK ]] && grep -qxF "$BEGIN_MARK" "$BOOK" && grep -qxF "$END_MARK" "$BOOK"
}

# What TABLE.md holds between the marks.
written_table() {
  awk -v begin="$BEGIN_MARK" -v end="$END_MARK" '$0 == end { on = 0 } on; $0 == begin { on = 1 }' "$BOOK"
}

check_book() {
  if ! has_marks; then
    say "$BOOK: it has no lines '$BEGIN_MARK' and '$END_MARK'; put them where the table belongs"
    return
  fi
  [[ $(written_table) == "$(table)" ]] ||
    say "$BOOK:$(grep -nxF "$BEGIN_MARK" "$BOOK" | cut -d: -f1): the table is not that of today: scripts/check/conformance.sh --write"
}

write_table() {
  local new
  has_marks || die "$BOOK has no lines '$BEGIN_MARK' and '$END_MARK'; put them where the table belongs"
  make_scratch new
  table >"$new/table"
  awk -v begin="$BEGIN_MARK" -v end="$END_MARK" -v table="$new/table" '
    $0 == end { on = 0 }
    !on
    $0 == begin { on = 1; while ((getline line <table) > 0) print line }' "$BOOK" >"$new/book"
  # Written in place: TABLE.md keeps its mode, and may be a link.
  cat "$new/book" >"$BOOK"
}

main() {
  cd "$REPO"
  case ${1:-} in
    --table | --write)
      (($# == 1)) || die_usage "one option at a time, not $*"
      if [[ $1 == --table ]]; then table; else write_table; fi
      exit 0
      ;;
  esac
  no_arguments "$@"
  report < <(check_list)
  report < <(check_claims | LC_ALL=C sort)
  report < <(check_book)
  verdict "$(grep -c '^[A-Z]' $SCENARIOS) scenarios: $(count_of proved) proved, $(count_of part) in part, $(count_of later) for later, $(claims | grep -c '^claim') claims"
}

main "$@"
