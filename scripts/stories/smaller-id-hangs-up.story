question: "Have smaller server identifier, so dropping the connection": is something broken?
asked: Q3
determined: All. Peer 2 is frozen while 1 starts, so it is 1 that dials first. (Peer 2 looks for 1 again
  and again, and may come just when 1 begins to listen and has not dialled yet.)

Each pair of servers keeps one connection. If both dial at the same moment there are two, and both sides
must drop the same one. The rule is that the connection which the larger id has dialled stays.
> start 2
> expect 2 looks

Peer 1 dials, because it has a vote to tell. It says who it is and hangs up, because it is the smaller
one. (Peer 2 is frozen for that moment, so that it cannot be first. Its kernel takes the call.)
> pause 2
> start 1
> log 1: Have smaller server identifier, so dropping the connection: (myId:1 --> sid:2)

Peer 2 now knows that 1 is there, and dials back. So the line is normal, once for each start.
> resume 2
> log 2: Received connection request from
> log 1: Received connection request from
> expect 2 leads; 1 follows 2; epoch 1; round 1
