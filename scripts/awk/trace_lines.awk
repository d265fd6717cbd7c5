# The traces of several peers as lines for people: microseconds since 1970 to sort by, then the
# wall clock, who, what, why. With all=1 every event, else what an election is made of.

function field(name,    at, rest) {
    at = index($0, "\"" name "\":")
    if (!at)
        return ""
    rest = substr($0, at + length(name) + 3)
    if (substr(rest, 1, 1) == "\"") {
        rest = substr(rest, 2)
        match(rest, /^([^"\\]|\\.)*/)
    } else if (substr(rest, 1, 1) == "{") {
        match(rest, /^[^}]*}/)
    } else if (substr(rest, 1, 1) == "[") {
        match(rest, /^[^]]*]/)
    } else {
        match(rest, /^[^,}]*/)
    }
    return substr(rest, 1, RLENGTH)
}

# Everything behind "ev", but the reason, without quotes.
function details(    at, text, why) {
    at = index($0, "\"ev\":")
    text = substr($0, at + 5)
    sub(/^"[^"]*",?/, "", text)
    sub(/,?"why":"([^"\\]|\\.)*"/, "", text)
    sub(/}$/, "", text)
    gsub(/"/, "", text)
    gsub(/,/, " ", text)
    gsub(/:/, " ", text)
    return text
}

FNR == 1 { wall = 0 }
!/^{"v":1,.*}$/ { next } # the last line of a peer that was killed may be cut off
{
    event = field("ev")
    if (event == "boot")
        wall = field("wall") * 1000 - field("t")
    if (!all && event !~ /^(boot|exit|state|vote|decide|phase|epoch|established)$/)
        next
    now = wall + field("t")
    second = int(now / 1000000) % 86400
    why = field("why")
    printf "%.0f %02d:%02d:%02d.%06d  %2s  %-12s %-34s %s\n", now, second / 3600, second % 3600 / 60,
        second % 60, now % 1000000, field("n"), event, details(), why
}
