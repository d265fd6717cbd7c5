question: Does a restart of a follower cost an election?
asked: Q4, Q12
determined: All. The leader keeps a majority all the time; a peer that finds a leader does not vote.

> start 1
> expect 1 looks
> start 2
> expect 2 leads; 1 follows 2
> start 3
> expect 2 leads; 1 and 3 follow 2; epoch 1; round 1

A follower is stopped and comes back: the round and the epoch stay what they are.
> stop 3
> quiet 1
> expect 2 leads; 1 follows 2; 3 is down; epoch 1; round 1
> start 3
> expect 2 leads; 1 and 3 follow 2; epoch 1; round 1

So if you update an ensemble, restart the followers first and the leader last. That costs one election.
> restart 1
> expect 2 leads; 1 and 3 follow 2; epoch 1; round 1
