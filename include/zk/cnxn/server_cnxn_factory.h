/* The client port. Java: server.NIOServerCnxnFactory, NIOServerCnxn
 *
 * Until there is a client service it answers four-letter words, and closes every other connection
 * without a byte, as Java does while it is not serving; if a client was among them, one WARN a
 * minute says why.
 *
 * Threads: NIOServerCxnFactory.AcceptThread:<address> (Java's name, without the n), and for each
 * connection one NIOWorkerThread-k (Java has selectors; D-39). Lock: one mutex
 * (ZK_RANK_SERVER_CNXN), held while the table of connections is read or changed, never while
 * anything blocks. A caller can be
 * as slow and as silent as it likes: it holds one slot of CNXN_LIMIT until its deadline, or until
 * another caller needs the slot. */
#ifndef ZK_CNXN_SERVER_CNXN_FACTORY_H
#define ZK_CNXN_SERVER_CNXN_FACTORY_H

#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/io/inet.h"
#include "zk/server/server_status.h"

struct zk_context;
struct server_cnxn_factory;

/* The most connections at a time, from all addresses together. When one more comes, the oldest that
 * has said nothing yet is closed. */
enum { CNXN_LIMIT = 256 };

/* Java's zookeeper.nio.sessionlessCnxnTimeout, in milliseconds */
enum { CNXN_TIMEOUT_MS = 10000 };

/* Bind, but do not accept yet. backlog -1 is SOCK_BACKLOG. max_client_cnxns is the most connections
 * from one address; 0 is no limit. hook is called by worker threads, which hold no lock. The caller
 * frees *ret_factory. Errors: those of sock_listen. Java: NIOServerCnxnFactory.configure() */
ZK_NODISCARD int server_cnxn_factory_new(struct zk_context *ctx, const struct inet_address *address,
                                         int32_t backlog, int32_t max_client_cnxns,
                                         struct server_status_hook hook,
                                         struct server_cnxn_factory **ret_factory);

/* Accept from now on. Errors: -EAGAIN, the system gives no thread. Java: start() */
ZK_NODISCARD int server_cnxn_factory_start(struct server_cnxn_factory *factory);

/* The address that was bound, with the port that the system chose where 0 was asked for. It lives
 * as long as the factory. Java: getLocalAddress() */
const struct inet_address *server_cnxn_factory_local_address(
    const struct server_cnxn_factory *factory);

/* Close all connections and wait for all threads. The caller is none of them, and holds no lock
 * that the hook takes. It may call this again. Java: shutdown(), join() */
void server_cnxn_factory_shutdown(struct server_cnxn_factory *factory);

void server_cnxn_factory_free(struct server_cnxn_factory *factory); /* shuts down; NULL is fine */

#endif
