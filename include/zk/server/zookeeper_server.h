/* What serves clients during one term of a role: it is made with the leader, follower or observer,
 * runs when the term is established, and is shut down with the role. Java: server.ZooKeeperServer,
 * an abstract class here; its kinds (LeaderZooKeeperServer ...) are in floor zab, because they say
 * which processors a role wires together.
 *
 * Counted: whoever answers a client keeps the server of that moment
 * (quorum_peer_get_active_server), and finds it shut down if the term has ended meanwhile. Any
 * thread, but for startup and shutdown, which the role's own thread calls. One mutex
 * (ZK_RANK_ZOOKEEPER_SERVER) is held for the look at a field, never while a processor, the tracker
 * of sessions or the database is called. */
#ifndef ZK_SERVER_ZOOKEEPER_SERVER_H
#define ZK_SERVER_ZOOKEEPER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/server/server_cnxn.h"

struct buf;
struct cnxn_sessions;
struct outstanding_changes;
struct process_txn_result;
struct request;
struct request_processor;
struct server_metrics;
struct server_status;
struct session_tracker;
struct zk_context;
struct zk_database;
struct zookeeper_server;

/* Bytes of a session's password. */
enum { SESSION_PASSWD_LENGTH = 16 };

/* Java: ZooKeeperServer.State */
enum zookeeper_server_state {
    ZOOKEEPER_SERVER_INITIAL,
    ZOOKEEPER_SERVER_RUNNING,
    ZOOKEEPER_SERVER_SHUTDOWN,
    /* A thread that the server cannot do without has ended: the role must end. */
    ZOOKEEPER_SERVER_ERROR,
};

/* What the kinds differ in. A method that may be NULL does nothing then. */
struct zookeeper_server_methods {
    /* Java: getState(): "leader", "follower", "observer", "standalone", "read-only" */
    const char *state;
    /* The server belongs to no ensemble. Its id is 0, whatever the file myid says. */
    bool is_alone;
    /* It serves only clients that say they are content with it. Java: ReadOnlyZooKeeperServer */
    bool is_read_only;
    /* Java: createSessionTracker(). Returns the tracker, which the server frees. May be NULL. */
    struct session_tracker *(*create_session_tracker)(struct zookeeper_server *server);
    /* Java: setupRequestProcessors(). Makes the processors, hands the first one of the chain to
     * zookeeper_server_set_first_processor, and starts their threads. Errors: -EAGAIN, the system
     * gives no more threads; what has been made and started is shut down like the rest. May be
     * NULL. */
    int (*setup_request_processors)(struct zookeeper_server *server);
    /* Ends what the kind has beside the chain of processors, such as a learner's
     * SyncRequestProcessor, and joins the threads of it. It is called before the chain is shut
     * down. May be NULL. In 3.9.5 it is shutdownComponents(). */
    void (*shutdown_components)(struct zookeeper_server *server);
    /* Java: revalidateSession(): a client comes back with its session, and its password is right.
     * Learners ask the leader. NULL: the server's own tracker knows the answer. */
    void (*revalidate_session)(struct zookeeper_server *server, struct server_cnxn *cnxn,
                               int64_t session_id, int32_t timeout_ms);
    /* Java: setLocalSessionFlag(): a request that opens or closes a session which is this server's
     * alone. The caller's thread. NULL: there are no local sessions. */
    void (*set_local_session_flag)(struct zookeeper_server *server, struct request *request);
    /* Nobody refers to the server any more: free what the kind has, its processors outside the
     * chain among it. May be NULL. */
    void (*free_kind)(void *kind);
};

/* Java: new ZooKeeperServer(). The state is INITIAL. methods, database and metrics stay the
 * caller's, and outlive the server; kind is the methods' own (zookeeper_server_kind), and may be
 * NULL. The caller unrefs what is returned. */
struct zookeeper_server *zookeeper_server_new(struct zk_context *ctx,
                                              const struct zookeeper_server_methods *methods,
                                              void *kind, struct zk_database *database,
                                              struct server_metrics *metrics);
struct zookeeper_server *zookeeper_server_ref(struct zookeeper_server *server);
void zookeeper_server_unref(struct zookeeper_server *server); /* NULL is fine */

/* What the processors ask for. All stay the server's, and live as long as it. */
struct zk_context *zookeeper_server_ctx(const struct zookeeper_server *server);
void *zookeeper_server_kind(const struct zookeeper_server *server);
/* Returns this server's id; 0 for one that is alone, whatever the file myid says.
 * Java: getServerId() */
int64_t zookeeper_server_get_server_id(const struct zookeeper_server *server);
/* Returns whether it is a ReadOnlyZooKeeperServer. */
bool zookeeper_server_is_read_only(const struct zookeeper_server *server);
/* Java: getZKDatabase() */
struct zk_database *zookeeper_server_get_zk_database(const struct zookeeper_server *server);
/* Java: ServerMetrics.getMetrics() */
struct server_metrics *zookeeper_server_metrics(const struct zookeeper_server *server);
/* Java: outstandingChanges */
struct outstanding_changes *zookeeper_server_outstanding_changes(
    const struct zookeeper_server *server);
/* Java: getSessionTracker(). NULL until createSessionTracker. */
struct session_tracker *zookeeper_server_get_session_tracker(struct zookeeper_server *server);

/* ---- its life -------------------------------------------------------------------------------- */

/* Java: createSessionTracker(). A learner's is made when it is synchronised, before startup, which
 * makes one if there is none. */
void zookeeper_server_create_session_tracker(struct zookeeper_server *server);

/* Java: registerServerShutdownHandler(). handle(arg) is called, without a lock, by the thread that
 * brings the server to ERROR or SHUTDOWN; it must not block. Before startup, once. */
void zookeeper_server_register_server_shutdown_handler(struct zookeeper_server *server,
                                                       void (*handle)(void *arg), void *arg);

/* Java: loadData(). Loads the database unless it is loaded, ends what is left of dead sessions, and
 * writes a snapshot, so that the next start need not read the log again. Before startup; blocks on
 * the disk. Returns 0, or a positive enum exit_code, whose reason is in the log. (A leader does the
 * same without waiting for the snapshot: D-46.) */
ZK_NODISCARD int zookeeper_server_load_data(struct zookeeper_server *server);

/* Java: startup(). Starts the tracker of sessions and the processors; INITIAL becomes RUNNING. A
 * server that is shut down already stays so. Errors: -EAGAIN, the system gives no more threads; the
 * state is ERROR then. */
ZK_NODISCARD int zookeeper_server_startup(struct zookeeper_server *server);

/* Java: firstProcessor. setup_request_processors hands it over; the server owns it and the chain
 * behind it. */
void zookeeper_server_set_first_processor(struct zookeeper_server *server,
                                          struct request_processor *first_processor);

/* Java: shutdown(). In the order of 3.9.5: first no request is taken any more; then
 * RequestThrottler, the kind's own processors, the tracker of sessions and the chain end and are
 * joined, so that all that was given to the log is on disk; then what the log holds beyond the tree
 * is applied to the tree (zk_database_fast_forward_data_base). When it returns, no thread of the
 * server runs, and nothing of its term is written any more. Blocks until then. It may be called any
 * number of times, but never by a thread of the server. */
void zookeeper_server_shutdown(struct zookeeper_server *server);
/* Java: shutdown(true). The same, but the database is cleared instead, and will be loaded from disk
 * anew: a SNAP came in half. */
void zookeeper_server_shutdown_fully(struct zookeeper_server *server);

/* Returns whether the state is RUNNING. Any thread; takes no lock. Java: isRunning() */
bool zookeeper_server_is_running(const struct zookeeper_server *server);
/* The calling thread, which the server cannot do without, ends because of the error r: one line
 * says so, and the state becomes ERROR, which the role sees and ends. exit_code:
 * EXIT_CODE_UNEXPECTED_ERROR and the like, if the process must end as well; 0: only the role. The
 * first code that is not 0 counts. Java: ZooKeeperCriticalThread.handleException(),
 * ZooKeeperServerListener.notifyStopping() */
void zookeeper_server_handle_exception(struct zookeeper_server *server, int r, int exit_code);
/* Returns the exit code that handle_exception was told; 0 if the process need not end. A role whose
 * server is in ERROR returns it as its own result. */
int zookeeper_server_exit_code(struct zookeeper_server *server);

/* ---- what connections hand in: src/server/zookeeper_server_cnxn.c ---------------------------- */

/* Java: processConnectRequest(). Takes the first frame of a connection, length bytes. A session is
 * created, or the one that the client names is looked for; finish_session_init answers, now or on
 * another thread. Errors: the connection must be closed without an answer, and the log says why:
 * -EPROTO, the frame is no ConnectRequest; -EACCES, this server refuses the client; -ECANCELED, it
 * does not run. */
ZK_NODISCARD int zookeeper_server_process_connect_request(struct zookeeper_server *server,
                                                          struct server_cnxn *cnxn,
                                                          const uint8_t *bytes, size_t length);
/* Java: processPacket(). Takes any later frame. What is not answered at once is *ret_request, which
 * the caller submits and unrefs; NULL: there is none. Errors: the connection must be closed:
 * -EPROTO, the frame has no header; -EACCES; -EMSGSIZE, it is a large one, and the large ones that
 * are under way have too many bytes (largeRequestMaxBytes). */
ZK_NODISCARD int zookeeper_server_process_packet(struct zookeeper_server *server,
                                                 struct server_cnxn *cnxn, const uint8_t *bytes,
                                                 size_t length, struct request **ret_request);
/* Returns whether there is so much to do that a connection should wait. outstanding: how many of
 * its requests have not been answered. Java: shouldThrottle() */
bool zookeeper_server_should_throttle(struct zookeeper_server *server, int64_t outstanding);
/* Returns whether largeRequestMaxBytes leaves room for a frame of that length. Java:
 * checkRequestSizeWhenReceivingMessage() */
bool zookeeper_server_check_request_size(struct zookeeper_server *server, size_t length);
/* Returns whether count more requests may be under way before connections must wait. */
bool zookeeper_server_has_room(struct zookeeper_server *server, size_t count);
/* The connection is over: its watches go. Java: removeCnxn() */
void zookeeper_server_remove_cnxn(struct zookeeper_server *server, struct server_cnxn *cnxn);

/* ---- zxids ----------------------------------------------------------------------------------- */

/* Returns the last zxid that a leader has given out. Java: getZxid() */
int64_t zookeeper_server_get_zxid(struct zookeeper_server *server);
/* Gives out the next zxid, and returns it. PrepRequestProcessor's thread. Java: getNextZxid() */
int64_t zookeeper_server_get_next_zxid(struct zookeeper_server *server);
/* The next zxid that is given out will be the one behind this. Before the server runs.
 * Java: setZxid() */
void zookeeper_server_set_zxid(struct zookeeper_server *server, int64_t zxid);

/* ---- requests -------------------------------------------------------------------------------- */

/* Before the server runs: from now on the thread that reads a connection may hand a read to the
 * last processor itself, when no other request of that connection is under way.
 * checks_session: PrepRequestProcessor stands before it, which looks at the session first. */
void zookeeper_server_set_read_processor(struct zookeeper_server *server,
                                         struct request_processor *read_processor,
                                         bool checks_session);

/* Returns whether nobody waits for the answer any more: the connection is over, or (if
 * request_stale_latency_check asks for it) the request is older than the timeout of its session.
 * Java: Request.isStale() */
bool zookeeper_server_is_stale_request(struct zookeeper_server *server,
                                       const struct request *request);

/* Java: submitRequest(). Takes requests of one connection, or of the server itself, in their order;
 * they stay the caller's. Their session is touched, and requests of a session that is gone are
 * dropped. Reads that need no other thread have been answered when this returns. If their
 * answers have filled the connection (is_full of server_cnxn), those behind are not taken:
 * *ret_taken is how many were (all, after an error), and the caller comes back with the rest. The
 * processors may sleep on until zookeeper_server_wake_processors, which the caller calls before it
 * may block: so a thread that reads many connections pays for one wake-up. Waits while the server
 * is INITIAL. Never with a lock held. Errors: -ECANCELED, the server does not run. */
ZK_NODISCARD int zookeeper_server_submit_quietly(struct zookeeper_server *server,
                                                 struct request *const *requests, size_t count,
                                                 size_t *ret_taken);
/* Any thread that holds no lock; cheap if there is nothing to do. */
void zookeeper_server_wake_processors(struct zookeeper_server *server);

/* Java: processTxn(request). Applies the request's transaction, if it has one, to the tracker of
 * sessions and the database, takes its changes off what is outstanding, and adds it to the
 * committed log. For a thread that holds the lock of outstanding changes, the tree and what is
 * outstanding change in one moment, so PrepRequestProcessor finds each change in one of the two.
 * *ret_result is zeroed if there is nothing to apply; process_txn_result_done ends it. ret_result
 * NULL: the caller does not need it. A learner that is synchronised calls it, too, for what has
 * been committed. */
void zookeeper_server_process_txn(struct zookeeper_server *server, struct request *request,
                                  struct process_txn_result *ret_result);
/* Returns how many requests of clients of this server have not been answered yet. Java:
 * getInProcess() */
int64_t zookeeper_server_get_in_process(struct zookeeper_server *server);
/* A proposal has come (step is 1), or is committed (-1): it is work of this server, as a client's
 * request in process is; see zk_threads_note_work. */
void zookeeper_server_note_work(struct zookeeper_server *server, int64_t step);
/* A client's request has been answered. Java: decInProcess() */
void zookeeper_server_dec_in_process(struct zookeeper_server *server);
/* The request, which came with a connection, has been answered or dropped; once for each. Java:
 * requestFinished() */
void zookeeper_server_request_finished(struct zookeeper_server *server,
                                       const struct request *request);

/* ---- sessions -------------------------------------------------------------------------------- */

/* Before the server runs: new sessions are this server's alone, and each takes as many tokens of
 * the connection throttle as a local session does. Java: localSessionEnabled */
void zookeeper_server_enable_local_sessions(struct zookeeper_server *server);
/* Once, before the server runs: the setting globalOutstandingLimit is for the whole ensemble, and
 * this server takes its share of it. Otherwise it has the limit for itself, as an observer does.
 * Java: getGlobalOutstandingLimit() of LeaderZooKeeperServer and FollowerZooKeeperServer */
void zookeeper_server_share_global_outstanding_limit(struct zookeeper_server *server,
                                                     size_t voters);
/* The timeouts that clients may have are clamped to these; 0 and INT32_MAX unless it is called.
 * Before the server runs. Java: setMinSessionTimeout(), setMaxSessionTimeout() */
void zookeeper_server_set_session_timeouts(struct zookeeper_server *server, int32_t min_ms,
                                           int32_t max_ms);
/* Tells the server where to ask which connection a session has. *cnxns is copied; what it points to
 * outlives the server's last request. Before the server is given its first connection. Java:
 * setServerCnxnFactory() */
void zookeeper_server_set_cnxn_sessions(struct zookeeper_server *server,
                                        const struct cnxn_sessions *cnxns);
/* Closes the connection that the session has here; the log gives the reason. Returns false if there
 * is none. Any thread that holds no lock. Java: ServerCnxnFactory.closeSession() */
bool zookeeper_server_close_session(struct zookeeper_server *server, int64_t session_id,
                                    enum disconnect_reason reason);
/* Java: createSession(). Gives cnxn the id of a new session, which is *ret_session_id as well, and
 * submits its createSession. Errors: -ECANCELED, the server does not run. */
ZK_NODISCARD int zookeeper_server_create_session(struct zookeeper_server *server,
                                                 struct server_cnxn *cnxn, int32_t timeout_ms,
                                                 int64_t *ret_session_id);
/* Java: reopenSession(). A client comes back with a session. passwd: SESSION_PASSWD_LENGTH bytes;
 * NULL: it has sent a password that cannot be right. */
void zookeeper_server_reopen_session(struct zookeeper_server *server, struct server_cnxn *cnxn,
                                     int64_t session_id, const uint8_t *passwd, int32_t timeout_ms);
/* Java: finishSessionInit(). Answers the client's first packet. valid: the session is the client's;
 * otherwise it is told that there is none, and its connection is closed after that. */
void zookeeper_server_finish_session_init(struct zookeeper_server *server, struct server_cnxn *cnxn,
                                          bool valid);
/* A tracker of sessions calls it when the time of a session is over: submits its closeSession. arg
 * is the server. Java: expire() */
void zookeeper_server_expire(void *arg, int64_t session_id, int32_t timeout_ms);
/* Ends what is left of sessions that are not in the table: a snapshot that was taken while they
 * ended may hold their nodes. Before the server runs. (In Java a part of loadData().) */
void zookeeper_server_clean_up_dead_sessions(struct zookeeper_server *server);

/* ---- snapshots, status ----------------------------------------------------------------------- */

/* Java: takeSnapshot(). Writes a snapshot of the database, with a line and a metric for the time it
 * took. Blocks on the disk. An error is logged; the process must end with
 * EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT then. */
ZK_NODISCARD int zookeeper_server_take_snapshot(struct zookeeper_server *server);

/* Java: dumpMonitorValues(), as far as this class knows: whether it serves, since when, how many
 * requests wait, and what the database holds. */
void zookeeper_server_fill_status(struct zookeeper_server *server, struct server_status *status);

#endif
