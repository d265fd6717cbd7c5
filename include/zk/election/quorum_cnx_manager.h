/* One TCP connection for each pair of servers, and threads that feed it from queues.
 *
 * Both ends dial; the connection that the larger sid dialled survives (K-1). Each live connection
 * has two threads: SendWorker takes from that server's queue of one message and writes; RecvWorker
 * reads and puts into the common queue of 100. A Listener accepts. Nobody who has something to say
 * is ever blocked: a full queue forgets its oldest message (K-2), dials run in threads of their
 * own.
 *
 * Life: qcm_new, qcm_start_listener, then any of the rest from any thread, qcm_halt (waits until
 * every thread is gone), qcm_free.
 *
 * Java: QuorumCnxManager */
#ifndef ZK_ELECTION_QUORUM_CNX_MANAGER_H
#define ZK_ELECTION_QUORUM_CNX_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"

struct quorum_peer;
struct quorum_cnx_manager;

enum {
    QCM_SEND_CAPACITY = 1,   /* Java: SEND_CAPACITY: only the newest message to a server matters */
    QCM_RECV_CAPACITY = 100, /* Java: RECV_CAPACITY */
    QCM_PACKETMAXSIZE = 512 * 1024, /* Java: PACKETMAXSIZE: longest payload of a frame */
    QCM_MAX_DIALS =
        20, /* Java: QuorumPeer.quorumCnxnThreadsSize: dials at the same time; more if configured */
    QCM_MAX_HANDSHAKES = 64, /* callers that have not said who they are yet (D-21) */
    QCM_MAX_STRANGERS = 32,  /* connections with servers of neither configuration (D-23) */
};

/* One message received. Java: QuorumCnxManager.Message */
struct message {
    int64_t sid;
    struct buf *buffer; /* a reference */
};

void message_free(void *item);

/* Reads the peer's configuration and settings. Borrows self. Java: QuorumCnxManager() */
struct quorum_cnx_manager *qcm_new(struct quorum_peer *self);
void qcm_free(struct quorum_cnx_manager *qcm); /* after qcm_halt; NULL is fine */

/* Java: Listener.start(). on_socket_error is called (by the listener's thread) when no election
 * port could be kept open: the process ends with exit code 14. */
ZK_NODISCARD int qcm_start_listener(struct quorum_cnx_manager *qcm,
                                    void (*on_socket_error)(void *arg), void *arg);

/* Java: toSend()
 * Queue msg for server sid, replacing what waits there, and see that a connection to
 * it is attempted. A message to oneself goes straight to the receive queue. Takes msg. Never
 * blocks. Any thread; locks qcm. */
void qcm_to_send(struct quorum_cnx_manager *qcm, int64_t sid, struct buf *msg);

/* Java: pollRecvQueue(). Give one message that came from anybody. Waits at most timeout_ms.
 * 0; -ETIMEDOUT; -ECANCELED, halted. */
ZK_NODISCARD int qcm_poll_recv_queue(struct quorum_cnx_manager *qcm, int64_t timeout_ms,
                                     struct message **ret_message);

/* Java: connectOne(sid). Start a dial unless there is a connection or a dial under way. Never
 * blocks. Any thread; locks qcm. */
void qcm_connect_one(struct quorum_cnx_manager *qcm, int64_t sid);

/* Java: connectAll(). Dial every server for which a queue exists, in Java's order. */
void qcm_connect_all(struct quorum_cnx_manager *qcm);

/* Java: haveDelivered(). Is any (not: every) send queue empty? False without queues. (K-3) */
bool qcm_have_delivered(struct quorum_cnx_manager *qcm);

/* Java: halt(). Refuse everything new, close all connections and listeners, cancel dials, wait
 * until all threads are gone. Holding no lock. May be called again. */
void qcm_halt(struct quorum_cnx_manager *qcm);

/* Java: connectedToPeer() */
bool qcm_connected_to_peer(struct quorum_cnx_manager *qcm, int64_t sid);

/* Java: getThreadCount(): SendWorkers and RecvWorkers alive. */
size_t qcm_get_thread_count(struct quorum_cnx_manager *qcm);

/* What Java does not report: one row for each server that we have had to do with, for mntr and for
 * tests. */
struct qcm_peer_status {
    int64_t sid;
    bool connected;
    int worker_threads;          /* 0..2 */
    size_t send_queue_length;    /* 0..1 */
    int64_t replaced_messages;   /* overwritten before they were sent */
    int64_t connection_attempts; /* our dials */
};

/* Gives rows in ascending order of sid (free it). */
void qcm_get_status(struct quorum_cnx_manager *qcm, struct qcm_peer_status **ret_rows,
                    size_t *ret_count);
int64_t qcm_get_recv_queue_dropped(struct quorum_cnx_manager *qcm);

#endif
