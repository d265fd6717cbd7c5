question: Split brain: can both halves of a divided ensemble go on?
asked: Q5
peers: 5
namespaces: yes
tick: 800
determined: Who leads, follows and looks, all epochs and zxids.
undetermined: votes, rounds: three peers on one side hold an election, each begins when it notices, and
  the first to notice may give up a round before the last one has begun it.

> start 1 2 3
> expect 3 leads; 1 and 2 follow 3
> start 4 5
> expect 3 leads; 1, 2, 4 and 5 follow 3; epoch 1

The leader is on the smaller side. Three of five can elect a leader, and do. Two of five cannot, even if
one of them was the leader, and look for one in vain. Two halves can never both go on, because two
majorities always have a server in common.
> partition 2,3/1,4,5
> expect 5 leads; 1 and 4 follow 5; 2 and 3 look

> heal
> expect 5 leads; 1, 2, 3 and 4 follow 5; epoch 2
