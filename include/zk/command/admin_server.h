/* Everything that an operator can ask, as JSON over HTTP: /commands lists the commands,
 * /commands/NAME runs one. Java: server.admin.JettyAdminServer
 *
 * It is off unless zoo.cfg asks for it, and listens at loopback unless told otherwise (D-284). One
 * thread, AdminServer, answers one request after the other; it takes the locks that four-letter
 * words take. */
#ifndef ZK_COMMAND_ADMIN_SERVER_H
#define ZK_COMMAND_ADMIN_SERVER_H

#include <stdbool.h>

#include "zk/base/attrs.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_status.h"

struct admin_server;
struct zk_context;

/* Returns whether the settings ask for one: zookeeper.admin.enableServer is true, or it is not set
 * and zookeeper.admin.serverPort or serverAddress is. */
bool admin_server_is_enabled(const struct zk_context *ctx);

/* Binds, and answers from now on; a line in the log says where, or why not. hook and cnxns are
 * copied; what they point to outlives the server. The caller frees *ret_server. Errors: those of
 * http_server_new; -EAGAIN also if the system gives no thread. Java: start() */
ZK_NODISCARD int admin_server_start(struct zk_context *ctx, struct server_status_hook hook,
                                    struct server_cnxns cnxns, struct admin_server **ret_server);
/* Waits for its thread. NULL is fine. Java: shutdown() */
void admin_server_free(struct admin_server *server);

#endif
