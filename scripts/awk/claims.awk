# Which test claims which scenario: in a comment right above it that begins with ids, or in its name.
# Prints "claim<TAB>ID<TAB>MODE<TAB>FILE<TAB>LINE<TAB>TEST", or "finding<TAB>FILE:LINE: TEXT".
# MODE: S simulator, U unit, C our processes or our peers in one process, J with real Java: a play that
# starts Java peers, but for tests whose comment ends with "among C peers".
# A play claims the scenarios that a line of its head begins with, # FLE-07, FLE-08; its title, the first
# line, is the test.
# Each file comes twice: first to see what it has (its mode, what main() runs), then to read it.

FNR == 1 {
    second = seen[FILENAME]++
    is_told = FILENAME ~ /^tests\/sim\/plays\/.*\.txt$/
    if (is_told) title = substr($0, 3)
    in_main = 0
    forget()
    if (!second) {
        whole_peers = java = 0
    } else {
        is_play = FILENAME ~ /\.sh$/
        if (FILENAME ~ /^tests\/sim\//) mode = "S"
        else mode = whole_peers ? "C" : "U"
    }
}

!second {
    if (/^int main\(/) in_main = 1
    if (/^#include "ensemble\.h"/) whole_peers = 1
    if (!/^[ \t]*#/ && /java/) java = 1
    if (in_main) {
        line = $0
        while (match(line, /[a-z_][a-z_0-9]*/)) {
            runs[FILENAME, substr(line, RSTART, RLENGTH)] = 1
            line = substr(line, RSTART + RLENGTH)
        }
    }
    next
}

# The ids that a comment begins with: "CNX-04, CNX-05: why" has two.
function remember(text) {
    forget()
    while (match(text, /^[A-Z][A-Z]+-[0-9][0-9]/) && substr(text, RLENGTH + 1) !~ /^[0-9]/) {
        ids[++count] = substr(text, 1, RLENGTH)
        text = substr(text, RLENGTH + 1)
        if (!sub(/^, /, "", text)) break
    }
    where = FNR
}

function forget() {
    count = 0
}

function claim(test,    i) {
    for (i = 1; i <= count; i++)
        printf "claim\t%s\t%s\t%s\t%d\t%s\n", ids[i], mode, FILENAME, FNR, test
    forget()
}

# What follows a comment with ids is a test, or the comment is in the wrong place.
function expect_test() {
    if (count > 0)
        printf "finding\t%s:%d: %s stands above no test\n", FILENAME, where, ids[1]
    forget()
}

is_told {
    if (/^# [A-Z][A-Z]+-[0-9][0-9]([^0-9]|$)/) {
        remember(substr($0, 3))
        claim(title)
    }
    next
}

is_play { sub(/^ +/, "") }
is_play && /^# [A-Z][A-Z]+-[0-9][0-9]([^0-9]|$)/ {
    remember(substr($0, 3))
    mode = java && !/among C peers$/ ? "J" : "C"
    next
}
is_play && /^#/ { next }
is_play && /^expect "/ {
    match($0, /"[^"]*"/)
    claim(substr($0, RSTART + 1, RLENGTH - 2))
    next
}
is_play { expect_test(); next }

/^\/\*/ {
    text = $0
    sub(/^\/\* */, "", text)
    remember(text)
    in_comment = !/\*\//
    next
}
in_comment { in_comment = !/\*\//; next }
/^static void [a-z_0-9]+\(void \*\*[a-z_]+\)/ {
    name = $0
    sub(/^static void /, "", name)
    sub(/\(.*/, "", name)
    if (match(name, /^[a-z]+_[0-9][0-9]_/)) {
        id = toupper(substr(name, 1, RLENGTH - 1))
        sub(/_/, "-", id)
        for (i = 1; i <= count && ids[i] != id; i++) continue
        if (i > count) ids[++count] = id
    }
    if (count > 0 && !((FILENAME, name) in runs))
        printf "finding\t%s:%d: main() does not run %s\n", FILENAME, FNR, name
    claim(name)
    next
}
{ expect_test() }
