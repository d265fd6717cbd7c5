/* What serves clients during one term of a role: it is made with the leader, follower or observer,
 * runs when the term is established, and is shut down with the role. Java: server.ZooKeeperServer,
 * an abstract class here; its kinds (LeaderZooKeeperServer ...) are in floor zab, because they say
 * which processors a role wires together.
 *
 * Counted: whoever answers a client keeps the server of that moment
 * (quorum_peer_get_active_server), and finds it shut down if the term has ended meanwhile. Any
 * thread; one mutex (ZK_RANK_ZOOKEEPER_SERVER), held for the look at a field. */
#ifndef ZK_SERVER_ZOOKEEPER_SERVER_H
#define ZK_SERVER_ZOOKEEPER_SERVER_H

struct zk_context;
struct zk_database;
struct server_status;
struct zookeeper_server;

/* Java: ZooKeeperServer.State */
enum zookeeper_server_state {
    ZOOKEEPER_SERVER_INITIAL,
    ZOOKEEPER_SERVER_RUNNING,
    ZOOKEEPER_SERVER_SHUTDOWN,
};

/* What the kinds differ in. */
struct zookeeper_server_methods {
    /* Java: getState(): "leader", "follower", "observer" */
    const char *state;
};

/* Java: new ZooKeeperServer(). The state is INITIAL. methods and database stay the caller's, and
 * outlive the server. The caller unrefs it. */
struct zookeeper_server *zookeeper_server_new(struct zk_context *ctx,
                                              const struct zookeeper_server_methods *methods,
                                              struct zk_database *database);
struct zookeeper_server *zookeeper_server_ref(struct zookeeper_server *server);
void zookeeper_server_unref(struct zookeeper_server *server); /* NULL is fine */

/* Java: startup(). INITIAL becomes RUNNING; a server that is shut down already stays so. */
void zookeeper_server_startup(struct zookeeper_server *server);
/* Java: shutdown(). Does not wait for anybody; any number of times. */
void zookeeper_server_shutdown(struct zookeeper_server *server);

/* Java: dumpMonitorValues(), as far as this class knows: whether it serves, since when, and what
 * the database holds. */
void zookeeper_server_fill_status(struct zookeeper_server *server, struct server_status *status);

#endif
