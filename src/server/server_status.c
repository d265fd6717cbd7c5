/* Values that the four-letter words show. */
#include "zk/server/server_status.h"

#include <stdlib.h>

void server_status_done(struct server_status *status)
{
    free(status->peers);
    *status = (struct server_status){0};
}
