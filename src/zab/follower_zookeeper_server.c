/* A follower's server: it logs what is proposed, and applies what is committed of it. No thread of
 * its own: the main thread reads proposals and commits, keeps them here, and hands them over when
 * it has read all that was there. Java: FollowerZooKeeperServer */
#include "zab/follower_zookeeper_server.h"

#include <stdlib.h>

#include "zab/learner_internal.h"
#include "zab/learner_request_processor.h"
#include "zab/learner_zookeeper_server.h"
#include "zab/quorum_zookeeper_server.h"
#include "zab/send_ack_request_processor.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/zxid.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/commit_processor.h"
#include "zk/server/final_request_processor.h"
#include "zk/server/request.h"
#include "zk/server/sync_request_processor.h"

struct follower_zookeeper_server {
    struct learner_zookeeper_server base; /* the first field: this is one */
    /* struct request *, references: logged or on their way there, in the order of their zxids. The
     * main thread's alone. Java has pendingTxns, a LinkedBlockingQueue. */
    struct array_deque pending_txns;
};

/* Java: setupRequestProcessors() */
static int follower_zookeeper_server_setup_request_processors(struct zookeeper_server *server)
{
    struct learner_zookeeper_server *lzk = learner_zookeeper_server_of(server);
    struct request_processor *final_processor = final_request_processor_new(server);
    lzk->commit_processor = commit_processor_new(server, final_processor);
    struct learner_request_processor *first = learner_request_processor_new(
        server, "Follower", commit_processor_as_processor(lzk->commit_processor));
    zookeeper_server_set_first_processor(server, learner_request_processor_as_processor(first));
    zookeeper_server_set_read_processor(server, final_processor, false);
    quorum_zookeeper_server_share_global_outstanding_limit(server, lzk->self);
    /* Beside the chain: it logs what the leader proposes, whichever server's client asked for it,
     * and the processor behind it tells the leader so. */
    lzk->sync_processor =
        sync_request_processor_new(server, send_ack_request_processor_new(lzk->learner));
    int r = commit_processor_start(lzk->commit_processor);
    if (r == 0)
        r = learner_request_processor_start(first);
    if (r == 0)
        r = sync_request_processor_start(lzk->sync_processor);
    return r;
}

/* Java: logRequest() */
void follower_zookeeper_server_log_request(struct follower_zookeeper_server *fzk,
                                           struct txn_log_entry *txn)
{
    struct request *request = request_new_of_txn(txn);
    fzk->base.learner->logged++;
    /* Counter 0 is the beginning of an epoch and no write; no COMMIT comes for it. */
    if (zxid_counter(request->zxid) != 0) {
        struct request *kept = request_ref(request);
        array_deque_add_last(&fzk->pending_txns, &kept);
        zookeeper_server_note_work(fzk->base.learner->zk, 1);
    }
    array_deque_add_last(&fzk->base.to_log, &request);
}

/* Java: commit() */
int follower_zookeeper_server_commit(struct follower_zookeeper_server *fzk, int64_t zxid)
{
    const struct txn_log_entry *next = follower_zookeeper_server_next_pending(fzk);
    if (next == NULL) {
        if (learner_line_is_due(fzk->base.learner, LEADER_COMMIT))
            zk_log(fzk->base.self->ctx, ZK_LOG_COMMIT_WITHOUT_TXN, zxid);
        return 0;
    }
    if (next->header.zxid != zxid) {
        zk_log(fzk->base.self->ctx, ZK_LOG_COMMIT_UNMATCHED, zxid, next->header.zxid);
        return learner_must_end(fzk->base.learner, EXIT_CODE_UNMATCHED_TXN_COMMIT);
    }
    zk_trace_txn(fzk->base.self->ctx, "committed", zxid, 0,
                 "the leader says that a quorum has it on disk");
    struct request *request = NULL;
    array_deque_remove_first(&fzk->pending_txns, &request);
    zookeeper_server_note_work(fzk->base.learner->zk, -1);
    server_metrics_log_latency(&fzk->base.learner->measured,
                               SERVER_METRICS_COMMIT_PROPAGATION_LATENCY,
                               request->txn->header.time_ms);
    array_deque_add_last(&fzk->base.to_commit, &request);
    return 0;
}

const struct txn_log_entry *follower_zookeeper_server_next_pending(
    const struct follower_zookeeper_server *fzk)
{
    struct request *const *first = array_deque_get(&fzk->pending_txns, 0);
    return first != NULL ? (*first)->txn : NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void follower_zookeeper_server_free(void *kind)
{
    struct follower_zookeeper_server *fzk = kind;
    struct request *request;
    while (array_deque_remove_first(&fzk->pending_txns, &request))
        request_unref(request);
    array_deque_done(&fzk->pending_txns);
    learner_zookeeper_server_done(&fzk->base);
    free(fzk);
}

/* Its requests are forwarded to the leader, and its ACKs count for every commit. */
static const struct zookeeper_server_methods follower_zookeeper_server_methods = {
    .state = "follower", /* Java: getState() */
    .create_session_tracker = learner_zookeeper_server_create_session_tracker,
    .setup_request_processors = follower_zookeeper_server_setup_request_processors,
    .shutdown_components = learner_zookeeper_server_shutdown_components,
    .revalidate_session = learner_zookeeper_server_revalidate_session,
    .set_local_session_flag = learner_zookeeper_server_set_local_session_flag,
    .free_kind = follower_zookeeper_server_free,
};

struct zookeeper_server *follower_zookeeper_server_new(struct quorum_peer *self,
                                                       struct learner *learner,
                                                       struct follower_zookeeper_server **ret_fzk)
{
    struct follower_zookeeper_server *fzk = zk_xcalloc(1, sizeof *fzk);
    learner_zookeeper_server_init(&fzk->base, self, learner);
    fzk->pending_txns = (struct array_deque)ARRAY_DEQUE_OF(struct request *);
    *ret_fzk = fzk;
    return zookeeper_server_new(self->ctx, &follower_zookeeper_server_methods, fzk, self->database,
                                self->metrics);
}
