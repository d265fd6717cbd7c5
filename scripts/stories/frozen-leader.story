question: A leader freezes and thaws. Does it still lead?
asked: Q5, Q12
tick: 800
determined: All. As with a leader that is cut off: only 1 and 2 can vote, and 1 changes its vote once.

> start 1
> expect 1 looks
> start 3
> expect 3 leads; 1 follows 3
> start 2
> expect 3 leads; 1 and 2 follow 3; epoch 1; round 1

SIGSTOP: the process holds its connections and says nothing, as in a long pause of a garbage collector
or of a virtual machine. A dead leader is missed at once, because its connections break. A frozen one
is missed only after syncLimit ticks without a word.
> pause 3
> expect 2 leads; 1 follows 2; 3 is frozen; epoch 2; round 2

It thaws and thinks that it leads. But nobody follows any more; and its epoch is 1, and both others have
promised to obey no leader of an epoch before 2. So it steps down, asks around, and follows.
> resume 3
> expect 2 leads; 1 and 3 follow 2; epoch 2; round 2
