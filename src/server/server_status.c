/* Values that the four-letter words show. */
#include "zk/server/server_status.h"

#include <stdlib.h>

#include "zk/server/zookeeper_server.h"

void server_status_done(struct server_status *status)
{
    free(status->peers);
    zookeeper_server_unref(status->zk);
    *status = (struct server_status){0};
}
