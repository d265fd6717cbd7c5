/* An observer's server logs and applies what the leader tells it. No thread of its own: the main
 * thread calls. Java: ObserverZooKeeperServer */
#include "zab/observer_zookeeper_server.h"

#include <stdlib.h>

#include "zab/learner_request_processor.h"
#include "zab/learner_zookeeper_server.h"
#include "zk/base/alloc.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/trace.h"
#include "zk/server/commit_processor.h"
#include "zk/server/final_request_processor.h"
#include "zk/server/request.h"
#include "zk/server/sync_request_processor.h"

struct observer_zookeeper_server {
    struct learner_zookeeper_server base; /* the first field: this is one */
};

/* Java: commitRequest() */
void observer_zookeeper_server_commit_request(struct observer_zookeeper_server *ozk,
                                              struct txn_log_entry *txn)
{
    zk_trace_txn(ozk->base.self->ctx, "committed", txn->header.zxid, 0,
                 "the leader tells observers only what is committed");
    struct request *request = request_new_of_txn(txn);
    if (ozk->base.sync_processor != NULL) {
        struct request *logged = request_ref(request);
        array_deque_add_last(&ozk->base.to_log, &logged);
    }
    array_deque_add_last(&ozk->base.to_commit, &request);
}

/* Java: setupRequestProcessors() */
static int observer_zookeeper_server_setup_request_processors(struct zookeeper_server *server)
{
    struct learner_zookeeper_server *lzk = learner_zookeeper_server_of(server);
    struct request_processor *final_processor = final_request_processor_new(server);
    lzk->commit_processor = commit_processor_new(server, final_processor);
    struct learner_request_processor *first = learner_request_processor_new(
        server, "Observer", commit_processor_as_processor(lzk->commit_processor));
    zookeeper_server_set_first_processor(server, learner_request_processor_as_processor(first));
    zookeeper_server_set_read_processor(server, final_processor, false);
    int r = commit_processor_start(lzk->commit_processor);
    if (r == 0)
        r = learner_request_processor_start(first);
    /* An observer that has a log need not be given a whole tree when it comes back. */
    if (r == 0 && lzk->self->config->sync_enabled) {
        lzk->sync_processor = sync_request_processor_new(server, NULL);
        r = sync_request_processor_start(lzk->sync_processor);
    }
    return r;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void observer_zookeeper_server_free(void *kind)
{
    struct observer_zookeeper_server *ozk = kind;
    learner_zookeeper_server_done(&ozk->base);
    free(ozk);
}

/* Its requests are forwarded to the leader; it is told of what is committed. */
static const struct zookeeper_server_methods observer_zookeeper_server_methods = {
    .state = "observer", /* Java: getState() */
    .create_session_tracker = learner_zookeeper_server_create_session_tracker,
    .setup_request_processors = observer_zookeeper_server_setup_request_processors,
    .shutdown_components = learner_zookeeper_server_shutdown_components,
    .revalidate_session = learner_zookeeper_server_revalidate_session,
    .set_local_session_flag = learner_zookeeper_server_set_local_session_flag,
    .free_kind = observer_zookeeper_server_free,
};

struct zookeeper_server *observer_zookeeper_server_new(struct quorum_peer *self,
                                                       struct learner *learner,
                                                       struct observer_zookeeper_server **ret_ozk)
{
    struct observer_zookeeper_server *ozk = zk_xcalloc(1, sizeof *ozk);
    learner_zookeeper_server_init(&ozk->base, self, learner);
    *ret_ozk = ozk;
    return zookeeper_server_new(self->ctx, &observer_zookeeper_server_methods, ozk, self->database,
                                self->metrics);
}
