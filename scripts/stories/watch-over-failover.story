question: The leader dies while a client waits for a change. Which events come, and which are lost?
asked: Q12
determined: All. Nobody writes while the client is without a server but Ben, one write after the other, and she comes back
  behind the last of them.

Ann is a client of server 1 and has three watches: two nodes that are there, and one, /door, that is not. A watch
is the server's: it keeps a list of connections for each node, in memory, and no other server knows of it.
> start 2
> expect 2 looks
> start 3
> expect 3 leads; 2 follows 3; epoch 1
> start 1
> expect 3 leads; 1 and 2 follow 3; epoch 1
> Ben connects to 2
> Ben creates /sun low
> Ben creates /moon full
> Ann connects to 1
> Ann reads /moon full
> Ann watches /sun
> Ann watches /moon
> Ann watches /door

The leader is killed. Servers 1 and 2 elect another one, and meanwhile they serve nobody: they end all connections
of clients, and with them the watches. The sessions are not ended; they are in every server's tree.
> kill 3
> expect 2 leads; 1 follows 2; 3 is down; epoch 2
> Ann is cut off
> Ben is cut off

Ben is back first. While Ann is without a server he changes /sun twice, and /door comes and goes.
> Ben moves to 2
> Ben writes /sun high
> Ben writes /sun red
> Ben creates /door open ephemeral
> Ben leaves

Ann comes to server 2, which has never heard of her watches. Her client names them, with the last zxid that she has
seen (setWatches), and the server looks at each node: /sun has been changed behind that zxid, so she is told, once.
She is told that it changed, not how often, and not what it was in between.
> Ann moves to 2
> Ann sees /sun changed
> Ann reads /sun red

The node /door is not there, as it was not there when she asked. That it came and went meanwhile is lost.
> Ann sees nothing

The watch of /moon waits on, at its new server. So does that of /door. An event uses its watch up: that of /sun is gone.
> Cleo connects to 1
> Cleo writes /sun pale
> Cleo writes /moon new
> Ann sees /moon changed
> Ann sees nothing
> Cleo creates /door ajar
> Ann sees /door created
> Ann sees nothing
