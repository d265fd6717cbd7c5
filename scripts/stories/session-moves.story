question: A session moves to another server. What does the old server say to those who still come to it?
asked: Q12
determined: All. Each step waits for the answer of the step before.

Ann has a session at server 1, and a node that lives as long as the session.
> start 2
> expect 2 looks
> start 3
> expect 3 leads; 2 follows 3; epoch 1
> start 1
> expect 3 leads; 1 and 2 follow 3; epoch 1
> Ann connects to 1
> Ann creates /ann here ephemeral
> Ann creates /news none

She breaks the connection off and goes on at server 2, with the number of her session and its password. All servers
know all sessions, for the beginning of a session is a transaction. Her node has not noticed anything.
> Ann moves to 2
> Ann reads /ann here
> Ann writes /news one

Now the old connection does not end: think of a client that takes its server for dead, and of a packet that is
still on its way. Ben takes over the session of Ann at server 1; the one at 2 stays.
> Ben continues Ann at 1
> Ben reads /ann here

Server 2 has not been told. It answers what it can answer alone, a read.
> Ann reads /news still one

A write is another matter. Each server names itself as the owner of a session that it takes over, and the leader
knows the last one. It finds that this write comes by way of another server and refuses it: session moved. The
client is not told that. Server 2 ends the connection instead.
> Ann writes /news two and is cut off

So the write was not done, and the session is none the worse for it. Ben has it, with all that belongs to it.
> Ben reads /news one
> Ben writes /news three
> Ben reads /ann here
> Ben leaves
> Cleo connects to 2
> Cleo reads /ann nothing
> Cleo reads /news three
