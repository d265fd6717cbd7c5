question: Three servers or four: what do I gain?
asked: Q14
peers: 4
determined: All but the round of 1 and 2 at the end, see below.
undetermined: rounds, votes: when the leader gives up, the follower may notice before or after it, and
  may hold one election more.

Two of four are no majority.
> start 1
> expect 1 looks
> start 2
> expect 1 and 2 look; 1 and 2 vote for 2
> quiet 1

Three are.
> start 3
> expect 3 leads; 1 and 2 follow 3; epoch 1

So an ensemble of four survives the loss of one server, as an ensemble of three does.
> start 4
> expect 4 follows 3
> kill 4
> quiet 1
> expect 3 leads; 1 and 2 follow 3; 4 is down; epoch 1

It does not survive the loss of two. The fourth server only cost more, and was one more that could fail.
> kill 3
> expect 1 and 2 look; 3 and 4 are down
