/* Values that the four-letter words show. */
#include "zk/server/server_status.h"

#include <stdlib.h>

#include "zk/base/alloc.h"

struct server_status_peer *server_status_add_peer(struct server_status *status, int64_t sid)
{
    status->peers = zk_xrealloc(status->peers, (status->peer_count + 1) * sizeof *status->peers);
    struct server_status_peer *peer = &status->peers[status->peer_count++];
    *peer = (struct server_status_peer){.sid = sid};
    return peer;
}

void server_status_done(struct server_status *status)
{
    free(status->membership);
    free(status->peers);
    *status = (struct server_status){0};
}
