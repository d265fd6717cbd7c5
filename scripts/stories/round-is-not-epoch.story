question: Round, electionEpoch, peerEpoch, acceptedEpoch, currentEpoch: what counts what?
asked: Q6
determined: All. There are never more than two peers, and the larger id has the history of a leader.

The round (electionEpoch) counts the elections that a process has begun or joined; it is in memory. The
epoch counts leaders that a quorum has followed; it is on disk, as a promise (acceptedEpoch) and as a
claim (currentEpoch). The columns "round" and "epochs" show them.
> start 1
> expect 1 looks
> start 3
> expect 3 leads; 1 follows 3; epoch 1; round 1

The leader dies. Peer 1 begins a second round. It cannot win it alone, so the epoch stays.
> kill 3
> expect 1 looks

Peer 3 returns, as a new process that is in its first round. It hears of a round 2 and joins that,
because only votes of the same round may be counted together. It wins, with the same epoch and the
newer history, and begins epoch 2.
> start 3
> expect 3 leads; 1 follows 3; epoch 2; round 2

Both die and return. The rounds begin at 1 again. The epochs are on the disks, and go on.
> kill 1 3
> start 1
> expect 1 looks; 3 is down
> start 3
> expect 3 leads; 1 follows 3; epoch 3; round 1
