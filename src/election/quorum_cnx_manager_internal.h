/* The structs behind quorum_cnx_manager.h, shared by its files. Java: QuorumCnxManager
 *   quorum_cnx_manager.c            maps, queues, connections, halt
 *   quorum_cnx_manager_handshake.c  the initial message, and which side keeps the connection
 *   listener.c                      QuorumPeerListener and ListenerHandler threads
 *   send_worker.c, recv_worker.c    the two threads of a connection
 *   qcm_trace.c                     what the trace says about all of them */
#ifndef ELECTION_QUORUM_CNX_MANAGER_INTERNAL_H
#define ELECTION_QUORUM_CNX_MANAGER_INTERNAL_H

#include "zk/base/long_map.h"
#include "zk/base/refcount.h"
#include "zk/election/initial_message.h"
#include "zk/election/quorum_cnx_manager.h"
#include "zk/ensemble/multiple_addresses.h"
#include "zk/io/sock.h"
#include "zk/io/stream.h"
#include "zk/runtime/circular_blocking_queue.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"

struct zk_context;

/* One server that we have had to do with. Java spreads it over three maps keyed by sid. */
struct peer_entry {
    int64_t sid;
    bool stranger; /* in neither configuration when the entry was made */
    /* Held by the map, by each SendWorker, and by each thread that works on the entry. */
    struct zk_refcount refs;
    /* Of struct message. It outlives connections (K-9). Java: queueSendMap */
    struct circular_blocking_queue *send_queue;

    /* Guarded by the manager's mutex: */
    struct message *last_message_sent; /* NULL: none yet. Java: lastMessageSent */
    struct send_worker *sender_worker; /* NULL: not connected. Java: senderWorkerMap */
    int64_t connection_attempts;
};

/* A connection's sending half, and what both halves share. Java: SendWorker */
struct send_worker {
    /* Held by the entry, by its own thread, by RecvWorker, and by the thread that starts them. */
    struct zk_refcount refs;
    struct quorum_cnx_manager *qcm;
    struct peer_entry *entry; /* a reference */
    int64_t sid;
    struct sock *sock; /* a reference */
    int64_t number;    /* of the handshake that led to it */

    /* Java's monitor of this SendWorker. Guards: */
    struct zk_mutex mu;
    /* Both workers live and die together (D-61); in Java each has a volatile of its own. */
    bool running GUARDED_BY(&mu);
    const char *why_finished GUARDED_BY(&mu); /* for the log; NULL while it runs */
};

/* A connection's receiving half. It belongs to its thread alone. Java: RecvWorker */
struct recv_worker {
    struct quorum_cnx_manager *qcm;
    struct send_worker *sw; /* a reference */
    int64_t sid;
    struct sock *sock; /* a reference */
    /* Buffered: most messages come with one system call, and not with one for the length and one
     * for the rest. In Java it is a DataInputStream of a BufferedInputStream. */
    struct zk_input *din;
    int64_t seq; /* of the last message received, for the trace */
};

/* What comes before a connection: we dial a server (outgoing) or have accepted its call (incoming),
 * the initial message says who calls, and both sides decide whether to keep it. Each handshake has
 * a thread of its own, and halt wakes its socket. */
struct handshake {
    struct handshake *next;
    struct quorum_cnx_manager *qcm;
    struct sock *sock; /* a reference; NULL: none yet */
    int64_t number;    /* in the order in which handshakes began */
    /* Incoming: it has made room for another one, and its thread is about to end. */
    bool dropped;
    /* Outgoing: */
    int64_t sid;
    struct multiple_addresses addresses;
    bool stranger;
    /* We are dialling sid, and nobody else shall meanwhile. It becomes false when the dial has led
     * to a connection, though the thread still runs. An incoming handshake keeps nobody from
     * dialling.
     * Java: inprogressConnections */
    bool in_progress;
    /* Where sid says that it listens, if it has called meanwhile (D-72). */
    struct multiple_addresses announced;
    /* The number of the handshake that brought them; a call that came before that one does not
     * replace them. 0: none has. */
    int64_t announced_by;
};

struct quorum_cnx_manager {
    /* Set at birth, then read-only. */
    struct zk_context *ctx;
    struct quorum_peer *self;
    int64_t my_id;
    struct multiple_addresses my_election_addr;
    int64_t socket_timeout_ms; /* how long a handshake may take. Java: socketTimeout */
    int64_t cnx_timeout_ms;    /* how long a connect may take. Java: cnxTO */
    bool tcp_keep_alive;
    bool multi_address;
    int max_outgoing;        /* handshakes at the same time */
    int port_bind_max_retry; /* 0: for ever */
    bool listen_on_all_ips;

    struct circular_blocking_queue *recv_queue; /* of struct message. Java: recvQueue */

    struct zk_stop shutdown; /* Java: shutdown, volatile */
    struct zk_thread_group *listeners;
    struct zk_thread_group *connections;
    struct zk_thread_group *workers;

    /* Java's monitor of QuorumCnxManager, and what its concurrent maps do by themselves. Guards: */
    struct zk_mutex mu;
    struct long_map entries GUARDED_BY(&mu); /* of struct peer_entry */
    /* Newest first. Of those that are in progress, at most one for each sid. */
    struct handshake *outgoing GUARDED_BY(&mu);
    struct handshake *incoming GUARDED_BY(&mu); /* newest first */
    int64_t observer_counter GUARDED_BY(&mu);   /* the last id given to an observer without one */
    int64_t connection_thread_count GUARDED_BY(&mu); /* Java: connectionThreadCnt */
    bool stranger_left_empty_queue GUARDED_BY(&mu);  /* for haveDelivered */

    /* Set before the handlers start. */
    size_t handler_count;
    struct inet_address *handler_addresses;
    void (*on_socket_error)(void *arg);
    void *on_socket_error_arg;

    /* Taken by the listener's threads and by halt. Guards: */
    struct zk_mutex listener_mu;
    struct sock **server_sockets GUARDED_BY(&listener_mu); /* one for each handler; NULL: unbound */
    bool socket_exception GUARDED_BY(&listener_mu);
};

/* ---- quorum_cnx_manager.c ---- */

/* Returns the entry of sid, which is made if there is none; the caller unrefs it. */
struct peer_entry *qcm_entry_locked(struct quorum_cnx_manager *qcm, int64_t sid) REQUIRES(&qcm->mu);
void peer_entry_unref(struct peer_entry *entry);

/* Returns whether sid is in neither configuration. Any thread, with or without the lock; locks
 * quorum_verifiers. */
bool qcm_is_stranger(struct quorum_cnx_manager *qcm, int64_t sid);

/* Returns how many strangers are connected. */
size_t qcm_connected_strangers_locked(struct quorum_cnx_manager *qcm) REQUIRES(&qcm->mu);

/* Finds where sid listens by the committed configuration, or else by the one last seen. Returns
 * false if it is in neither. The caller ends *ret_addresses. */
bool qcm_configured_election_addr(struct quorum_cnx_manager *qcm, int64_t sid,
                                  struct multiple_addresses *ret_addresses);

/* Returns whether sid has a SendWorker. Any thread; locks qcm. Java: connectedToPeer() */
bool qcm_connected_to_peer(struct quorum_cnx_manager *qcm, int64_t sid);

/* Dial sid, unless it is connected or being dialled. Any thread; never blocks; locks qcm.
 * Java: connectOne(sid) */
void qcm_connect_one(struct quorum_cnx_manager *qcm, int64_t sid);

/* Dials sid at these addresses unless it is connected; looking and submitting are one step.
 * Java: connectOne(sid, electionAddr), synchronized */
void qcm_connect_one_addr(struct quorum_cnx_manager *qcm, int64_t sid,
                          const struct multiple_addresses *addresses);
void qcm_connect_one_addr_locked(struct quorum_cnx_manager *qcm, int64_t sid, bool stranger,
                                 const struct multiple_addresses *addresses) REQUIRES(&qcm->mu);

/* Takes ownership of message. Any thread; never blocks. Java: addToRecvQueue() */
void qcm_add_to_recv_queue(struct quorum_cnx_manager *qcm, struct message *message);

/* Takes a worker that has ended out of its entry, unless another one has replaced it already. Any
 * thread; locks qcm. */
void qcm_forget_sender_worker(struct quorum_cnx_manager *qcm, struct send_worker *sw);

/* Sets the options of a socket of the election port, and the deadline of its handshake.
 * Java: setSockOpts() */
void qcm_set_sock_opts(struct quorum_cnx_manager *qcm, struct sock *sock);

/* Returns how many SendWorkers and RecvWorkers are alive. Java: getThreadCount() */
size_t qcm_get_thread_count(struct quorum_cnx_manager *qcm);

/* ---- quorum_cnx_manager_handshake.c ---- */

/* Dials sid in a thread of its own, unless that is being done already.
 * Java: initiateConnectionAsync() */
void qcm_initiate_connection_async_locked(struct quorum_cnx_manager *qcm, int64_t sid,
                                          bool stranger, const struct multiple_addresses *addresses)
    REQUIRES(&qcm->mu);

/* Reads, in a thread of its own, who calls. Takes ownership of sock. Never blocks; locks qcm.
 * Java: receiveConnectionAsync() */
void qcm_receive_connection_async(struct quorum_cnx_manager *qcm, struct sock *sock);

/* ---- listener.c ---- */

/* Wakes the listeners' threads, which then close the election ports and end. Any thread; never
 * blocks.
 * Java: Listener.halt() */
void listener_halt(struct quorum_cnx_manager *qcm);

/* ---- send_worker.c, recv_worker.c ---- */

/* Takes over the caller's reference to entry and adds one to sock. The caller unrefs the result. */
struct send_worker *send_worker_new(struct quorum_cnx_manager *qcm, struct peer_entry *entry,
                                    struct sock *sock, int64_t number);
struct send_worker *send_worker_ref(struct send_worker *sw);
void send_worker_unref(struct send_worker *sw);

/* Ends both halves of the connection; why, a constant, is for the log. Only the first call counts.
 * Any thread; never blocks; locks send_worker, then qcm, one after the other.
 * Java: SendWorker.finish(), RecvWorker.finish() */
void send_worker_finish(struct send_worker *sw, const char *why);

/* Any thread; each locks send_worker. The reason is a constant. */
bool send_worker_is_running(struct send_worker *sw);
const char *send_worker_why_finished(struct send_worker *sw);

/* Returns the receiving half of sw. recv_worker_run frees it, or recv_worker_free if that never
 * runs. */
struct recv_worker *recv_worker_new(struct send_worker *sw);
void recv_worker_free(struct recv_worker *rw);

/* The two threads. arg is a reference to a struct send_worker for the first one, and a struct
 * recv_worker for the second; each thread frees its own. */
void send_worker_run(void *arg);
void recv_worker_run(void *arg);

/* ---- qcm_trace.c: each does nothing without a trace ---- */

void qcm_trace_dialled(const struct handshake *handshake);
void qcm_trace_refused(const struct handshake *handshake, const struct inet_address *address);
void qcm_trace_initial_sent(const struct handshake *handshake);
void qcm_trace_initial_received(const struct handshake *handshake, int64_t sid);
void qcm_trace_hung_up_by_smaller(const struct handshake *handshake);
void qcm_trace_hung_up_on_smaller(const struct handshake *handshake, int64_t sid);
void qcm_trace_kept(const struct handshake *handshake, int64_t sid);
void qcm_trace_overtaken(const struct handshake *handshake, int64_t sid);
void qcm_trace_closed(const struct send_worker *sw, const char *why);
void qcm_trace_message_sent(const struct send_worker *sw, const struct message *message,
                            int64_t seq);
void qcm_trace_message_received(const struct recv_worker *rw, const struct message *message);

#endif
