question: What does an observer do in an election?
asked: Q8
peers: 2
observers: 1
determined: All but the zxid of the observer, see below. Only voters vote, and there are two of them, so
  1 changes its vote once.
undetermined: zxids: an observer that looks while the leader is elected may reach it before the epoch
  begins, and needs nothing, or after it, and is sent a copy of the state that ends at 0x100000000.

The observer starts first, and is alone: it may not vote, not even for itself.
> start 3
> expect 3 looks
> start 1
> expect 1 looks; 3 looks

One voter and one observer are two of three servers, and no majority: only voters are counted.
> quiet 1

The second voter makes a majority of two. The observer asks around, hears who leads, and observes.
> start 2
> expect 2 leads; 1 follows 2; 3 observes 2; epoch 1

The death of an observer costs no election.
> kill 3
> quiet 1
> expect 2 leads; 1 follows 2; 3 is down
> start 3
> expect 2 leads; 1 follows 2; 3 observes 2; epoch 1

The death of a voter does. The leader has only an observer left, and may not count it.
> kill 1
> expect 2 looks; 3 looks; 1 is down
