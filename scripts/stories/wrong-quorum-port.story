question: A leader is elected, then all look again, and again. Why?
asked: Q11
tick: 200
lines: syncLimit=20
determined: The logs, and all that is true in the end.
undetermined: rounds, votes: how often the two elect in vain depends on when each gives up.

Servers have two ports for each other. Peer 1 has a wrong quorum port for 3; the election port is
right. So 1 and 3 elect 3, but 1 never reaches it: the leader waits for a quorum (initLimit ticks, here
two seconds), gives up, and everything begins anew.
> wrong quorum port of 3 in 1
> start 1
> expect 1 looks
> start 3
> log 3: LEADING - LEADER ELECTION TOOK
> log 3: Timeout while waiting for epoch from quorum
> log 1: Exception when following the leader

The port is corrected, and both start again. They elect the same leader, and this time it can lead.
> stop 1 3
> mend 1
> start 1
> expect 1 looks
> start 3
> expect 3 leads; 1 follows 3; epoch 1
