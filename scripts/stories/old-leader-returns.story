question: Why does the old leader not get its place back?
asked: Q7
determined: All. Peers 1 and 2 are the only ones left when 3 dies. Peer 2 has the newer history, for
  it joined late and was sent a copy of the leader's state; so 1 changes its vote once. A peer that finds
  a leader joins it without a vote, so the votes of 3 after its return are chance and are not compared.

> start 1
> expect 1 looks
> start 3
> expect 3 leads; 1 follows 3
> start 2
> expect 3 leads; 1 and 2 follow 3; epoch 1; round 1

The leader dies. The two others are a majority and begin round 2; the winner begins epoch 2.
> kill 3
> expect 2 leads; 1 follows 2; 3 is down; epoch 2; round 2

Peer 3 returns. It has the largest id, and it was the leader. But it is answered by peers that have a
leader, and a leader with a quorum is never voted out: if it were, every restart would cost an election.
> start 3
> expect 2 leads; 1 and 3 follow 2; epoch 2; round 2
> quiet 1
