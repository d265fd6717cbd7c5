# Collects the tags "Java: ..." of C files. The grammar of a tag:
#
#   Java: ITEM[, ITEM]...[text]         ", " may also be " and " or ", and "
#   ITEM   [new ][CLASS.]method(...)    the arguments are for the reader
#          [CLASS.]field
#          [new ]CLASS[<...>][(...)]    with parentheses: its constructor
#   CLASS  a name with as much of package and outer classes before it as the writer likes
#
# A name without CLASS belongs to the classes that the file's first comment names. What follows the
# items is text, in which the next item of a list would have parentheses or begin with a capital.
#
# Prints, tab separated:
#   E file line item          an item of the first comment
#   T file line item where    another item; where is the C function, struct or macro it stands at
#   D function file           a function is defined here
#   P file line function      a function is declared without a tag in a public header

function item_of(text,    name, is_new, depth, i, c) {
    # Sets ITEM and REST; false if text does not begin with an item.
    is_new = sub(/^new /, "", text)
    if (!match(text, /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*/))
        return 0
    name = substr(text, 1, RLENGTH)
    REST = substr(text, RLENGTH + 1)
    if (substr(REST, 1, 1) == "<") {
        sub(/^<[^>]*>/, "", REST)
    }
    ITEM = name
    if (substr(REST, 1, 1) == "(") {
        depth = 0
        for (i = 1; i <= length(REST); i++) {
            c = substr(REST, i, 1)
            depth += (c == "(") - (c == ")")
            if (depth == 0)
                break
        }
        REST = substr(REST, i + 1)
        ITEM = name "()"
    } else if (is_new) {
        ITEM = name "()"
    }
    return 1
}

# Does text begin with one more item of a list? That is a call or, after a comma, a class.
function goes_on(text, after_comma) {
    sub(/^new /, "", text)
    if (text ~ /^[A-Za-z_][A-Za-z0-9_.]*(<[^>]*>)?\(/)
        return 1
    return after_comma && (text ~ /^([a-z][a-z0-9]*\.)*[A-Z][A-Za-z0-9_]*[.,;:) ]/ || text ~ /^([a-z][a-z0-9]*\.)*[A-Z][A-Za-z0-9_]*$/)
}

function add_tag(text, line,    joiner) {
    sub(/^[ \t]+/, "", text)
    if (text == "" || !item_of(text)) {
        emit(substr(text, 1, 40), line)
        return
    }
    for (;;) {
        emit(ITEM, line)
        text = REST
        if (!match(text, /^(, and |, | and )/))
            return
        joiner = substr(text, 1, 1)
        text = substr(text, RLENGTH + 1)
        if (!goes_on(text, joiner == ","))
            return
        item_of(text)
    }
}

function emit(item, line) {
    if (in_essay)
        print "E\t" FILENAME "\t" line "\t" item
    else {
        tags++
        tag_item[tags] = item
        tag_line[tags] = line
    }
}

function snake(name) {
    sub(/\(\)$/, "", name)
    sub(/.*\./, "", name)
    gsub(/[A-Z]/, "_&", name)
    return tolower(name)
}

# All tags that wait belong to the C names of the code that follows: each to the one that is called
# like it, else to the one in its place, else to the first.
function settle(    i, j, where) {
    for (i = 1; i <= tags; i++) {
        where = i <= names ? name[i] : name[1]
        for (j = 1; j <= names; j++)
            if (substr("_" name[j], length(name[j]) + 2 - length(snake(tag_item[i]))) == snake(tag_item[i]))
                where = name[j]
        print "T\t" FILENAME "\t" tag_line[i] "\t" tag_item[i] "\t" where
    }
    tags = 0
    names = 0
}

# The C name that a line of code at the left margin declares or defines, or "".
function name_of(code) {
    if (match(code, /^(struct|enum|union) [a-z_0-9]+ *{/)) {
        sub(/ *{.*/, "", code)
        return code
    }
    if (match(code, /^#define [A-Za-z_0-9]+/))
        return substr(code, 9, RLENGTH - 8)
    if (code ~ /^[a-zA-Z_]/ && match(code, /[a-z_0-9]+\(/))
        return substr(code, RSTART, RLENGTH - 1)
    if (code ~ /^[a-zA-Z_]/ && match(code, /[A-Za-z_0-9]+(\[[A-Za-z_0-9]*\])* = /)) {
        code = substr(code, RSTART, RLENGTH)
        sub(/[\[ ].*/, "", code)
        return code
    }
    if (match(code, /^enum {/))
        return "enum"
    return ""
}

function end_of_file() {
    if (names == 0)
        name[names = 1] = ""
    settle()
}

FNR == 1 {
    if (NR > 1)
        settle()
    in_comment = 0
    in_essay = 1
    scope = ""
    head = ""
    tags = names = tagged = 0
}

{
    line = $0
    code = ""
    while (line != "") {
        if (in_comment) {
            place = index(line, "*/")
            piece = place ? substr(line, 1, place - 1) : line
            if (comment_lines++)
                sub(/^[ \t]*\*/, "", piece)
            comment_text = comment_text " \001" FNR "\002" piece
            if (!place)
                break
            line = substr(line, place + 2)
            in_comment = 0
            # One line of text; the numbers of its lines stand between \001 and \002.
            if (code == "" && scope == "" && names) {
                # A comment of its own ends what stood above it.
                settle()
                tagged = 0
            }
            first_tag = tags + 1
            while ((place = index(comment_text, "Java:")) > 0) {
                before = substr(comment_text, 1, place - 1)
                number = before
                sub(/.*\001/, "", number)
                sub(/\002.*/, "", number)
                if (before !~ /\001/)
                    number = last_number
                last_number = number
                comment_text = substr(comment_text, place + 5)
                text = comment_text
                gsub(/\001[0-9]+\002/, "", text)
                gsub(/[ \t]+/, " ", text)
                add_tag(text, number)
            }
            if (!in_essay && tags >= first_tag && (code != "" || scope != "")) {
                # Beside code, or inside a function or struct: it belongs there.
                names = 1
                kept = name[1]
                name[1] = scope != "" ? scope : name_of(code)
                settle()
                name[1] = kept
                names = 0
            } else if (!in_essay && tags >= first_tag) {
                tagged = FNR
            }
            in_essay = 0
        } else if ((place = index(line, "/*")) > 0) {
            text = substr(line, 1, place - 1)
            if (text !~ /^[ \t]*$/)
                code = code text
            line = substr(line, place + 2)
            in_comment = 1
            comment_text = ""
            comment_lines = 0
        } else {
            code = code line
            break
        }
    }
    if (code ~ /[^ \t]/)
        in_essay = 0
    if (code ~ /[^ \t]/ && code !~ /^#(include|ifndef|endif)/ && scope == "") {
        c_name = name_of(code)
        if (c_name != "" && code !~ /^[ \t}]/) {
            name[++names] = c_name
            head = c_name
            if (tags == 0 && !tagged && FILENAME ~ /^include/ && code ~ /^[a-z].*\(/ && code !~ /^(static|typedef)/)
                print "P\t" FILENAME "\t" FNR "\t" c_name
            if (code ~ /^(struct|enum|union) .*{$/)
                scope = c_name
        }
        if (code ~ /^enum {$/) {
            scope = "enum"
        }
    }
    if ($0 == "{") {
        scope = head
        if (FILENAME ~ /^src/)
            print "D\t" head "\t" FILENAME
        if (tags)
            settle()
        names = 0
    } else if ($0 ~ /^}/) {
        scope = ""
        settle()
        tagged = 0
    } else if ($0 ~ /^[ \t]*$/) {
        if (names) {
            settle()
            tagged = 0
        }
    }
}

END { end_of_file() }
