/* What quorum_peer_main.c shares with the simulator. Java: QuorumPeerMain */
#ifndef PEER_QUORUM_PEER_MAIN_INTERNAL_H
#define PEER_QUORUM_PEER_MAIN_INTERNAL_H

#include "zk/peer/quorum_peer_main.h"

struct quorum_peer_run;
struct zookeeper_server_main;

/* Has one of the two, run or alone. Read-only once it is made. */
struct quorum_peer_main {
    struct zk_context *ctx;
    struct quorum_peer_run *run;         /* NULL: alone */
    struct zookeeper_server_main *alone; /* NULL: of an ensemble */
};

#endif
