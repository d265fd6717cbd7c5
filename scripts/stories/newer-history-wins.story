question: Highest id or highest zxid: what decides?
asked: Q7, Q16
determined: All. Only 1 and 2 are left to vote, 1 has the larger zxid, and so 2 changes its vote once,
  against the order of the ids.

Peers 2 and 3 are a majority and begin epoch 1.
> start 2
> expect 2 looks
> start 3
> expect 3 leads; 2 follows 3; epoch 1

Peer 1 comes late and is sent a copy of the leader's state. That state ends at 0x100000000: epoch 1,
transaction 0. Peer 2 was there when the epoch began, with the same tree as the leader, so nothing was
sent, and its zxid is still 0x0. See the column zxid.
> start 1
> expect 3 leads; 1 and 2 follow 3; epoch 1

The leader dies. Peers 1 and 2 agree on the epoch; the zxid comes next, and 1 has the larger one.
By its id peer 2 would win, but the ids are not compared any more. So a large id can never make an
ensemble lose history.
> kill 3
> expect 1 leads; 2 follows 1; epoch 2; round 2
