question: Two leaders? Why does a leader that is cut off step down?
asked: Q5
namespaces: yes
tick: 800
determined: All. 1 and 2 have each other and nobody else; 2 has the newer history, so 1 changes its
  vote once. The old leader is alone, so it votes for itself. After healing it finds a leader.

> start 1
> expect 1 looks
> start 3
> expect 3 leads; 1 follows 3
> start 2
> expect 3 leads; 1 and 2 follow 3; epoch 1; round 1

The leader's cable is pulled. No connection breaks: it just becomes silent. Within syncLimit ticks
(5 of 300 ms here) the followers miss their leader, and the leader misses its followers. It may not go
on to lead, for it cannot tell "they are dead" from "they have elected somebody else"; and they have.
> partition 3/1,2
> expect 2 leads; 1 follows 2; 3 looks
> log 3: Not sufficient followers synced, only synced with sids: [ [3] ]

The cable is back. The old leader has voted for itself all the time, and is told that 2 leads in epoch 2.
> heal
> expect 2 leads; 1 and 3 follow 2; epoch 2; round 2
