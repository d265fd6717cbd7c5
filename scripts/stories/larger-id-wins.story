question: Why does the larger id win on the first start?
asked: Q7
determined: All. Peer 1 has voted for itself before peer 3 exists, so it changes its vote exactly once;
  peer 3 never hears of anything better than itself; two of three decide, and peer 2 comes when it is
  over, so it has no say.

Three servers, all new. Peer 1 starts. It votes for itself, hears nobody, and asks again and again.
> start 1
> expect 1 looks

Peer 3 starts and votes for itself. Both have the same history, namely none, so only the id can decide
between them, and peer 1 changes its vote to 3. It does not matter which of them started first.
> start 3
> expect 3 leads; 1 follows 3; epoch 1; round 1

Peer 2 comes late. It votes for itself, too, but is told that 3 leads, and follows.
> start 2
> expect 3 leads; 1 and 2 follow 3; epoch 1; round 1
