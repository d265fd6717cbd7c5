# Holds the tags of the C files (java_tags.awk) against Java's classes (java_members.awk) and against
# the lists in scripts/check/xref. Files, in this order: members, tags, java-methods.txt, not-mirrored.txt.
# Variable: mode, which is "check" (prints findings), "table" (prints the crosswalk as Markdown) or
# "missing" (prints the methods of java-methods.txt that are neither tagged nor excused).

BEGIN { FS = "\t" }

# QuorumCnxManager.SendWorker for org.apache.zookeeper.server.quorum.QuorumCnxManager$SendWorker
function short(full) {
    sub(/^([a-z][a-z0-9]*\.)+/, "", full)
    gsub(/\$/, ".", full)
    return full
}

function known_class(full,    text, count, part, i, suffix) {
    text = full
    gsub(/\$/, ".", text)
    count = split(text, part, ".")
    suffix = part[count]
    for (i = count; i >= 1; i--) {
        if (i < count)
            suffix = part[i] "." suffix
        candidates[suffix] = candidates[suffix] " " full
    }
}

# The classes among which is the member, "" if none: full, in the class itself or what it extends.
function owner(full, member,    class) {
    for (class = full; class != ""; class = super[class])
        if ((class, member) in has)
            return class
    return ""
}

# Finds item. Sets FOUND to the full name of the class and MEMBER to "name()", "name", "<init>()" or
# "". The names of classes to try for an item without class stand in scope.
function resolve(item, scope,    list, count, i, class_part, member) {
    FOUND = MEMBER = ""
    class_part = item
    if (sub(/\(\)$/, "", class_part) && class_part in candidates) {
        count = split(candidates[class_part], list, " ")
        for (i = 1; i <= count; i++)
            if ((list[i], "<init>()") in has || item ~ /Exception\(\)$/) {
                FOUND = list[i]
                MEMBER = "<init>()"
                return 1
            }
    }
    if (item in candidates) {
        count = split(candidates[item], list, " ")
        FOUND = list[1]
        return 1
    }
    member = item
    sub(/^.*\./, "", member)
    if (member != item) {
        scope = substr(item, 1, length(item) - length(member) - 1)
        if (!(scope in candidates))
            return 0
        scope = candidates[scope]
    }
    count = split(scope, list, " ")
    for (i = 1; i <= count; i++)
        if (owner(list[i], member) != "") {
            FOUND = owner(list[i], member)
            MEMBER = member
            CALLED = list[i]
            return 1
        }
    return 0
}

function finding(file, line, text) {
    if (mode == "check")
        print file ":" line ": " text
}

function key_of(full, member) {
    return member == "<init>()" ? short(full) "()" : short(full) "." member
}

FNR == 1 { input++ }

input == 1 && $1 == "C" {
    super[$2] = $3
    known_class($2)
    next
}
input == 1 { has[$2, $1 == "M" ? $3 "()" : $3] = 1; next }

# ---- tags --------------------------------------------------------------------------------------

input == 2 && $1 == "D" { if (!($2 in defined_in)) defined_in[$2] = $3; next }
input == 2 && $1 == "P" { untagged[++untagged_count] = $2 SUBSEP $3 SUBSEP $4; next }
input == 2 && ($1 == "E" || $1 == "T") {
    scope = essay[$2]
    if ($2 == last_file && $3 == last_line)
        scope = last_class " " scope
    if (!resolve($4, scope)) {
        finding($2, $3, "Java has no " $4 (scope == "" ? " (and the first comment names no class)" : ""))
        next
    }
    items++
    if ($2 != last_file || $3 != last_line)
        last_class = ""
    last_class = (MEMBER == "" || MEMBER == "<init>()" || $4 ~ /\./ ? FOUND : CALLED) " " last_class
    last_file = $2
    last_line = $3
    if ($1 == "E") {
        essay[$2] = essay[$2] " " last_class
        next
    }
    if (MEMBER ~ /\(\)$/) {
        key = key_of(FOUND, MEMBER)
        if (!(key in tagged))
            tagged[key] = $2 ":" $3
        if (!((key, $5) in seen) && $5 != "" && $5 !~ /^(struct|enum)/) {
            seen[key, $5] = 1
            row[++rows] = key SUBSEP $5 SUBSEP $2
        }
    }
    next
}

# ---- lists -------------------------------------------------------------------------------------

/^[ \t]*(#|$)/ { next }
input == 3 {
    if (!resolve($0, "")) {
        finding("scripts/check/xref/java-methods.txt", FNR, "Java has no " $0)
        next
    }
    method[++methods] = key_of(FOUND, MEMBER)
    next
}
input == 4 {
    pattern = $1
    if ($2 == "")
        finding("scripts/check/xref/not-mirrored.txt", FNR, pattern " needs a tab and a reason")
    gsub(/[.()]/, "\\\\&", pattern)
    gsub(/\*/, "[^.]*", pattern)
    excuse[++excuses] = "^" pattern "$"
    excuse_line[excuses] = FNR
    excuse_name[excuses] = $1
}

function camel(c_name,    part, count, i, text) {
    count = split(c_name, part, "_")
    text = part[1]
    for (i = 2; i <= count; i++)
        text = text toupper(substr(part[i], 1, 1)) substr(part[i], 2)
    return text
}

# A public function without a tag whose name, or the end of it, is a method of the header's class.
function warn_untagged(    i, part, name, classes, count, list, j, k) {
    for (i = 1; i <= untagged_count; i++) {
        split(untagged[i], part, SUBSEP)
        name = part[3]
        count = split(essay[part[1]], list, " ")
        while (sub(/^[a-z0-9]+_/, "", name))
            for (j = 1; j <= count; j++)
                if ((list[j], camel(name) "()") in has) {
                    printf "warning: %s:%s: %s() looks like %s.%s() and has no tag\n", part[1], part[2], part[3], short(list[j]), camel(name) > "/dev/stderr"
                    name = ""
                    break
                }
    }
}

END {
    for (i = 1; i <= methods; i++) {
        why = 0
        for (j = 1; j <= excuses && !why; j++)
            if (method[i] ~ excuse[j]) {
                why = j
                used[j] = 1
            }
        if (method[i] in tagged) {
            mirrored++
            if (why && excuse_name[why] !~ /\*/)
                finding("scripts/check/xref/not-mirrored.txt", excuse_line[why], method[i] " is mirrored: " tagged[method[i]])
        } else if (!why) {
            if (mode == "missing")
                print method[i]
            finding("scripts/check/xref/java-methods.txt", 1, method[i] " is neither tagged in the code nor listed in not-mirrored.txt")
        }
    }
    for (j = 1; j <= excuses; j++)
        if (!(j in used))
            finding("scripts/check/xref/not-mirrored.txt", excuse_line[j], excuse_name[j] " is no method of java-methods.txt")
    if (mode == "table")
        for (i = 1; i <= rows; i++) {
            split(row[i], part, SUBSEP)
            if (part[2] in defined_in)
                part[3] = defined_in[part[2]]
            sub(/^(src|include\/zk)\//, "", part[3])
            print "| `" part[1] "` | `" part[2] (part[2] ~ /^[a-z_0-9]+$/ ? "()" : "") "` | `" part[3] "` |"
        }
    if (mode == "check") {
        if (warnings)
            warn_untagged()
        printf "%d tags, %d of %d Java methods mirrored, %d with a reason why not\n", items, mirrored, methods, methods - mirrored > "/dev/stderr"
    }
}
