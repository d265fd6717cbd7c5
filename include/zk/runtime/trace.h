/* The trace: what happened and why, one JSON object a line, for pictures, tests and comparison with
 * Java (NOTES.md has the format). It is off unless it is asked for, and while it is off an event
 * costs one branch.
 *
 * Always there: v (format 1), t (microseconds since the context was made), n (our sid), th
 * (thread), ev. 64-bit values that may exceed 2^53 (zxid, session) are hex strings. A send is
 * paired with its receive by conn and seq, which both ends know without a byte on the wire: conn is
 * the TCP 4-tuple as the dialling side would write it ("127.0.0.1:51121-127.0.0.1:3881"), seq the
 * ordinal of the message in that direction on that connection, from 1.
 *
 * Any thread. All texts stay the caller's. A line that cannot be written is lost. */
#ifndef ZK_RUNTIME_TRACE_H
#define ZK_RUNTIME_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct zk_context;

/* Returns whether the full trace is on. With zk_context_options.trace_brief only boot, exit, state,
 * decide, epoch, established, txn and sync are written, and this is false. */
bool zk_trace_on(const struct zk_context *ctx);

/* The life of the process. boot carries wall time, so that the files of several processes can be
 * merged. */
void zk_trace_boot(struct zk_context *ctx, const char *version);
void zk_trace_exit(struct zk_context *ctx, int code, const char *why);

/* The election. why is a sentence for people: it becomes the caption of a picture. */
void zk_trace_state(struct zk_context *ctx, const char *state, const char *why);
void zk_trace_vote(struct zk_context *ctx, int64_t leader, int64_t zxid, int64_t peer_epoch,
                   int64_t round, const char *why);
void zk_trace_tally(struct zk_context *ctx, int64_t leader, const int64_t *have, size_t have_count,
                    bool quorum);
void zk_trace_wait(struct zk_context *ctx, int64_t ms, const char *why);
void zk_trace_decide(struct zk_context *ctx, int64_t leader, int64_t round, const char *why);

/* Connections: what is "dial", "accept", "keep", "drop", "close", "refused" ... */
void zk_trace_conn(struct zk_context *ctx, const char *what, int64_t peer, const char *conn,
                   const char *why);

/* Messages: kind is "NOTIFICATION", "INITIAL" or a packet's name; message is a JSON object. */
void zk_trace_send(struct zk_context *ctx, int64_t to, const char *conn, int64_t seq,
                   const char *kind, const char *message);
void zk_trace_recv(struct zk_context *ctx, int64_t from, const char *conn, int64_t seq,
                   const char *kind, const char *message);

/* Queues: these two are to threads what send and receive are to peers. seq is the ordinal of the
 * element in its queue, length the queue's length after the step, dropped the seq of the element
 * that made room, 0 for none. */
void zk_trace_enq(struct zk_context *ctx, const char *queue, int64_t seq, size_t length,
                  int64_t dropped);
void zk_trace_deq(struct zk_context *ctx, const char *queue, int64_t seq, size_t length);

/* Where the peer is after the election: "discovery" and the like. */
void zk_trace_phase(struct zk_context *ctx, const char *phase);
/* The file of an epoch was written; which is "accepted" or "current". */
void zk_trace_epoch(struct zk_context *ctx, const char *which, int64_t value);
/* A quorum has acknowledged our NEWLEADER (leader is ourselves), or the server leader has sent us
 * UPTODATE. */
void zk_trace_established(struct zk_context *ctx, int64_t leader, int64_t epoch);

/* A transaction goes one step: "request", "proposed", "logged", "acked", "committed" or "applied".
 * peer is the server that the step is about: the one whose client asked, or the one that has
 * acknowledged; 0 is ourselves. */
void zk_trace_txn(struct zk_context *ctx, const char *step, int64_t zxid, int64_t peer,
                  const char *why);
/* How a learner is brought to the leader's state. mode is "DIFF", "TRUNC" or "SNAP"; from_zxid is
 * where the learner stands, to_zxid where it will stand. */
void zk_trace_sync(struct zk_context *ctx, int64_t peer, const char *mode, int64_t from_zxid,
                   int64_t to_zxid, const char *why);

/* ---- clients, as their server sees them ------------------------------------------------------ */

/* Whom a line is about. session is 0 before the client has one; address is the client's end of the
 * connection. */
struct zk_trace_client {
    int64_t session;
    const char *address;
};

/* What becomes of a session here: "opened" (the first frame is answered, and the session goes on at
 * this server), "refused", "barred" (the client is turned away without an answer), "left" (its
 * connection has ended), "expired". */
void zk_trace_session(struct zk_context *ctx, const char *what,
                      const struct zk_trace_client *client, int64_t timeout_ms, const char *why);

/* What a client asks. op is Java's name of the operation. data is what people want to see of its
 * contents, and how is what else the request says ("watch", "ephemeral"); NULL: there is
 * nothing. */
struct zk_trace_question {
    int64_t xid;
    const char *op;
    const char *path;
    const char *data;
    const char *how;
};

/* What a client is told. The names mean the same as in zk_trace_question. */
struct zk_trace_answer {
    int64_t xid;
    const char *op;
    int64_t zxid;
    int64_t err;
    const char *data;
};

/* zk_trace_request: a request has been read. zk_trace_reply: the answer to one is about to be
 * sent. */
void zk_trace_request(struct zk_context *ctx, const struct zk_trace_client *client,
                      const struct zk_trace_question *question);
void zk_trace_reply(struct zk_context *ctx, const struct zk_trace_client *client,
                    const struct zk_trace_answer *answer);
/* A watch of the client has fired: what has become of the node. */
void zk_trace_watch(struct zk_context *ctx, const struct zk_trace_client *client, const char *what,
                    const char *path);

#endif
