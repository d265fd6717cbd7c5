/* What the files of the floor quorum share. Java: QuorumPeer */
#ifndef QUORUM_QUORUM_PEER_INTERNAL_H
#define QUORUM_QUORUM_PEER_INTERNAL_H

#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/lock.h"

/* What Java's monitor of QuorumPeer guards, and its volatile fields: one lock for all of them, so
 * that state and vote are of one moment (D-14). */
struct quorum_peer_monitor {
    struct zk_mutex mu; /* Guards: */
    enum server_state state GUARDED_BY(&mu);
    enum zab_state zab_state GUARDED_BY(&mu);
    enum sync_mode sync_mode GUARDED_BY(&mu);
    bool has_vote GUARDED_BY(&mu);
    struct vote current_vote GUARDED_BY(&mu);
    int64_t leader_id GUARDED_BY(&mu);
    int64_t start_fle_ms GUARDED_BY(&mu);
    int64_t looking_since_ms GUARDED_BY(&mu); /* Java: unavailableStartTime */
    int64_t broadcast_since_ms GUARDED_BY(&mu);
    bool shutting_down_le GUARDED_BY(&mu);
    bool running GUARDED_BY(&mu);
    struct quorum_peer_role *role GUARDED_BY(&mu); /* a reference; NULL: none is set */
};

struct quorum_peer_verifiers *quorum_peer_verifiers_new(struct zk_context *ctx,
                                                        const struct quorum_peer_config *config);
void quorum_peer_verifiers_free(struct quorum_peer_verifiers *verifiers);

struct epochs *epochs_new(struct zk_context *ctx);
void epochs_free(struct epochs *epochs);

#endif
