question: A follower was away. What is it sent when it comes back: a difference, or everything?
determined: All. One client writes, one write after the other, so every zxid is known. The leader keeps its last 501
  transactions in memory; 600 are more than that, and the files of its log are much larger than a snapshot of this tree.

A client writes /a through the leader. That is three transactions: its session, the node, and the end of the
session. One that only reads has two, for a session is told to all.
> start 2
> expect 2 looks
> start 3
> expect 3 leads; 2 follows 3; epoch 1
> start 1
> expect 3 leads; 1 and 2 follow 3; epoch 1
> write 3 /a one
> read 1 /a one

Peer 1 misses one write. When it comes back, it says where its history ends, and the leader still has
what comes behind that in memory: a DIFF, one proposal and its commit for each transaction.
> stop 1
> expect 3 leads; 2 follows 3; 1 is down
> write 3 /a two
> start 1
> read 1 /a two
> log 3: Sending DIFF
> expect 3 leads; 1 and 2 follow 3; epoch 1

Now it misses more than the leader remembers. Its log has all of them, but reading it would cost more than
the tree itself. So it is sent the whole tree: a SNAP.
> stop 1
> expect 3 leads; 2 follows 3; 1 is down
> write 3 /a 600 times
> start 1
> read 1 /a 599
> log 3: Sending snapshot last zxid of peer

Either way it has the same history as the others: see the column zxid.
> expect 3 leads; 1 and 2 follow 3; epoch 1
