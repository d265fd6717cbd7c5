# What should have gone before a change is done: notes to oneself without an issue, code that is
# commented out or switched off, // comments; and files that do not begin with an essay.
FNR == 1 && FILENAME !~ /^tests\/unit\// && !/^\/\* [A-Z"'"'"'a-z]/ { printf "%s:1: does not begin with a comment that says what it is for\n", FILENAME }
FNR == 1 { in_comment = 0 }
/(^|[^A-Za-z])(TODO|FIXME|XXX)([^A-Za-z]|$)/ && !/(TODO|FIXME|XXX)\(#[0-9]+\)/ {
    printf "%s:%d: a note to oneself without an issue: TODO(#n)\n", FILENAME, FNR
}
/^#[ \t]*if[ \t]+[01]([ \t]|$)/ { printf "%s:%d: code that is switched off\n", FILENAME, FNR }
/^[ \t]*\/\/|[;{}] *\/\/ / { printf "%s:%d: comments are /* such */\n", FILENAME, FNR }
{
    was_comment = in_comment
    line = $0
    while ((place = index(line, in_comment ? "*/" : "/*")) > 0) {
        in_comment = !in_comment
        line = substr(line, place + 2)
    }
}
# Inside a comment, or one that fills its line: a statement, or a block that opens or closes. An
# example is set off by blanks.
!/^[ \t]*\/?\*+   / && (was_comment || /^[ \t]*\/\*.*\*\/$/) {
    text = $0
    sub(/^[ \t]*(\/?\*+)?[ \t]*/, "", text)
    sub(/[ \t]*\*\/$/, "", text)
    if (text ~ /^[A-Za-z_][A-Za-z_0-9.>\[\]-]*( [*A-Za-z_][A-Za-z_0-9]*)?( [-+|&]?= |\().*;$/ ||
        text ~ /^(if|while|for|switch) \(.*[){]$/ || text ~ /^(return|goto) .*;$/ || text ~ /^}( else.*)?$/)
        printf "%s:%d: looks like commented-out code\n", FILENAME, FNR
}
