/* The ensemble as this peer knows it: the committed configuration, and the newest one that it has
 * heard of. Java: QuorumPeer, what QV_LOCK guards */
#include <stdlib.h>
#include <string.h>

#include "quorum/lock_ranks.h"
#include "quorum/quorum_peer_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/java_order.h"
#include "zk/base/str.h"
#include "zk/io/file.h"
#include "zk/runtime/log_table.h"
#include "zk/server/zk_database.h"

/* Java: QuorumPeerConfig.nextDynamicConfigFileSuffix */
#define NEXT_DYNAMIC_CONFIG_FILE_SUFFIX ".dynamic.next"

struct quorum_peer_verifiers {
    struct zk_mutex mu; /* Java: QV_LOCK. Guards: */
    const struct quorum_verifier *committed GUARDED_BY(&mu);
    const struct quorum_verifier *last_seen GUARDED_BY(&mu);
    /* References to every verifier that has been one of the two. They are lent to other threads, so
     * none is given back before the peer is freed. Each version that rises adds one: few in a
     * life. */
    struct quorum_verifier **kept GUARDED_BY(&mu);
    size_t kept_count GUARDED_BY(&mu);
};

/* Takes ownership of qv, and returns it to be lent. */
static const struct quorum_verifier *keep_locked(struct quorum_peer_verifiers *verifiers,
                                                 struct quorum_verifier *qv)
    REQUIRES(&verifiers->mu)
{
    size_t count = verifiers->kept_count++;
    verifiers->kept = zk_xrealloc(verifiers->kept, verifiers->kept_count * sizeof *verifiers->kept);
    verifiers->kept[count] = qv;
    return qv;
}

/* Returns whether both list the same servers as voters and observers, with the same weights. Their
 * addresses may differ: each server may write its own as 0.0.0.0. */
static bool lists_same_servers(const struct quorum_verifier *a, const struct quorum_verifier *b)
{
    bool both_or_none = (a->kind == QUORUM_HIERARCHICAL) == (b->kind == QUORUM_HIERARCHICAL);
    if (!both_or_none || a->member_count != b->member_count)
        return false;
    for (size_t i = 0; i < a->member_count; i++) {
        const struct quorum_server *other = qv_member(b, a->members[i].id);
        if (other == NULL || other->type != a->members[i].type ||
            qv_get_weight(a, other->id) != qv_get_weight(b, other->id))
            return false;
    }
    return true;
}

struct quorum_peer_verifiers *quorum_peer_verifiers_new(
    struct zk_context *ctx, const struct quorum_peer_config *config) UNSHARED
{
    struct quorum_peer_verifiers *verifiers = zk_xcalloc(1, sizeof *verifiers);
    zk_mutex_init(&verifiers->mu, ctx, "quorum_verifiers", ZK_RANK_QUORUM_VERIFIERS);
    verifiers->committed = keep_locked(verifiers, qv_ref(config->quorum_verifier));
    verifiers->last_seen = verifiers->committed;
    const struct quorum_verifier *next = config->last_seen_quorum_verifier;
    if (next != NULL && next->version > verifiers->committed->version &&
        lists_same_servers(next, verifiers->committed))
        verifiers->last_seen =
            keep_locked(verifiers, qv_with_version(verifiers->committed, next->version));
    return verifiers;
}

void quorum_peer_verifiers_free(struct quorum_peer_verifiers *verifiers) UNSHARED
{
    for (size_t i = 0; i < verifiers->kept_count; i++)
        qv_unref(verifiers->kept[i]);
    free(verifiers->kept);
    zk_mutex_destroy(&verifiers->mu);
    free(verifiers);
}

/* Java: getQuorumVerifier() */
const struct quorum_verifier *quorum_peer_quorum_verifier(struct quorum_peer *self)
{
    struct quorum_peer_verifiers *verifiers = self->verifiers;
    zk_mutex_lock(&verifiers->mu);
    const struct quorum_verifier *qv = verifiers->committed;
    zk_mutex_unlock(&verifiers->mu);
    return qv;
}

/* Java: getLastSeenQuorumVerifier() */
const struct quorum_verifier *quorum_peer_last_seen_quorum_verifier(struct quorum_peer *self)
{
    struct quorum_peer_verifiers *verifiers = self->verifiers;
    zk_mutex_lock(&verifiers->mu);
    const struct quorum_verifier *qv = verifiers->last_seen;
    zk_mutex_unlock(&verifiers->mu);
    return qv;
}

bool quorum_peer_is_voter(struct quorum_peer *self, int64_t sid)
{
    return qv_is_voter(quorum_peer_quorum_verifier(self), sid);
}

void quorum_peer_init_tracker(struct quorum_peer *self, struct synced_learner_tracker *ret_tracker)
{
    struct quorum_peer_verifiers *verifiers = self->verifiers;
    zk_mutex_lock(&verifiers->mu);
    const struct quorum_verifier *committed = verifiers->committed;
    const struct quorum_verifier *last_seen = verifiers->last_seen;
    zk_mutex_unlock(&verifiers->mu);
    *ret_tracker = (struct synced_learner_tracker){0};
    synced_learner_tracker_add_quorum_verifier(ret_tracker, committed);
    if (last_seen->version > committed->version)
        synced_learner_tracker_add_quorum_verifier(ret_tracker, last_seen);
}

/* ---- versions that rise ---------------------------------------------------------------------- */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Writes the lines of the text in alphabetical order, the version among them, without a line end
 * after the last one. Java: QuorumPeerConfig.writeDynamicConfig() */
static int write_dynamic_config(const char *path, const struct quorum_verifier *qv)
{
    struct zk_strings lines;
    struct zk_str text = {0};
    zk_split(qv_to_string(qv), '\n', &lines);
    qsort(lines.items, lines.count, sizeof lines.items[0], compare_lines);
    for (size_t i = 0; i < lines.count; i++)
        zk_str_printf(&text, "%s%s", i > 0 ? "\n" : "", lines.items[i]);
    int r = file_write_atomic(path, zk_str_text(&text), text.length);
    zk_str_done(&text);
    zk_strings_done(&lines);
    return r;
}

/* A failure is only logged, as Java does it. After a restart this peer then knows a lower version,
 * and hears of the higher one from the next leader. */
static void write_next_dynamic_config(struct quorum_peer *self, const struct quorum_verifier *qv)
{
    if (self->config->config_file == NULL)
        return; /* only the peers of tests have no file */
    struct zk_str path = {0};
    zk_str_printf(&path, "%s" NEXT_DYNAMIC_CONFIG_FILE_SUFFIX, self->config->config_file);
    int r = write_dynamic_config(zk_str_text(&path), qv);
    if (r < 0)
        zk_log(self->ctx, ZK_LOG_NEXT_CONFIG_WRITE, zk_str_text(&path), zk_error_text(r).text);
    zk_str_done(&path);
}

/* Java: setLastSeenQuorumVerifier(), which keeps any configuration, but only with
 * reconfigEnabled=true. Ours keeps a version, with or without (D-97): one day this peer may lead
 * servers that have committed it, and a leader whose version is lower refuses them for ever. */
void quorum_peer_set_last_seen_quorum_verifier(struct quorum_peer *self,
                                               const struct quorum_verifier *qv)
{
    struct quorum_peer_verifiers *verifiers = self->verifiers;
    const struct quorum_verifier *raised = NULL;
    zk_mutex_lock(&verifiers->mu);
    if (qv->version > verifiers->last_seen->version &&
        lists_same_servers(qv, verifiers->committed)) {
        raised = keep_locked(verifiers, qv_with_version(verifiers->committed, qv->version));
        verifiers->last_seen = raised;
    }
    zk_mutex_unlock(&verifiers->mu);
    if (raised != NULL)
        write_next_dynamic_config(self, raised);
    else if (!self->config->reconfig_enabled)
        zk_log(self->ctx, ZK_LOG_RECONFIG_DISABLED);
}

/* Java: processReconfig(), of which only the part that makes the last seen configuration the
 * committed one exists here */
void quorum_peer_process_reconfig(struct quorum_peer *self)
{
    if (!self->config->reconfig_enabled)
        return;
    struct quorum_peer_verifiers *verifiers = self->verifiers;
    zk_mutex_lock(&verifiers->mu);
    const struct quorum_verifier *qv = verifiers->committed = verifiers->last_seen;
    zk_mutex_unlock(&verifiers->mu);
    zk_database_init_config(self->database, qv_to_string(qv), qv->version);
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
