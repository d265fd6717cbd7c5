/* Deletes, on a leader or a server alone, what nobody needs any more: containers whose last child
 * is gone, and nodes with a TTL that have no child and were not written for that long. Java:
 * server.ContainerManager
 *
 * Once every check interval it looks at all of them and submits a deleteContainer for each
 * candidate, with a pause in between; PrepRequestProcessor looks again whether the node may go. */
#ifndef ZK_SERVER_CONTAINER_MANAGER_H
#define ZK_SERVER_CONTAINER_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/tree/ephemeral_type.h"

struct container_manager;
struct request_processor;
struct stat_persisted;
struct zk_context;
struct zk_database;

/* Java: new ContainerManager(). Reads Java's settings znode.container.checkIntervalMs (60000),
 * znode.container.maxPerMinute (10000) and znode.container.maxNeverUsedIntervalMs (0). The
 * arguments stay the caller's and outlive the manager. */
struct container_manager *container_manager_new(struct zk_context *ctx,
                                                struct zk_database *database,
                                                struct request_processor *request_processor);
/* Stops it if nobody has. NULL is fine. */
void container_manager_free(struct container_manager *manager);

/* Starts thread ContainerManagerTask. Once. Errors: -EAGAIN, the system gives no more threads.
 * Java: start() */
ZK_NODISCARD int container_manager_start(struct container_manager *manager);
/* Ends the thread and waits for its end. Any number of times. Java: stop() */
void container_manager_stop(struct container_manager *manager);

/* ---- which nodes may go ---------------------------------------------------------------------- */

/* Settings. */
struct container_rules {
    struct ephemeral_types ephemeral_types;
    int64_t max_never_used_interval_ms;
};

/* Reads znode.container.maxNeverUsedIntervalMs, and the settings that say what a node's owner
 * means. */
struct container_rules container_rules_of(const struct zk_context *ctx);

/* Returns whether nobody needs a node with that stat, which has no children, when the wall clock
 * says now_ms: it is a container that had a child once, or has waited for its first one for too
 * long, or a node with a TTL whose time is over. Any thread; it does not block. Java:
 * getCandidates(), what it asks of each node */
bool container_rules_let_go(const struct container_rules *rules, const struct stat_persisted *stat,
                            int64_t now_ms);

#endif
