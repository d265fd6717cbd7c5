question: "Cannot open channel": what does a wrong election port look like?
asked: Q2, Q4
determined: All. No connection comes about, so each peer hears only itself, until peer 1 is corrected
  and starts again, while 3 still stands in its first round.

Peer 1 has a wrong port for 3, and peer 3 has a wrong port for 1. (One mistake alone does no harm: a
peer that is dialled is told where the caller can be reached.) Both look for a leader, for ever.
> wrong election port of 3 in 1
> wrong election port of 1 in 3
> start 1
> expect 1 looks
> start 3
> expect 1 and 3 look
> log 1: Cannot open channel to 3 at election address
> log 3: Cannot open channel to 1 at election address
> quiet 1

One mistake is mended. Now 1 can dial 3, which hears where 1 is, and dials back.
> stop 1
> mend 1
> start 1
> expect 3 leads; 1 follows 3; epoch 1; round 1
