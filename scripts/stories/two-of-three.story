question: Why do two of three suffice, and why does one not?
asked: Q1, Q14
determined: All. There are never more than two peers, so there is one vote to change, once.

Peer 1 is alone. All that happens is "Notification time out" in its log, after longer and longer waits.
> start 1
> expect 1 looks
> log 1: Notification time out: 400 ms

Two are a majority of three, so no other two can decide anything at the same time.
> start 2
> expect 2 leads; 1 follows 2; epoch 1; round 1

One is lost, and the other one is no majority. A leader that nobody follows stops leading by itself:
it cannot know whether the others are dead or have elected somebody else.
> kill 1
> expect 2 looks
> log 2: Not sufficient followers synced, only synced with sids: [ [2] ]

The peer that returns has the older history, and so the same one leads. It is a new epoch all the same.
> start 1
> expect 2 leads; 1 follows 2; epoch 2
