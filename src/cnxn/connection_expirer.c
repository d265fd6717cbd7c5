/* Connections that have been silent for too long are closed: those without a session after
 * zookeeper.nio.sessionlessCnxnTimeout, the others after their session's timeout, rounded up to
 * whole intervals. Java: NIOServerCnxnFactory.ConnectionExpirerThread, whose name has three n */
#include <stdlib.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "zk/base/alloc.h"

static int64_t expirer_wait_time(struct server_cnxn_factory *factory);
static size_t take_expired(struct server_cnxn_factory *factory,
                           struct nio_server_cnxn ***ret_expired);

/* Java: ConnectionExpirerThread.run() */
void connection_expirer_run(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    while (!zk_stop_sleep(&factory->stop, expirer_wait_time(factory))) {
        struct nio_server_cnxn **expired;
        size_t count = take_expired(factory, &expired);
        for (size_t i = 0; i < count; i++) {
            server_cnxn_factory_count(factory, SERVER_METRICS_SESSIONLESS_CONNECTIONS_EXPIRED);
            nio_server_cnxn_close(expired[i], DISCONNECT_REASON_CONNECTION_EXPIRED);
            server_cnxn_unref(&expired[i]->base);
        }
        free(expired);
    }
}

static int64_t expirer_wait_time(struct server_cnxn_factory *factory)
{
    zk_mutex_lock(&factory->expiry_mu);
    int64_t wait_ms = expiry_queue_get_wait_time(&factory->cnxn_expiry_queue);
    zk_mutex_unlock(&factory->expiry_mu);
    return wait_ms;
}

/* Takes the connections whose time is over out of the queue, and a reference to each. A connection
 * in the queue still lives, because whoever closes it takes it out before giving the tables'
 * reference back. */
static size_t take_expired(struct server_cnxn_factory *factory,
                           struct nio_server_cnxn ***ret_expired)
{
    size_t count = 0;
    zk_mutex_lock(&factory->expiry_mu);
    struct expiry_item *first = expiry_queue_poll(&factory->cnxn_expiry_queue);
    for (struct expiry_item *item = first; item != NULL; item = item->next)
        count++;
    struct nio_server_cnxn **expired = zk_xcalloc(count + 1, sizeof *expired);
    size_t at = 0;
    for (struct expiry_item *item = first, *next; item != NULL; item = next) {
        next = item->next;
        *item = (struct expiry_item){0};
        struct nio_server_cnxn *cnxn = nio_server_cnxn_of_expiry(item);
        server_cnxn_ref(&cnxn->base);
        expired[at++] = cnxn;
    }
    zk_mutex_unlock(&factory->expiry_mu);
    *ret_expired = expired;
    return count;
}
