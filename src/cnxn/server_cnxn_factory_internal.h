/* The map of floor cnxn: which file does what, and what they share.
 *
 *   server_cnxn_factory.c   life; AcceptThread; the tables of connections
 *   selector_thread.c       SelectorThreads, and the NIOWorkerThreads that they may use
 *   client_habit.c          whose requests may gather before they are read
 *   connection_expirer.c    ConnnectionExpirer
 *   nio_server_cnxn.c       one connection: its frames in both directions, its end
 *   four_letter_word.c      words on a connection, and WordThread
 *   cnxn_infos.c            what words and the admin server ask about all connections */
#ifndef CNXN_SERVER_CNXN_FACTORY_INTERNAL_H
#define CNXN_SERVER_CNXN_FACTORY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnxn/client_habit.h"
#include "cnxn/ip_map.h"
#include "cnxn/turned_away.h"
#include "zk/base/long_hash.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/io/selector.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/stop.h"
#include "zk/server/expiry_queue.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_metrics.h"

struct blocking_queue;
struct four_letter_word;
struct four_letter_words;
struct request;
struct server_stats;
struct zk_thread_group;

enum {
    /* The buffer of each thread that reads. One system call fills it with a few hundred requests of
     * ordinary size. */
    IO_ROOM = 65536,
    BATCH_MAX = 64, /* requests that are handed on at a time */
    /* While more bytes than this wait to be sent to a client, its connection is not read: the
     * answers to what it asks would only pile up. */
    OUTPUT_HIGH = 1 << 20,
    /* A connection is closed if more than OUTPUT_LIMIT bytes wait to be sent and its client has
     * taken none of them for OUTPUT_PATIENCE_MS, or if more than OUTPUT_MOST bytes wait: replies
     * may be large and many, and watch events come unasked for (D-201). */
    OUTPUT_LIMIT = 64 << 20,
    OUTPUT_PATIENCE_MS = 1000,
    OUTPUT_MOST = 1 << 30,
    WORD_ARGUMENT_MAX = 64, /* bytes behind a word; stmk takes 8 */
    REMOTE_TEXT = 64,       /* "/" and an IPv6 address with a zone and a port */
};

/* ---- connections ----------------------------------------------------------------------------- */

/* Java: NIOServerCnxn. Its references: the tables, until it is closed; its selector, until the
 * socket is closed; requests; a thread that works on it. */
struct nio_server_cnxn {
    struct server_cnxn base; /* the first field, so that a pointer to one is one to the other */
    struct server_cnxn_factory *factory;
    struct selector_thread *selector_thread;
    /* The server that it was born with; NULL: none. The tables' reference holds it, so it may be
     * gone once the connection is in no table: see nio_server_cnxn_ref_server. */
    struct zookeeper_server *zk;
    struct server_metrics *metrics; /* those of zk, and of the whole peer; NULL if zk is */
    struct channel *channel;
    char remote_text[REMOTE_TEXT];

    struct zk_atomic_long throttled; /* 1: nothing is read. Java: NIOServerCnxn.throttled */

    /* Used by the thread that has the connection: its selector's, or a worker's while lent. */
    uint8_t *incoming; /* the beginning of a frame, or what came while throttled; NULL: nothing */
    size_t incoming_length;
    size_t incoming_room;
    bool incoming_waits; /* there may be whole frames in incoming, or requests kept */
    /* Requests that would be next if the answers to those before them had not filled the
     * connection, and a reference to their server; NULL: there are none. */
    struct request **kept;
    size_t kept_count;
    struct zookeeper_server *kept_zk;
    int64_t frames_read;      /* that the newest read has brought */
    size_t frame_bytes;       /* the average length of the frames that came last */
    bool length_checked;      /* the frame that is coming may be as long as it says */
    bool initialized;         /* the first frame has been read. Java: NIOServerCnxn.initialized */
    bool is_write_blocked;    /* the client takes no more for now */
    int64_t bytes_received;   /* those that the metrics have not been told of yet */
    int64_t watch_bytes_told; /* the server_cnxn_watch_bytes that the metrics know of */

    /* Used by its selector's thread alone; but while it is lent, the worker reads lent_ops, and in
     * the end it sets lent_done. */
    bool is_lent;                    /* to a worker */
    struct zk_atomic_long lent_done; /* the worker is done with it */
    int32_t lent_ops;
    struct client_habit habit;
    bool is_late;  /* it is read because its wait is over */
    int low_water; /* the socket is ready when so many bytes have come */
    int wanted;    /* so many requests are to come before it is read; 1: they do not gather */
    int64_t gathers_since_us;
    struct nio_server_cnxn *next_gathering;
    struct nio_server_cnxn *previous_gathering;

    /* Guarded by the factory's mutex. */
    bool in_tables;
    struct nio_server_cnxn *next;
    struct nio_server_cnxn *previous;

    /* Guarded by the expirer's mutex. */
    struct expiry_item expiry;
    bool is_expiry_over; /* it has been closed, and expires no more */
};

/* Returns the nio_server_cnxn that cnxn is part of; NULL: it is of another kind, as in tests of a
 * server without its port. */
struct nio_server_cnxn *nio_server_cnxn_of(struct server_cnxn *cnxn);
/* Returns the nio_server_cnxn whose expiry the item is. */
struct nio_server_cnxn *nio_server_cnxn_of_expiry(const struct expiry_item *item);

/* What each thread that reads from clients has for it. */
struct io_room {
    uint8_t bytes[IO_ROOM];
    /* A server that has been handed requests and whose processors may still sleep; a reference.
     * NULL: there is none. */
    struct zookeeper_server *unwoken;
    size_t unwoken_requests;
};

/* Takes ownership of the channel, which nobody knows yet. zk: see the struct. The caller has the
 * first reference. Java: new NIOServerCnxn() */
struct nio_server_cnxn *nio_server_cnxn_new(struct server_cnxn_factory *factory,
                                            struct zookeeper_server *zk,
                                            struct selector_thread *selector_thread,
                                            struct channel *channel);
/* Reads and writes what can be read and written without waiting; closes the connection if that
 * fails. By the thread that has it, which then calls nio_server_cnxn_wake_processors, at once or
 * when it has read some others, too. Java: NIOServerCnxn.doIO() */
void nio_server_cnxn_do_io(struct nio_server_cnxn *cnxn, int32_t ops, struct io_room *room);
/* Adds to the server's figures what has been read and answered since the last time. By the thread
 * that has the connection. */
void nio_server_cnxn_tell_figures(struct nio_server_cnxn *cnxn);
/* Wakes the processors, which begin with what they have been handed. */
void nio_server_cnxn_wake_processors(struct io_room *room);
/* Returns whether there is something to do although the socket is not ready. */
bool nio_server_cnxn_has_work(struct nio_server_cnxn *cnxn);
/* Hands on the writes that it has kept, and drops the reads. By its selector's thread, at its end.
 */
void nio_server_cnxn_end_kept(struct nio_server_cnxn *cnxn);
/* Returns what the socket is to be watched for. */
int32_t nio_server_cnxn_interest_ops(struct nio_server_cnxn *cnxn);
/* Takes the connection out of the tables, ends its watches, and sends nothing more; its selector
 * closes the socket. Any thread that holds no lock, any number of times.
 * Java: NIOServerCnxn.close() */
void nio_server_cnxn_close(struct nio_server_cnxn *cnxn, enum disconnect_reason reason);

/* ---- the factory ----------------------------------------------------------------------------- */

struct server_cnxn_factory {
    struct zk_context *ctx;
    int32_t max_client_cnxns;
    int32_t max_cnxns;              /* Java: ServerCnxnFactory.maxCnxns; 0: no limit */
    int32_t sessionless_timeout_ms; /* Java: NIOServerCnxnFactory.sessionlessCnxnTimeout */
    int32_t jute_maxbuffer;         /* the longest frame */
    size_t direct_buffer_bytes;     /* of one write. Java: NIOServerCnxnFactory.directBufferBytes */
    bool client_tcp_keep_alive;
    struct server_status_hook hook;
    struct inet_address address; /* as configured */
    struct sock *listener;
    struct server_stats *stats;
    struct four_letter_words *words;
    struct zk_thread_group *accept_threads; /* AcceptThread, ConnnectionExpirer, WordThread */
    struct zk_thread_group *selector_thread_group;
    struct zk_thread_group *worker_group;
    struct zk_stop stop;
    struct blocking_queue *word_queue;
    struct blocking_queue *worker_queue; /* NULL: selectors do the I/O */
    int32_t num_worker_threads;          /* the most that there may be */
    struct zk_atomic_long worker_count;  /* workers that were started */
    struct zk_atomic_long lent_count;    /* connections that are lent and not yet given back */
    struct selector_thread **selector_threads;
    int32_t num_selector_threads;
    /* Used by AcceptThread alone. */
    int32_t next_selector;
    struct turned_away refused; /* callers above the limit of their address */

    struct zk_mutex mu; /* L-45. Guards: */
    struct zookeeper_server *zk GUARDED_BY(&mu);
    struct nio_server_cnxn *cnxns GUARDED_BY(&mu); /* the youngest first */
    int64_t cnxn_count GUARDED_BY(&mu);
    struct ip_map ip_map GUARDED_BY(&mu);
    /* Session to struct nio_server_cnxn. Java: ServerCnxnFactory.sessionMap */
    struct long_hash session_map GUARDED_BY(&mu);
    struct turned_away turned_away GUARDED_BY(&mu); /* clients that nobody serves */

    struct zk_mutex expiry_mu; /* L-46. Guards: */
    struct expiry_queue cnxn_expiry_queue GUARDED_BY(&expiry_mu);
};

/* Any thread of the port may call the functions of this part. Each takes the factory's mu or
 * expiry_mu for a moment, and none blocks. */

/* Counts one in the metrics of the server that serves now. While none serves, nobody asks for them
 * and nothing is counted. */
void server_cnxn_factory_count(struct server_cnxn_factory *factory,
                               enum server_metrics_counter which);
/* Returns a reference to the server that the connection was born with; NULL: there was none, or the
 * connection has been closed. */
struct zookeeper_server *nio_server_cnxn_ref_server(struct nio_server_cnxn *cnxn);
/* A connection as it was when it was taken out of the tables. Whoever closes it reads the session
 * here: the thread that has the connection may be giving it one at that moment. */
struct removed_cnxn {
    struct zookeeper_server *zk;
    int64_t session_id;
    int32_t session_timeout_ms;
};

/* Java: NIOServerCnxnFactory.removeCnxn(). Takes the connection out of all tables. Returns false if
 * it is in none; otherwise the caller gets the tables' references, to the connection and to
 * ret_removed->zk. */
bool server_cnxn_factory_remove_cnxn(struct nio_server_cnxn *cnxn,
                                     struct removed_cnxn *ret_removed);
/* Something has come from the client: its connection lives on for the timeout of its session, or
 * for sessionless_timeout_ms while it has none. Java: NIOServerCnxnFactory.touchCnxn() */
void server_cnxn_factory_touch_cnxn(struct nio_server_cnxn *cnxn);

/* ---- selector_thread.c ----------------------------------------------------------------------- */

struct selector_thread;

/* Makes one that does not run yet. The caller frees *ret_thread. Errors: those of selector_new. */
int selector_thread_new(struct server_cnxn_factory *factory, int32_t id,
                        struct selector_thread **ret_thread);
/* Frees one whose thread has ended, or never began. NULL is fine. */
void selector_thread_free(struct selector_thread *thread);
/* Starts its thread. Once. Errors: -EAGAIN, the system gives no more threads. */
int selector_thread_start(struct selector_thread *thread);
/* Called when nobody hands over connections any more. The thread ends when its last connection has
 * been closed; this does not wait for that. Any thread. */
void selector_thread_stop(struct selector_thread *thread);
/* Announces one more connection, so that the thread does not end before it has come. Called before
 * anybody else can know that connection, because it may be closed before it is handed over. */
void selector_thread_expect_connection(struct selector_thread *thread);
/* Hands a new connection over, with a reference.
 * Java: NIOServerCnxnFactory.SelectorThread.addAcceptedConnection() */
void selector_thread_add_accepted_connection(struct nio_server_cnxn *cnxn);
/* Returns what the channels of this thread's connections belong to. It stays the thread's. */
struct selector *selector_thread_selector(struct selector_thread *thread);
/* Starts one more worker, which reads and writes the connections that selector threads lend it,
 * until the worker queue is closed. Does nothing if there are num_worker_threads of them. Errors:
 * -EAGAIN, the system gives no more threads. */
ZK_NODISCARD int nio_worker_thread_start(struct server_cnxn_factory *factory);

/* ---- connection_expirer.c, four_letter_word.c ------------------------------------------------ */

/* Thread ConnnectionExpirer: sleeps until the next bucket of connections is due, and closes those
 * that are still in it. arg is the factory. Java: ConnectionExpirerThread.run() */
void connection_expirer_run(void *arg);

/* Java: NIOServerCnxn.checkFourLetterWord(). length bytes have come, FOUR_LETTERS at least. Returns
 * whether they begin with a word. If so, it is answered, and the connection is closed behind the
 * answer. */
bool check_four_letter_word(struct nio_server_cnxn *cnxn, const uint8_t *bytes, size_t length);
/* Thread WordThread: answers the words that take locks of the rest of the peer, one after the
 * other. arg is the factory. word_item_free frees what waits in its queue: it drops a connection
 * that nobody will answer. */
void word_thread_run(void *arg);
void word_item_free(void *item);

#endif
