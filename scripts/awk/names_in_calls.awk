# The names that calls give to what they make: zk_thread_group_start (a thread's) and bq_new or
# cbq_new (a queue's). A name is a format; PRId64 is written %d, and so is the number that
# zk_thread_group_start_numbered appends. Where a variable is handed over, its name is what was last
# printed into it. Prints: file:line:kind:name
FNR == 1 { call = "" }
{
    if (call == "") {
        start = FNR
        if (match($0, /(^|[^a-z_])(zk_thread_group_start(_numbered)?|c?bq_new)\(/) &&
            $0 !~ /^[a-z].*\*c?bq_new\(|^int zk_thread_group_start/)
            call = substr($0, RSTART)
        else if (match($0, /(zk_str_printf\(&|snprintf\()[a-z_]+/))
            call = substr($0, RSTART)
        else
            next
    } else {
        call = call " " $0
    }
    if (call !~ /;|{ *$/)
        next
    variable = call
    sub(/^[a-z_]*\(&?/, "", variable)
    sub(/[^a-z_].*/, "", variable)
    text = ""
    if (match(call, /".*"( PRI[a-zA-Z0-9]+)?/)) {
        text = substr(call, RSTART + 1, RLENGTH - 1)
        gsub(/" PRId64 *"?/, "d", text)
        sub(/"$/, "", text)
    }
    if (call ~ /^(zk_str_printf|snprintf)/) {
        printed[variable] = text
    } else {
        if (text == "")
            for (v in printed)
                if (index(call, v) && call ~ ("[^a-z_]" v "[^a-z_]"))
                    text = printed[v]
        if (call ~ /^[^a-z]?zk_thread_group_start_numbered/ && text != "")
            text = text "%d"
        print FILENAME ":" start ":" (call ~ /zk_thread_group_start/ ? "thread" : "queue") ":" text
    }
    call = ""
}
