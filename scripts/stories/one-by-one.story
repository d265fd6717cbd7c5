question: Five servers start one after another. Why does 3 lead, and not 5?
asked: Q7
peers: 5
determined: All. Each peer has heard all others before the next one starts, so each vote is changed
  once for each larger id; the third peer makes the majority; 4 and 5 find a leader and do not vote.

> start 1
> expect 1 looks

Two of five have met. Both vote for 2, and that is not enough: a majority of five is three.
> start 2
> expect 1 and 2 look; 1 and 2 vote for 2
> quiet 1

The third makes the majority. All three vote for the largest id among them, which is 3.
> start 3
> expect 3 leads; 1 and 2 follow 3; epoch 1; round 1

4 and 5 have larger ids, but that does not help them: an election is held only where nobody leads.
> start 4
> expect 4 follows 3
> start 5
> expect 3 leads; 1, 2, 4 and 5 follow 3; epoch 1; round 1
