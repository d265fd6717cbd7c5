/* The ids as which a client has authenticated. Java: ServerCnxn.authInfo */
#include "zk/jute/auth_info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jute/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/runtime/lock.h"

struct auth_info {
    struct zk_mutex mu; /* L-98. Guards: */
    /* in the order in which they were added */
    struct zk_id_list added GUARDED_BY(&mu);
    size_t length GUARDED_BY(&mu); /* of all texts */
    /* the same ids in Java's order; NULL until somebody asks, and after each change */
    struct shared_ids *shared GUARDED_BY(&mu);
};

/* ---- shared lists ---------------------------------------------------------------------------- */

static void id_list_done(struct zk_id_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        jute_done(&zk_id_record, &list->items[i]);
    free(list->items);
}

void shared_ids_unref(struct shared_ids *ids)
{
    if (ids == NULL || !zk_refcount_unref(&ids->refs))
        return;
    id_list_done(&ids->list);
    free(ids);
}

/* ---- the set --------------------------------------------------------------------------------- */

struct auth_info *auth_info_new(struct zk_context *ctx)
{
    struct auth_info *info = zk_xcalloc(1, sizeof *info);
    zk_mutex_init(&info->mu, ctx, "auth_info", ZK_RANK_AUTH_INFO);
    return info;
}

void auth_info_free(struct auth_info *info) UNSHARED
{
    if (info == NULL)
        return;
    shared_ids_unref(info->shared);
    id_list_done(&info->added);
    zk_mutex_destroy(&info->mu);
    free(info);
}

/* Java: org.apache.zookeeper.data.Id.hashCode(), which jute generates */
static int32_t id_hash(const struct zk_id *id)
{
    uint32_t result = 17;
    result = 37 * result + (uint32_t)java_string_hash(id->scheme.text);
    result = 37 * result + (uint32_t)java_string_hash(id->id.text);
    return (int32_t)result;
}

static struct shared_ids *share_locked(struct auth_info *info) REQUIRES(&info->mu)
{
    zk_mutex_assert_held(&info->mu);
    size_t count = info->added.count;
    int32_t *hashes = zk_xcalloc(count + 1, sizeof *hashes);
    size_t *order = zk_xcalloc(count + 1, sizeof *order);
    for (size_t i = 0; i < count; i++)
        hashes[i] = id_hash(&info->added.items[i]);
    java_concurrent_map_order(hashes, count, order);
    struct shared_ids *ids = zk_xcalloc(1, sizeof *ids);
    zk_refcount_init(&ids->refs);
    ids->list.present = true;
    for (size_t i = 0; i < count; i++) {
        struct zk_id *id = jute_list_add(&zk_id_record, &ids->list);
        jute_copy(&zk_id_record, id, &info->added.items[order[i]]);
    }
    free(order);
    free(hashes);
    return ids;
}

struct shared_ids *auth_info_get(struct auth_info *info)
{
    zk_mutex_lock(&info->mu);
    if (info->shared == NULL)
        info->shared = share_locked(info);
    struct shared_ids *ids = info->shared;
    zk_refcount_ref(&ids->refs);
    zk_mutex_unlock(&info->mu);
    return ids;
}

static bool has_locked(struct auth_info *info, const char *scheme, const char *id)
    REQUIRES(&info->mu)
{
    zk_mutex_assert_held(&info->mu);
    for (size_t i = 0; i < info->added.count; i++) {
        const struct zk_id *other = &info->added.items[i];
        if (strcmp(other->scheme.text, scheme) == 0 && strcmp(other->id.text, id) == 0)
            return true;
    }
    return false;
}

int auth_info_add(struct auth_info *info, const char *scheme, const char *id)
{
    int r = 0;
    size_t length = strlen(scheme) + strlen(id);
    zk_mutex_lock(&info->mu);
    if (has_locked(info, scheme, id))
        goto out;
    if (info->length + length > AUTH_INFO_LIMIT) {
        r = -ENOSPC;
        goto out;
    }
    struct zk_id *added = jute_list_add(&zk_id_record, &info->added);
    added->scheme = ustring_of(scheme);
    added->id = ustring_of(id);
    info->length += length;
    shared_ids_unref(info->shared);
    info->shared = NULL;
out:
    zk_mutex_unlock(&info->mu);
    return r;
}
