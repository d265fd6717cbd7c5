# What one peer's log tells of a step of a story. Lines, tab between fields:
#   own    1@1 3@1                its votes, leader@round, one after another without repetitions
#   heard  2  2@1                 the votes that looking peer 2 sent it
#   phases election discovery synchronization     milliseconds of the last time it found a leader
# A vote that is repeated (after a time-out, on a fresh connection) is one vote.
# Variables: me, from (bytes of the log that belong to earlier steps).

function ms(    part) {
    split($2, part, /[:,]/)
    return ((part[1] * 60 + part[2]) * 60 + part[3]) * 1000 + part[4]
}

function value(name,    at, rest) {
    at = index($0, name ":")
    rest = substr($0, at + length(name) + 1)
    sub(/,.*/, "", rest)
    return rest
}

{ new = position >= from; position += length($0) + 1 }
/New election\. My id/ { delete last[me] }
/ - Starting quorum peer, myid=/ { split("", last) }
/ - Notification: my state:/ && / n\.state:LOOKING,/ {
    sid = value("n.sid")
    round = value("n.round")
    sub(/^0x/, "", round)
    vote = value("n.leader") "@" round
    if (last[sid] == vote)
        next
    last[sid] = vote
    if (!new)
        next
    votes[sid] = votes[sid] (votes[sid] == "" ? "" : " ") vote
}
new && /LEADER ELECTION TOOK - [0-9]+ MS/ { election = $(NF - 1) }
new && /Peer state changed: .* - discovery$/ { t_discovery = ms(); synchronizing = 0 }
new && /Peer state changed: .* - synchronization$/ && !synchronizing {
    synchronizing = 1
    t_synchronization = ms()
}
new && /Peer state changed: .* - broadcast$/ { t_broadcast = ms() }
END {
    if (votes[me] != "")
        printf "own\t%s\n", votes[me]
    for (sid = 1; sid < 10; sid++)
        if (sid != me && votes[sid] != "")
            printf "heard\t%s\t%s\n", sid, votes[sid]
    if (t_broadcast && election != "")
        printf "phases\t%d\t%d\t%d\n", election, t_synchronization - t_discovery, t_broadcast - t_synchronization
}
