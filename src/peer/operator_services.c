/* What operators ask over HTTP. */
#include "peer/operator_services.h"

#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/command/admin_server.h"

void operator_services_start(struct operator_services *services, struct zk_context *ctx,
                             struct server_status_hook hook,
                             struct server_cnxn_factory *client_port)
{
    if (client_port == NULL)
        return;
    struct server_cnxns cnxns = server_cnxn_factory_cnxns(client_port);
    if (admin_server_is_enabled(ctx) &&
        admin_server_start(ctx, hook, cnxns, &services->admin_server) < 0)
        services->admin_server = NULL;
}

void operator_services_stop(struct operator_services *services)
{
    admin_server_free(services->admin_server);
    *services = (struct operator_services){0};
}
