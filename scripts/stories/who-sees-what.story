question: The network is divided. Who reads what, and who can write?
asked: Q5
determined: All but the votes of 3 when it is back, for it finds a leader. 1 and 2 have the same history when they
  elect, so the larger id decides.
namespaces: yes
tick: 800
lines: localSessionsEnabled=true localSessionsUpgradingEnabled=true
properties: readonlymode.enabled=true

Ann is a client of server 3, which leads, Ben of server 1. These servers have the read-only mode, which is off as a
rule, and sessions that only their own server knows, without which the read-only mode of 3.8.0 takes nobody.
> start 2
> expect 2 looks
> start 3
> expect 3 leads; 2 follows 3; epoch 1
> start 1
> expect 3 leads; 1 and 2 follow 3; epoch 1
> Ann connects to 3
> Ann creates /a one
> Ben connects to 1
> Ben reads /a one

Nobody hears 3 any more. For a moment it does not know that: it still leads, and Ann's write is proposed to all and
acknowledged by nobody but itself. So she has no answer, not even a refusal. Behind a write her reads wait, too.
> partition 3/1,2
> Ann writes /a lost unanswered

After syncLimit ticks 3 steps down and ends the connections of its clients. Ann learns only that: the connection is
lost. Her write may have been done, or not, or it may yet be.
> Ann is cut off
> expect 2 leads; 1 follows 2; 3 looks
> Ben is cut off

On the side with two of three, life goes on. Ben needs a new session, for his was known to his server alone, as it was
before the election.
> Ben connects to 1
> Ben writes /a two
> Ben reads /a two

Server 3 is alone. It takes no session: it does not know whether what it has is true any more.
> Ann is barred from 3

If it may, and after it has looked for a leader in vain for a while, it serves clients that say they want to read and
nothing else. Cleo is one. What she reads is not what Ben reads. It is not even what was true once: server 3 has taken all
into its tree that is in its log, so she sees Ann's write, which was never committed and never will be.
> Cleo connects to 3 read-only
> Cleo reads /a lost
> Cleo writes /a three refused

All hear each other again. Server 3 has a leader now, and ends its read-only service. It throws away what it has too
much: Ann's write is gone on every server.
> heal
> Cleo is cut off
> expect 2 leads; 1 and 3 follow 2; epoch 2
> Dora connects to 3
> Dora reads /a two
