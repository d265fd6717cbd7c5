/* Who is in the ensemble, as this peer knows it: the committed configuration, and the newest one
 * that it has heard of. Java: QuorumPeer, what QV_LOCK guards */
#include <stdlib.h>

#include "quorum/quorum_peer_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/runtime/log_table.h"

struct quorum_peer_verifiers {
    struct quorum_verifier *committed; /* shared; set at birth, then read-only */
    struct quorum_verifier *last_seen; /* likewise */
};

struct quorum_peer_verifiers *quorum_peer_verifiers_new(const struct quorum_peer_config *config)
{
    struct quorum_peer_verifiers *verifiers = zk_xcalloc(1, sizeof *verifiers);
    verifiers->committed = qv_ref(config->quorum_verifier);
    /* setQuorumVerifier() raises the last seen configuration to the committed one. */
    verifiers->last_seen = qv_ref(config->quorum_verifier);
    return verifiers;
}

void quorum_peer_verifiers_free(struct quorum_peer_verifiers *verifiers)
{
    qv_unref(verifiers->committed);
    qv_unref(verifiers->last_seen);
    free(verifiers);
}

/* Java: getQuorumVerifier() */
const struct quorum_verifier *quorum_peer_quorum_verifier(struct quorum_peer *self)
{
    return self->verifiers->committed;
}

/* Java: getLastSeenQuorumVerifier() */
const struct quorum_verifier *quorum_peer_last_seen_quorum_verifier(struct quorum_peer *self)
{
    return self->verifiers->last_seen;
}

bool quorum_peer_is_voter(struct quorum_peer *self, int64_t sid)
{
    return qv_is_voter(quorum_peer_quorum_verifier(self), sid);
}

void quorum_peer_init_tracker(struct quorum_peer *self, struct synced_learner_tracker *ret_tracker)
{
    const struct quorum_verifier *committed = quorum_peer_quorum_verifier(self);
    const struct quorum_verifier *last_seen = quorum_peer_last_seen_quorum_verifier(self);
    *ret_tracker = (struct synced_learner_tracker){0};
    synced_learner_tracker_add_quorum_verifier(ret_tracker, committed);
    if (last_seen->version > committed->version)
        synced_learner_tracker_add_quorum_verifier(ret_tracker, last_seen);
}

struct quorum_verifier *quorum_peer_get_quorum_verifier(struct quorum_peer *self)
{
    return qv_ref(self->verifiers->committed);
}

struct quorum_verifier *quorum_peer_get_last_seen_quorum_verifier(struct quorum_peer *self)
{
    return qv_ref(self->verifiers->last_seen);
}

/* Java: setLastSeenQuorumVerifier(), of which only the branch without reconfiguration exists
 * here. */
void quorum_peer_set_last_seen_quorum_verifier(struct quorum_peer *self, struct quorum_verifier *qv)
{
    (void)qv;
    zk_log(self->ctx, ZK_LOG_RECONFIG_DISABLED);
}

/* The order of Java's set: a copy of the committed voters, to which the last seen ones are added.
 * Java: getCurrentAndNextConfigVoters() */
void quorum_peer_get_current_and_next_config_voters(struct quorum_peer *self, int64_t **ret_items,
                                                    size_t *ret_count)
{
    const struct quorum_verifier *committed = quorum_peer_quorum_verifier(self);
    const struct quorum_verifier *last_seen = quorum_peer_last_seen_quorum_verifier(self);
    int64_t *items =
        zk_xcalloc(committed->voting.count + last_seen->voting.count + 1, sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < committed->voting.count; i++)
        items[count++] = committed->voters_in_java_order[i];
    for (size_t i = 0; i < last_seen->voting.count; i++) {
        if (!qv_is_voter(committed, last_seen->voters_in_java_order[i]))
            items[count++] = last_seen->voters_in_java_order[i];
    }
    java_hash_map_sort_longs(items, count, java_hash_set_copy_capacity(committed->voting.count));
    *ret_items = items;
    *ret_count = count;
}
