# Blanks comments, strings and characters of a C file. Every line stays where it is, so that what
# is found in the output has the line number of the source.
{
    out = ""
    text = $0
    while (text != "") {
        if (in_comment) {
            end = index(text, "*/")
            if (end == 0)
                break
            text = substr(text, end + 2)
            in_comment = 0
        } else if (match(text, /\/\*|\/\/|"|'/)) {
            out = out substr(text, 1, RSTART - 1)
            mark = substr(text, RSTART, RLENGTH)
            text = substr(text, RSTART + RLENGTH)
            if (mark == "//")
                break
            if (mark == "/*") {
                in_comment = 1
            } else {
                while (text != "" && substr(text, 1, 1) != mark)
                    text = substr(text, substr(text, 1, 1) == "\\" ? 3 : 2)
                text = substr(text, 2)
                out = out mark mark
            }
        } else {
            out = out text
            break
        }
    }
    print out
}
