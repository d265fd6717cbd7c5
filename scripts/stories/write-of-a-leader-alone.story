question: A leader is cut off while a client writes. What becomes of the write?
determined: All but the votes of 3 when it is back, for it finds a leader. 1 and 2 have the same history when they
  elect, so the larger id decides.
namespaces: yes
tick: 800

All have /a. Then nobody hears 3 any more, and a client wants to write through it. Its first request, for a
session, is a write as well: the leader logs it and proposes it, but no quorum will ever acknowledge it. So the
client is not answered.
> start 2
> expect 2 looks
> start 3
> expect 3 leads; 2 follows 3; epoch 1
> start 1
> expect 3 leads; 1 and 2 follow 3; epoch 1
> write 3 /a one
> read 1 /a one
> partition 3/1,2
> write 3 /a lost unanswered

The others hear nothing of their leader for syncLimit ticks, and elect another one. They go on without that
write, and write themselves.
> expect 2 leads; 1 follows 2; 3 looks
> write 2 /a two

3 comes back. It has a longer tail in the old epoch than anybody else, and that does not help: an epoch has
begun without it. What it has too much is thrown away, on its disk as well. The write that was not answered
is gone, as if it had never been.
> heal
> read 3 /a two
> expect 2 leads; 1 and 3 follow 2; epoch 2
> kill 2
> expect 3 leads; 1 follows 3; 2 is down; epoch 3
> read 3 /a two
