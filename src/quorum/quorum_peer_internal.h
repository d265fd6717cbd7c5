/* What quorum_peer.c and quorum_peer_epochs.c share. Java: QuorumPeer */
#ifndef QUORUM_QUORUM_PEER_INTERNAL_H
#define QUORUM_QUORUM_PEER_INTERNAL_H

#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/lock.h"

struct quorum_peer {
    /* Set at birth, then read-only. */
    struct zk_context *ctx;
    const struct quorum_peer_config *config;
    struct zk_database *database;
    struct server_metrics *metrics;

    struct zk_mutex mu; /* Java's monitor of QuorumPeer. Guards: */
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
    struct quorum_peer_role *role GUARDED_BY(&mu); /* shared; NULL: none is set */

    struct zk_mutex
        /* held while the file is written, so that file and memory agree. Guards: */
        epochs_mu;
    int64_t accepted_epoch GUARDED_BY(&epochs_mu);
    int64_t current_epoch GUARDED_BY(&epochs_mu);

    struct quorum_verifier *quorum_verifier;           /* set at birth, then read-only */
    struct quorum_verifier *last_seen_quorum_verifier; /* likewise */
};

#endif
