question: The client that holds a lock dies. Who gets it, when, and who is woken?
asked: Q12
determined: All. The nodes have numbers in the order in which they were made, and each client waits for one node only.

A lock is a node, and each client that wants it makes a child: ephemeral, so that it goes with its session, and
sequential, so that the server appends the next number. The smallest number holds the lock.
> start 2
> expect 2 looks
> start 3
> expect 3 leads; 2 follows 3; epoch 1
> start 1
> expect 3 leads; 1 and 2 follow 3; epoch 1
> Ann connects to 1 for 4000 ms
> Ann creates /lock free
> Ann creates /lock/n- ann ephemeral sequential as /lock/n-0000000000
> Ben connects to 2
> Ben creates /lock/n- ben ephemeral sequential as /lock/n-0000000001
> Cleo connects to 3
> Cleo creates /lock/n- cleo ephemeral sequential as /lock/n-0000000002

A client that does not hold the lock watches the next smaller node, and no other: Ben that of Ann, Cleo that of Ben.
> Ben watches /lock/n-0000000000
> Cleo watches /lock/n-0000000001

Ann is killed. Nobody tells the servers. Her connection ends, but she might be on the way to another server, so
her session lives on for its timeout, 4 s here, since she was heard last. Look at the time that Ben waits.
> Ann dies
> Ben sees /lock/n-0000000000 deleted
> Ben lists /lock n-0000000001 n-0000000002

Now Ben holds the lock. Cleo was not woken, for nothing has become of the node that she watches. If all had
watched the lock itself, all would have been woken, and all but one in vain: a herd.
> Cleo sees nothing

Ben lets the lock go by ending his session. That is a transaction like any other, and there is no timeout.
> Ben leaves
> Cleo sees /lock/n-0000000001 deleted
> Cleo lists /lock n-0000000002

The end of a session is decided by the leader. When the leader dies, its successor gives every session its whole
timeout anew: nobody loses a lock because there was an election.
> kill 3
> expect 2 leads; 1 follows 2; 3 is down; epoch 2
> Cleo is cut off
> Cleo moves to 1
> Cleo lists /lock n-0000000002
