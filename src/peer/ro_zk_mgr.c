/* When a read-only server starts, and when it ends. Java: QuorumPeer.run(), its case LOOKING */
#include "peer/ro_zk_mgr.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"
#include "zk/zab/read_only_zookeeper_server.h"

/* Java's lower bound of the grace period. */
enum { GRACE_MS = 2000 };

struct ro_zk_mgr {
    struct quorum_peer *self;
    struct read_only_zookeeper_server *ro_zk;
    struct zk_stop stop;             /* in Java an interrupt */
    struct zk_thread_group *threads; /* of one */
};

static void ro_zk_mgr_run(void *arg)
{
    struct ro_zk_mgr *mgr = arg;
    int32_t tick_ms = mgr->self->config->tick_time_ms;
    if (zk_stop_sleep(&mgr->stop, tick_ms > GRACE_MS ? tick_ms : GRACE_MS)) {
        zk_log(mgr->self->ctx, ZK_LOG_READ_ONLY_NOT_STARTED);
        return;
    }
    if (quorum_peer_get_peer_state(mgr->self) != SERVER_STATE_LOOKING)
        return;
    int r = read_only_zookeeper_server_startup(mgr->ro_zk);
    if (r < 0)
        zk_log(mgr->self->ctx, ZK_LOG_READ_ONLY_FAILED, zk_error_text(r).text);
}

struct ro_zk_mgr *ro_zk_mgr_start(struct quorum_peer *self)
{
    if (!zk_settings_get_boolean(self->ctx, "readonlymode.enabled", false))
        return NULL;
    zk_log(self->ctx, ZK_LOG_READ_ONLY_ATTEMPT);
    struct ro_zk_mgr *mgr = zk_xcalloc(1, sizeof *mgr);
    mgr->self = self;
    mgr->ro_zk = read_only_zookeeper_server_new(self);
    zk_stop_init(&mgr->stop, self->ctx, "ro_zk_mgr");
    mgr->threads = zk_thread_group_new(self->ctx);
    int r = zk_thread_group_start(mgr->threads, ro_zk_mgr_run, mgr, "roZkMgr");
    if (r < 0)
        zk_log(self->ctx, ZK_LOG_READ_ONLY_FAILED, zk_error_text(r).text);
    return mgr;
}

void ro_zk_mgr_end(struct ro_zk_mgr *mgr)
{
    if (mgr == NULL)
        return;
    (void)zk_stop_request(&mgr->stop);
    zk_thread_group_free(mgr->threads);
    read_only_zookeeper_server_shutdown(mgr->ro_zk);
    read_only_zookeeper_server_free(mgr->ro_zk);
    zk_stop_destroy(&mgr->stop);
    free(mgr);
}
