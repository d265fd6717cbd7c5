#!/bin/sh
# leftovers.sh ARCHIVE SYMS: does the redirected archive still refer to something that should have
# been redirected? (objcopy says nothing of members that it could not read.) Prints each such name.
set -eu
nm -u "$1" | awk -v syms="$2" '
  BEGIN { while ((getline line < syms) > 0) { split(line, pair, " "); real[pair[1]] = 1 } }
  $1 == "U" && $2 in real { print "not redirected: " $2; bad = 1 }
  $1 == "U" && $2 ~ /^sim_/ { redirected = 1 }
  END { if (!redirected) { print "nothing was redirected"; bad = 1 }; exit bad }'
