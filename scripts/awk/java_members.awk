# From the output of javap -p: classes, what they extend, their methods and fields, tab separated:
#   C full.name.Of$Inner super.class
#   M full.name.Of$Inner method        (a constructor is called <init>)
#   F full.name.Of$Inner field
function bare(text) { # without generics
    while (gsub(/<[^<>]*>/, "", text))
        ;
    return text
}
/^[a-z].*{$/ {
    line = bare($0)
    count = split(line, word, " ")
    class = ""
    super = ""
    for (i = 1; i < count; i++) {
        if (class == "" && (word[i] == "class" || word[i] == "interface"))
            class = word[i + 1]
        else if (word[i] == "extends")
            super = word[i + 1]
    }
    sub(/,.*/, "", super)
    print "C\t" class "\t" super
}
/^  .*;$/ {
    line = bare($0)
    is_method = index(line, "(") > 0
    sub(/[(;].*/, "", line)
    count = split(line, word, " ")
    name = word[count]
    if (name ~ /^(lambda|access|this|val)?\$/ || name ~ /\$[0-9]+$|^lambda\$|^this\$|^\$|^access\$/ || name == "{}" || name == "static")
        next
    print (is_method ? "M" : "F") "\t" class "\t" (name == class ? "<init>" : name)
}
