/* Serves clients that are content with reading, while this peer looks for a leader and cannot know
 * what was written since. Java: ReadOnlyZooKeeperServer
 *
 *     clients -> ReadOnlyRequestProcessor -> PrepRequestProcessor -> FinalRequestProcessor
 *
 * Whoever connects must say that it may be read-only. It gets a local session; where local sessions
 * are not enabled it gets none, as in Java, and cannot connect. Reads are answered from the tree as
 * it was when the last term ended; every write is answered -119, and no zxid is given out.
 *
 * The thread that starts it is not the one that ends it, and has ended before that one comes. */
#ifndef ZK_ZAB_READ_ONLY_ZOOKEEPER_SERVER_H
#define ZK_ZAB_READ_ONLY_ZOOKEEPER_SERVER_H

#include "zk/base/attrs.h"

struct quorum_peer;
struct read_only_zookeeper_server;

/* Java: new ReadOnlyZooKeeperServer(). self stays the caller's. The caller frees what is
 * returned. */
struct read_only_zookeeper_server *read_only_zookeeper_server_new(struct quorum_peer *self);

/* Serves from now on. Errors: -EAGAIN, the system gives no more threads. Java: startup() */
ZK_NODISCARD int read_only_zookeeper_server_startup(struct read_only_zookeeper_server *ro);

/* Ends all connections, then the server, if it was started. Blocks until its threads have ended.
 * Java: shutdown() */
void read_only_zookeeper_server_shutdown(struct read_only_zookeeper_server *ro);

void read_only_zookeeper_server_free(struct read_only_zookeeper_server *ro);

#endif
