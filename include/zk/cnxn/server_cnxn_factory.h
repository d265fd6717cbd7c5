/* The client port. Java: server.NIOServerCnxnFactory
 *
 * It is open from the start of the process to its end, and answers four-letter words all the time.
 * While a server stands behind it (server_cnxn_factory_set_zookeeper_server) it also serves
 * clients. A connection keeps the server that it was born with: one that came while there was none
 * is closed when it asks for a session, and when a server is taken away, all its connections are
 * closed.
 *
 * Threads, with Java's names:
 *   NIOServerCxnFactory.AcceptThread:<address>  accepts, counts, hands over
 *   NIOServerCxnFactory.SelectorThread-k        waits for connections to read or write
 *   NIOWorkerThread-k                           reads and writes, if
 *                                               zookeeper.nio.numWorkerThreads is more than 0, and
 *                                               is started when all others are at work; otherwise
 *                                               (our default) the selector threads read and write
 *   ConnnectionExpirer                          closes connections that have long been silent
 *   WordThread                                  answers the words that ask others (D-203)
 *
 * No connection has a thread, and an idle one has no buffer.
 *
 * Locks: the tables of connections (ZK_RANK_SERVER_CNXN) and their expiry (ZK_RANK_CNXN_EXPIRY);
 * neither is held while anything blocks. */
#ifndef ZK_CNXN_SERVER_CNXN_FACTORY_H
#define ZK_CNXN_SERVER_CNXN_FACTORY_H

#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/io/inet.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_status.h"

struct server_cnxn_factory;
struct zk_context;
struct zookeeper_server;

/* Java's zookeeper.nio.sessionlessCnxnTimeout, in milliseconds */
enum { CNXN_TIMEOUT_MS = 10000 };

/* Binds, and accepts nothing yet. A backlog below 1, such as the -1 of a configuration without one,
 * means SOCK_BACKLOG. max_client_cnxns is the most connections from one address; 0 is no limit.
 * hook is called by threads of the port, which hold no lock. The caller frees *ret_factory. Errors:
 * those of sock_listen and selector_new; -EINVAL, a setting of zookeeper.nio is impossible. Java:
 * NIOServerCnxnFactory.configure() */
ZK_NODISCARD int server_cnxn_factory_new(struct zk_context *ctx, const struct inet_address *address,
                                         int32_t backlog, int32_t max_client_cnxns,
                                         struct server_status_hook hook,
                                         struct server_cnxn_factory **ret_factory);

/* Accepts callers from now on. Errors: -EAGAIN, the system gives no thread. Java: start() */
ZK_NODISCARD int server_cnxn_factory_start(struct server_cnxn_factory *factory);

/* The address that was bound, with the port that the system chose where 0 was asked for. It lives
 * as long as the factory. Java: getLocalAddress() */
const struct inet_address *server_cnxn_factory_local_address(
    const struct server_cnxn_factory *factory);

/* Connections that come from now on belong to server, of which the factory keeps a reference; NULL:
 * no server stands behind the port. Any thread that holds no lock. Java: setZooKeeperServer() */
void server_cnxn_factory_set_zookeeper_server(struct server_cnxn_factory *factory,
                                              struct zookeeper_server *server);

/* Closes every connection, without another byte. Does not wait until the sockets are closed. Any
 * thread that holds no lock. Java: closeAll(DisconnectReason.SERVER_SHUTDOWN) */
void server_cnxn_factory_close_all(struct server_cnxn_factory *factory);

/* Returns what words and the admin server may ask about the connections. It can be used as long as
 * the factory lives. */
struct server_cnxns server_cnxn_factory_cnxns(struct server_cnxn_factory *factory);

/* Closes all connections and waits for all threads. The caller is none of them, and holds no lock
 * that the hook takes. It may call this again. Java: shutdown(), join() */
void server_cnxn_factory_shutdown(struct server_cnxn_factory *factory);

void server_cnxn_factory_free(struct server_cnxn_factory *factory); /* shuts down; NULL is fine */

#endif
