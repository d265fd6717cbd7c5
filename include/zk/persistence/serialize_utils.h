/* Sessions and tree as one run of bytes: the body of a snapshot file and of SNAP on the wire.
 * Java: server.util.SerializeUtils */
#ifndef ZK_PERSISTENCE_SERIALIZE_UTILS_H
#define ZK_PERSISTENCE_SERIALIZE_UTILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/jute/archive.h"
#include "zk/tree/data_tree.h"

struct zk_context;

struct session_timeout {
    int64_t session;
    int32_t timeout_ms;
    int64_t place; /* counts up with each that comes to session_timeouts_put; else 0 */
};

/* Java: ConcurrentHashMap<Long, Integer> sessionsWithTimeouts. In ascending order of the session
 * ids: to put the largest one is cheap, to put or remove another one moves all behind it. A value
 * without a lock: its owner locks. A zero-initialised one is empty. */
struct session_timeouts {
    struct session_timeout *items;
    size_t count;
    size_t room;
    size_t most;        /* so many there have been at once, at most */
    int64_t last_place; /* of the session that came last */
};

/* Makes sessions a copy of from. What it held before is not freed. */
void session_timeouts_copy(struct session_timeouts *sessions, const struct session_timeouts *from);
void session_timeouts_done(struct session_timeouts *sessions);
/* Gives the session this timeout, and adds it if it is not there. */
void session_timeouts_put(struct session_timeouts *sessions, int64_t session, int32_t timeout_ms);
bool session_timeouts_has(const struct session_timeouts *sessions, int64_t session);
void session_timeouts_remove(struct session_timeouts *sessions, int64_t session);

/* Java: serializeSnapshot(). Streams the tree while others change it (data_tree_serialize); nobody
 * changes sessions meanwhile. Blocks as the stream does. Errors stick in out. */
void serialize_snapshot(struct data_tree *tree, const struct session_timeouts *sessions,
                        struct jute_out *out);
/* Java: deserializeSnapshot(). The caller frees both results; after an error there is neither.
 * Errors: jute_in's. Blocks as the stream does. */
ZK_NODISCARD int deserialize_snapshot(struct zk_context *ctx, struct jute_in *in,
                                      struct data_tree **ret_tree,
                                      struct session_timeouts *ret_sessions);

#endif
