# Lines, functions and files that are too long. A function begins at its first line in column one
# and ends with the brace in column one.
# Variables: columns, function_lines, long_lines, file_lines.
FNR == 1 { start = 0; signature = "" }
{
    text = $0
    gsub(/[\200-\277]/, "", text) # the later bytes of a UTF-8 character take no column
    sub(/ *\\$/, "", text)
    # A text in quotes is not cut, so that it can be searched for.
    rest = text
    quoted = gsub(/"([^"\\]|\\.)*"/, "", rest)
    if (length(text) > columns && !(quoted && length(rest) < columns * 0.7))
        printf "%s:%d: %d columns; the limit is %d\n", FILENAME, FNR, length(text), columns
}
FNR == file_lines + 1 { printf "%s:%d: the file is longer than %d lines\n", FILENAME, FNR, file_lines }
/^[A-Za-z_]/ && !start {
    begin = FNR
    signature = $0
}
/^[ \t]/ && !start && signature !~ /[;}]$/ { signature = signature " " $0 }
/^{$/ {
    start = begin
    is_long = 0
    match(signature, /[A-Za-z_0-9]+\(/)
    name = substr(signature, RSTART, RLENGTH - 1)
}
start && FNR == open_line + 1 && /^ +\/\* LONG: one Java method \*\/$/ { is_long = 1 }
/^{$/ { open_line = FNR }
/^}/ && start {
    lines = FNR - start + 1
    limit = is_long ? long_lines : function_lines
    if (lines > limit)
        printf "%s:%d: %s() has %d lines; the limit is %d\n", FILENAME, start, name, lines, limit
    if (is_long && lines <= function_lines)
        printf "%s:%d: %s() has %d lines and needs no LONG\n", FILENAME, start, name, lines
    functions++
    start = 0
    signature = ""
}
END { printf "functions %d\n", functions > "/dev/stderr" }
