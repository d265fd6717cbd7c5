/* What operators ask over HTTP, beside the client port: for a peer, and for a server alone. */
#ifndef PEER_OPERATOR_SERVICES_H
#define PEER_OPERATOR_SERVICES_H

#include "zk/server/server_status.h"

struct admin_server;
struct server_cnxn_factory;
struct zk_context;

/* Zero-initialised, nothing runs. */
struct operator_services {
    struct admin_server *admin_server; /* NULL: none is asked for, or it could not be started */
};

/* Starts what the settings ask for. The caller goes on without what cannot be started, as Java
 * does; a line in the log says why. client_port may be NULL: then nothing is started. It and what
 * hook points to outlive the services. */
void operator_services_start(struct operator_services *services, struct zk_context *ctx,
                             struct server_status_hook hook,
                             struct server_cnxn_factory *client_port);
void operator_services_stop(struct operator_services *services);

#endif
