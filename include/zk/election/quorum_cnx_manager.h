/* One TCP connection for each pair of servers, and threads that feed it from queues.
 *
 * Both ends dial; the connection that the larger sid dialled survives (K-1). What happens between a
 * dial or an accepted call and that decision is a handshake. Each connection that survives has two
 * threads: SendWorker takes messages from that server's queue, which holds one, and writes them;
 * RecvWorker reads and puts what it reads into the common queue of 100. A Listener accepts. A
 * thread that has something to say is never blocked: a full queue forgets its oldest message (K-2),
 * and handshakes run in threads of their own.
 *
 * Life: qcm_new, qcm_start_listener, then any of the rest from any thread, qcm_halt (which waits
 * until every thread is gone), qcm_free.
 *
 * Java: QuorumCnxManager */
#ifndef ZK_ELECTION_QUORUM_CNX_MANAGER_H
#define ZK_ELECTION_QUORUM_CNX_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/election/message.h"

struct quorum_peer;
struct quorum_cnx_manager;
struct server_status_peer;

enum {
    /* Only the newest message to a server matters. Java: SEND_CAPACITY */
    QCM_SEND_CAPACITY = 1,
    QCM_RECV_CAPACITY = 100, /* Java: RECV_CAPACITY */
    /* The longest payload of a frame. Java: PACKETMAXSIZE */
    QCM_PACKETMAXSIZE = 512 * 1024,
    QCM_MAX_INCOMING = 64,  /* incoming handshakes at the same time (D-21) */
    QCM_MAX_STRANGERS = 32, /* connections with servers of neither configuration (D-23) */
};

/* Reads the peer's configuration and settings. self stays the caller's, and must outlive the
 * manager. Java: QuorumCnxManager() */
struct quorum_cnx_manager *qcm_new(struct quorum_peer *self);
void qcm_free(struct quorum_cnx_manager *qcm); /* after qcm_halt; NULL is fine */

/* Starts to accept. The listener's thread calls on_socket_error when no election port could be kept
 * open: the process then ends with exit code 14. -EAGAIN: no more threads.
 * Java: Listener.start() */
ZK_NODISCARD int qcm_start_listener(struct quorum_cnx_manager *qcm,
                                    void (*on_socket_error)(void *arg), void *arg);

/* Queues msg for the server msg->sid, in place of what waits there, and sees to it that a
 * connection to that server is attempted. A message to oneself goes straight to the receive queue.
 * Takes ownership of msg. Any thread; never blocks; locks qcm. Java: toSend() */
void qcm_to_send(struct quorum_cnx_manager *qcm, struct message *msg);

/* Waits at most timeout_ms for a message that came from anybody; the caller unrefs it. Returns 0,
 * -ETIMEDOUT, or -ECANCELED once the manager was halted. Java: pollRecvQueue() */
ZK_NODISCARD int qcm_poll_recv_queue(struct quorum_cnx_manager *qcm, int64_t timeout_ms,
                                     struct message **ret_message);

/* Dials every server for which a queue exists, in Java's order. Any thread; locks qcm.
 * Java: connectAll() */
void qcm_connect_all(struct quorum_cnx_manager *qcm);

/* Returns whether any send queue is empty, even if others are not (K-3), or was empty when a
 * stranger left; false if there was never a queue. Any thread; locks qcm.
 * Java: haveDelivered() */
bool qcm_have_delivered(struct quorum_cnx_manager *qcm);

/* Refuses everything new, closes all connections and listeners, cancels all handshakes, and waits
 * until all threads are gone. The caller holds no lock; it may call this again. Java: halt() */
void qcm_halt(struct quorum_cnx_manager *qcm);

/* Hands out one row for each server that we have had to do with, in ascending order of sid, for
 * mntr; the caller frees *ret_rows. Java does not report this. Any thread; locks qcm. */
void qcm_get_status(struct quorum_cnx_manager *qcm, struct server_status_peer **ret_rows,
                    size_t *ret_count);

#endif
