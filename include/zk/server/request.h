/* One request on its way through the processors. Java: server.Request
 *
 * A client's connection makes it, or a learner's packet does, or the server itself. It is counted,
 * because several threads hold it at once: on a leader it waits for its commit in one processor
 * while another writes it to the log. What stands above the first line in the struct is written
 * before the first processor hands the request on, and never changed after that. What stands below
 * that line belongs to one thread after the other, as the comments say, and queues hand it over; so
 * no field needs a lock. */
#ifndef ZK_SERVER_REQUEST_H
#define ZK_SERVER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/base/refcount.h"
#include "zk/base/str.h"
#include "zk/jute/data.h"
#include "zk/jute/keeper_code.h"

struct jute_record;
struct learner_handler;
struct server_cnxn;
struct shared_ids;
struct txn_log_entry;
struct zk_context;

/* What a request came with, behind its head. It stands in one block of memory with the request. */
struct request_body {
    size_t length;
    uint8_t bytes[];
};

struct request {
    struct zk_refcount refs; /* queues; lists of what is outstanding; threads at work on it */
    int64_t session_id;
    int32_t cxid;
    int32_t type;                       /* enum op_code, or a number that nobody defined */
    const struct request_body *request; /* the body as it came; NULL: there is none */
    /* As whom the client has authenticated; null for what the server asks of itself. */
    struct zk_id_list auth_info;
    struct shared_ids *shared_ids; /* whose list auth_info is; NULL: the request's own */
    /* A reference; NULL: the client is another server's, or there is none. */
    struct server_cnxn *cnxn;
    /* The connection, or the learner's handler, that may use the session; only compared, never
     * followed. */
    const void *owner;
    /* The learner that a SYNC came from; NULL otherwise. Java: LearnerSyncRequest.fh */
    struct learner_handler *learner;
    int64_t create_time_ms;
    int64_t large_request_size; /* the body's bytes, if they count as large; otherwise 0 */
    bool is_under_way;          /* it counts among those of cnxn, and goes through the processors */
    bool local_session;
    /* It is not run: it gets no transaction, goes to no leader, waits for no commit and is answered
     * with exception, in its turn. RequestThrottler sets it, for what has waited for too long, or
     * the first processor of a learner (D-290) or of a read-only server (D-257). Java, for the
     * first of them: isThrottled() */
    bool refused;

    /* ---- PrepRequestProcessor sets these on a leader; on a learner they are set by whatever makes
     * a request of a PROPOSAL, and for a request of our own client by CommitProcessor ---- */

    /* Java's hdr, txn and txnDigest. A reference; NULL for reads and SYNC. */
    struct txn_log_entry *txn;
    int64_t zxid; /* -1: none yet */
    /* What was found wrong ahead of the last processor, by another one, by RequestThrottler, or on
     * the short way to it: enum keeper_code, 0 for nothing. */
    int32_t exception;

    /* ---- times for the metrics; -1: has not happened ---- */

    int64_t request_throttle_queue_time_ms;
    int64_t prep_queue_start_time_ms;
    int64_t sync_queue_start_time_ms;
    int64_t commit_proc_queue_start_time_ms;
    int64_t commit_recv_time_ms;
};

/* Java: new Request(). Copies body (NULL: there is none) and auth_info (NULL: null), takes a
 * reference to cnxn (NULL: none). The caller unrefs what is returned. */
struct request *request_new(struct server_cnxn *cnxn, int64_t session_id, int32_t cxid,
                            int32_t type, const struct buf *body,
                            const struct zk_id_list *auth_info);
/* The request of a transaction that another server has prepared, with the numbers of its header.
 * Shares txn. The caller unrefs what is returned. Java: new Request() */
struct request *request_new_of_txn(struct txn_log_entry *txn);
/* The request of another server's client, as a learner has sent it on. Copies length bytes of body
 * and auth_info. The caller unrefs what is returned. Java: new Request() */
struct request *request_new_of_learner(int64_t session_id, int32_t cxid, int32_t type,
                                       const uint8_t *body, size_t length,
                                       const struct zk_id_list *auth_info);
/* The request of a client, with the session and the ids that its connection has now; the ids are
 * shared. Copies length bytes of body. The caller unrefs what is returned. Java: new Request() */
struct request *request_new_of_cnxn(struct server_cnxn *cnxn, int32_t cxid, int32_t type,
                                    const uint8_t *body, size_t length);
struct request *request_ref(struct request *request);
void request_unref(struct request *request); /* NULL is fine */

/* Gives the request its transaction, which is shared, and the transaction's zxid. Only while no
 * other thread looks at these two. Java: setHdr(), setTxn(), setTxnDigest() */
void request_set_txn(struct request *request, struct txn_log_entry *txn);

/* Returns what is put last into a queue, so that the thread that takes it ends. It is no request:
 * nobody looks into it, and request_ref and request_unref leave it alone. Java: requestOfDeath */
struct request *request_of_death(void);

/* Returns a reader of a body, which is there. */
static inline struct buf_reader request_body_reader(const struct request_body *body)
{
    return (struct buf_reader){.bytes = body->bytes, .length = body->length};
}
/* Reads the body as a record, which the caller ends with jute_done. Bytes behind it are ignored, as
 * Java ignores them. Returns MARSHALLINGERROR if it is not all there; *ret_record owns nothing
 * then. Java: ByteBufferInputStream.byteBuffer2Record() */
ZK_NODISCARD enum keeper_code request_read_record(struct zk_context *ctx,
                                                  const struct request *request,
                                                  const struct jute_record *record,
                                                  void *ret_record);
/* Java: isValid(). Returns whether clients may send this type. */
bool request_is_valid(int32_t type);
/* Java: isQuorum(). Returns whether the whole ensemble takes part in the request, as it does in
 * every write. */
bool request_is_quorum(const struct request *request);
/* Java: toString(), with the path if the body begins with one; for log lines. */
void request_append(const struct request *request, struct zk_str *str);

#endif
