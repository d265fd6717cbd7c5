/* The structs behind quorum_cnx_manager.h, shared by its five files. Java: QuorumCnxManager
 *   quorum_cnx_manager.c            maps, queues, who is connected, halt
 *   quorum_cnx_manager_handshake.c  dialling and answering: who keeps the connection
 *   listener.c                      QuorumPeerListener and ListenerHandler threads
 *   send_worker.c, recv_worker.c    the two threads of a connection */
#ifndef ELECTION_QUORUM_CNX_MANAGER_INTERNAL_H
#define ELECTION_QUORUM_CNX_MANAGER_INTERNAL_H

#include "zk/base/long_map.h"
#include "zk/base/refcount.h"
#include "zk/election/initial_message.h"
#include "zk/election/quorum_cnx_manager.h"
#include "zk/ensemble/multiple_addresses.h"
#include "zk/io/sock.h"
#include "zk/runtime/circular_blocking_queue.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"

struct zk_context;

/* One server that we have had to do with. Java spreads it over three maps keyed by sid. */
struct peer_entry {
    int64_t sid;
    bool stranger;           /* in neither configuration */
    struct zk_refcount refs; /* the map, each SendWorker, who works on it just now */
    struct circular_blocking_queue *send_queue; /* Java: queueSendMap; never removed (K-9) */
    /* Guarded by the manager's mutex: */
    struct buf *last_message_sent;     /* Java: lastMessageSent; NULL: none yet */
    struct send_worker *sender_worker; /* Java: senderWorkerMap; a reference; NULL: not connected */
    int64_t connection_attempts;
};

/* A connection's sending half. Java: SendWorker */
struct send_worker {
    struct zk_refcount refs; /* the entry, own thread, RecvWorker, who starts them */
    struct quorum_cnx_manager *qcm;
    struct peer_entry *entry; /* a reference */
    int64_t sid;
    struct sock *sock;  /* a reference */
    int64_t number;     /* of the conversation that led to it */
    struct zk_mutex mu; /* Java's monitor of this SendWorker. Guards: */
    /* Java: SendWorker.running, volatile in both workers; they live and die together */
    bool running GUARDED_BY(&mu);
};

/* A dial or a handshake under way: halt wakes its socket. */
struct conversation {
    struct conversation *next;
    struct quorum_cnx_manager *qcm;
    struct sock *sock; /* a reference; NULL: none yet */
    int64_t number;    /* in the order in which dials began and callers were accepted */
    bool dropped;      /* a handshake that has made room for another; its thread is about to end */
    /* A dial only: */
    int64_t sid;
    struct multiple_addresses addresses;
    bool stranger;
    bool settled; /* it has led to a connection; or no dial at all */
    /* Where sid, which has called meanwhile, says that it listens (D-72). Empty: it has not. */
    struct multiple_addresses announced;
};

struct quorum_cnx_manager {
    /* Set at birth, then read-only. */
    struct zk_context *ctx;
    struct quorum_peer *self;
    int64_t my_id;
    struct multiple_addresses my_election_addr;
    int64_t socket_timeout_ms; /* Java: socketTimeout: how long a handshake may take */
    int64_t cnx_timeout_ms;    /* Java: cnxTO: how long a connect may take */
    bool tcp_keep_alive;
    bool multi_address;
    int max_dials;
    int port_bind_max_retry; /* 0: for ever */
    bool listen_on_all_ips;

    struct circular_blocking_queue *recv_queue; /* Java: recvQueue */

    struct zk_stop shutdown; /* Java: shutdown, volatile */
    struct zk_thread_group *listeners;
    struct zk_thread_group *connections;
    struct zk_thread_group *workers;

    struct zk_mutex
        /* Java's monitor of QuorumCnxManager, and what its concurrent maps do by themselves.
         * Guards: */
        mu;
    struct long_map entries GUARDED_BY(&mu); /* of struct peer_entry */
    /* Java: inprogressConnections. Newest first; those not settled: at most one for each sid. */
    struct conversation *dials GUARDED_BY(&mu);
    struct conversation *handshakes GUARDED_BY(&mu); /* newest first */
    int64_t observer_counter GUARDED_BY(&mu); /* the last private id given to a nameless observer */
    int64_t connection_thread_count GUARDED_BY(&mu); /* Java: connectionThreadCnt */
    int thread_count GUARDED_BY(&mu);                /* Java: threadCnt */
    bool stranger_left_empty_queue GUARDED_BY(&mu);  /* for haveDelivered */

    /* Touched by the listener's threads and by halt. */
    struct zk_mutex listener_mu; /* Guards: */
    struct sock **server_sockets
        GUARDED_BY(&listener_mu); /* one slot for each handler; NULL: not bound */
    size_t handler_count;         /* set before the handlers start */
    struct inet_address *handler_addresses;
    bool socket_exception GUARDED_BY(&listener_mu);
    void (*on_socket_error)(void *arg);
    void *on_socket_error_arg;
};

/* ---- quorum_cnx_manager.c ---- */

/* The entry of sid, made if absent. Gives a reference. */
struct peer_entry *qcm_entry_locked(struct quorum_cnx_manager *qcm, int64_t sid) REQUIRES(&qcm->mu);
void peer_entry_unref(struct peer_entry *entry);

/* Is sid in neither configuration? */
bool qcm_is_stranger(struct quorum_cnx_manager *qcm, int64_t sid);

/* Servers of neither configuration that are connected. */
size_t qcm_connected_strangers_locked(struct quorum_cnx_manager *qcm) REQUIRES(&qcm->mu);

/* Where the configuration says that sid listens: as committed, else as last seen. False: sid is in
 * neither. */
bool qcm_configured_election_addr(struct quorum_cnx_manager *qcm, int64_t sid,
                                  struct multiple_addresses *ret_addresses);

/* Java: connectOne(sid, electionAddr), synchronized: looking for a sender and submitting a dial are
 * one step. Borrows addresses. */
void qcm_connect_one_addr(struct quorum_cnx_manager *qcm, int64_t sid,
                          const struct multiple_addresses *addresses);
void qcm_connect_one_addr_locked(struct quorum_cnx_manager *qcm, int64_t sid, bool stranger,
                                 const struct multiple_addresses *addresses) REQUIRES(&qcm->mu);

/* Java: addToRecvQueue(). Takes buffer. */
void qcm_add_to_recv_queue(struct quorum_cnx_manager *qcm, int64_t sid, struct buf *buffer);

/* Remove and forget a worker that has ended, unless it was replaced. */
void qcm_forget_sender_worker(struct quorum_cnx_manager *qcm, struct send_worker *sw);

/* ---- quorum_cnx_manager_handshake.c ---- */

/* Java: initiateConnectionAsync(). Start a dial, unless one for sid is under way. Borrows
 * addresses. */
void qcm_initiate_connection_async_locked(struct quorum_cnx_manager *qcm, int64_t sid,
                                          bool stranger, const struct multiple_addresses *addresses)
    REQUIRES(&qcm->mu);

/* Java: receiveConnectionAsync(). Hear who calls, in a thread of its own. Takes sock. */
void qcm_receive_connection_async(struct quorum_cnx_manager *qcm, struct sock *sock);

/* Java: setSockOpts() */
void qcm_set_sock_opts(struct quorum_cnx_manager *qcm, struct sock *sock);

/* ---- listener.c ---- */

/* Java: Listener.halt(): close the election ports. */
void listener_halt(struct quorum_cnx_manager *qcm);

/* ---- send_worker.c, recv_worker.c ---- */

/* Takes entry's reference, shares sock. Gives a reference. */
struct send_worker *send_worker_new(struct quorum_cnx_manager *qcm, struct peer_entry *entry,
                                    struct sock *sock);
struct send_worker *send_worker_ref(struct send_worker *sw);
void send_worker_unref(struct send_worker *sw);

/* Java: SendWorker.finish(), RecvWorker.finish(). End both halves of the connection. Any thread;
 * never blocks; locks send_worker, then qcm, one after the other. */
void send_worker_finish(struct send_worker *sw);

bool send_worker_is_running(struct send_worker *sw);

/* The threads. arg is a struct send_worker, a reference of its own. */
void send_worker_run(void *arg);
void recv_worker_run(void *arg);

#endif
