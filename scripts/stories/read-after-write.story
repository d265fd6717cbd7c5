question: One server says that it is written. Does another one show it? And what is sync for?
asked: Q13
determined: All. The cut is shorter than syncLimit ticks, so nobody takes anybody for dead, and there is no election.
namespaces: yes
tick: 4000

Ann writes through server 2, Ben reads through server 1.
> start 2
> expect 2 looks
> start 3
> expect 3 leads; 2 follows 3; epoch 1
> start 1
> expect 3 leads; 1 and 2 follow 3; epoch 1
> Ann connects to 2
> Ann creates /a one
> Ben connects to 1
> Ben reads /a one

Server 1 is cut off from the others. It will take syncLimit ticks, 20 s here, until it doubts its leader. Ann's write
is acknowledged meanwhile: 2 and 3 have it on their disks, and two of three suffice.
> partition 1/2,3
> Ann writes /a two
> Ann reads /a two

Ben reads at server 1, which answers out of its own memory and asks nobody. What he reads is old, although Ann has
told him on the telephone that hers is done. ZooKeeper does not promise that he sees it. It promises that what one
client sees never goes back, and that all see the same writes in the same order.
> Ben reads /a still one

A sync goes by way of the leader and comes back behind everything that the leader had committed. Now it cannot
go there. So there is no answer, and no read behind it on that connection is answered either: better none than a wrong one.
> Ben syncs /a unanswered

All hear each other again, before anybody has lost patience. What was held back arrives, first the write and
behind it the answer to the sync. Whoever must not read what is old asks for a sync first, as Ben does now.
> heal
> Ben syncs /a
> Ben reads /a still two

Ann had no need of it. A server answers a client's read behind that client's own writes.
> Ann writes /a three
> Ann reads /a still three
> expect 3 leads; 1 and 2 follow 3; epoch 1
