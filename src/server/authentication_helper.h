/* Clients that must say who they are before they may ask for anything. Java:
 * server.AuthenticationHelper
 *
 * Read from the settings when a server is made, and never changed; any thread. */
#ifndef SERVER_AUTHENTICATION_HELPER_H
#define SERVER_AUTHENTICATION_HELPER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"

struct server_cnxn;
struct zk_context;

struct authentication_helper {
    bool enforce_auth_enabled;
    struct zk_strings enforce_auth_schemes; /* one of them is enough */
};

/* Java: initConfigurations(). The settings zookeeper.enforce.auth.enabled and
 * zookeeper.enforce.auth.schemes. A scheme that no client can have keeps the peer from starting:
 * its configuration is refused (D-311). */
void authentication_helper_init(struct authentication_helper *helper, struct zk_context *ctx);
void authentication_helper_done(struct authentication_helper *helper);
/* Java: enforceAuthentication(). False: the client has none of the schemes; it has been answered
 * SESSIONCLOSEDREQUIRESASLAUTH, and its connection closes after that. */
ZK_NODISCARD bool authentication_helper_enforce(const struct authentication_helper *helper,
                                                struct zk_context *ctx, struct server_cnxn *cnxn,
                                                int32_t xid);

#endif
