/* Id, ACL, StatPersisted. Java: data.Id, data.ACL, data.StatPersisted */
#include "zk/jute/data.h"

#include <errno.h>
#include <stdlib.h>

#include "zk/base/alloc.h"

/* Lists grow by doubling from here. */
enum { FIRST_ROOM = 4 };

/* ---- Id ----
 *
 *   4+n   ustring scheme    "world", "digest", "ip" ...
 *   4+n   ustring id        "anyone", "user:hash", "127.0.0.1" ... */

int id_read(struct jute_in *in, struct id *ret_id)
{
    struct id id = {0};
    int r = jute_in_ustring(in, &id.scheme);
    if (r < 0)
        return r;
    r = jute_in_ustring(in, &id.id);
    if (r < 0) {
        id_done(&id);
        return r;
    }
    *ret_id = id;
    return 0;
}

void id_write(struct jute_out *out, const struct id *id)
{
    jute_out_ustring(out, &id->scheme);
    jute_out_ustring(out, &id->id);
}

void id_done(struct id *id)
{
    ustring_done(&id->scheme);
    ustring_done(&id->id);
}

/* What an element of a list costs on the wire, against the limit for all of them (D-35). False: too
 * much. */
static bool within_budget(const struct id *id, int64_t *budget)
{
    *budget -= (int64_t)(8 + id->scheme.length + id->id.length);
    return *budget >= 0;
}

/* Room for one more element of the given size. */
static void *grown(void *items, size_t count, size_t size)
{
    /* The room is the first power of two times FIRST_ROOM that holds count: grow when count has
     * just filled it. */
    if (count == 0)
        return zk_xrealloc(items, FIRST_ROOM * size);
    if (count >= FIRST_ROOM && (count & (count - 1)) == 0)
        return zk_xrealloc(items, 2 * count * size);
    return items;
}

/* ---- List<Id> ----
 *
 *   4     int count, -1 for null
 *         Id ... */

int id_list_read(struct jute_in *in, struct id_list *ret_list)
{
    struct id_list list = {0};
    int32_t count;
    int r = jute_in_start_vector(in, &count);
    if (r < 0)
        return r;
    list.present = count >= 0;
    int64_t budget = in->max_length;
    for (int32_t i = 0; i < count; i++) {
        struct id id;
        r = id_read(in, &id);
        if (r < 0)
            goto out;
        list.items = grown(list.items, list.count, sizeof *list.items);
        list.items[list.count++] = id;
        if (!within_budget(&id, &budget)) {
            r = -EPROTO;
            goto out;
        }
    }
    *ret_list = list;
    return 0;
out:
    id_list_done(&list);
    return r;
}

void id_list_write(struct jute_out *out, const struct id_list *list)
{
    jute_out_start_vector(out, list->present ? (int32_t)list->count : -1);
    for (size_t i = 0; i < list->count; i++)
        id_write(out, &list->items[i]);
}

void id_list_done(struct id_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        id_done(&list->items[i]);
    free(list->items);
    *list = (struct id_list){0};
}

/* ---- List<ACL> ----
 *
 *   4     int count
 *         each:
 *         4   int perms
 *             Id */

int acl_list_read(struct jute_in *in, struct acl_list *ret_list)
{
    struct acl_list list = {0};
    int32_t count;
    int r = jute_in_start_vector(in, &count);
    if (r < 0)
        return r;
    if (count == -1)
        return -EPROTO;
    int64_t budget = in->max_length;
    for (int32_t i = 0; i < count; i++) {
        struct acl acl = {0};
        r = jute_in_int(in, &acl.perms);
        if (r < 0)
            goto out;
        r = id_read(in, &acl.id);
        if (r < 0)
            goto out;
        list.items = grown(list.items, list.count, sizeof *list.items);
        list.items[list.count++] = acl;
        if (!within_budget(&acl.id, &budget)) {
            r = -EPROTO;
            goto out;
        }
    }
    *ret_list = list;
    return 0;
out:
    acl_list_done(&list);
    return r;
}

void acl_list_write(struct jute_out *out, const struct acl_list *list)
{
    jute_out_start_vector(out, (int32_t)list->count);
    for (size_t i = 0; i < list->count; i++) {
        jute_out_int(out, list->items[i].perms);
        id_write(out, &list->items[i].id);
    }
}

static void acl_list_append(struct acl_list *list, struct acl acl)
{
    list->items = grown(list->items, list->count, sizeof *list->items);
    list->items[list->count++] = acl;
}

void acl_list_add(struct acl_list *list, int32_t perms, const char *scheme, const char *id)
{
    struct acl acl = {
        .perms = perms,
        .id = {.scheme = ustring_of(scheme), .id = ustring_of(id)},
    };
    acl_list_append(list, acl);
}

void acl_list_copy(struct acl_list *list, const struct acl_list *from)
{
    *list = (struct acl_list){0};
    for (size_t i = 0; i < from->count; i++) {
        const struct acl *acl = &from->items[i];
        struct acl copy = {
            .perms = acl->perms,
            .id = {.scheme = ustring_copy(&acl->id.scheme), .id = ustring_copy(&acl->id.id)},
        };
        acl_list_append(list, copy);
    }
}

bool acl_list_equal(const struct acl_list *a, const struct acl_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct acl *one = &a->items[i];
        const struct acl *other = &b->items[i];
        if (one->perms != other->perms || !ustring_equal(&one->id.scheme, &other->id.scheme) ||
            !ustring_equal(&one->id.id, &other->id.id))
            return false;
    }
    return true;
}

void acl_list_done(struct acl_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        id_done(&list->items[i].id);
    free(list->items);
    *list = (struct acl_list){0};
}

/* ---- StatPersisted ----
 *
 *    0   8   long czxid
 *    8   8   long mzxid
 *   16   8   long ctime
 *   24   8   long mtime
 *   32   4   int  version
 *   36   4   int  cversion
 *   40   4   int  aversion
 *   44   8   long ephemeralOwner
 *   52   8   long pzxid */

int stat_persisted_read(struct jute_in *in, struct stat_persisted *ret_stat)
{
    uint8_t bytes[STAT_PERSISTED_BYTES];
    int r = jute_in_raw(in, bytes, sizeof bytes);
    if (r < 0)
        return r;
    *ret_stat = (struct stat_persisted){
        .czxid = zk_load_long(bytes),
        .mzxid = zk_load_long(bytes + 8),
        .ctime_ms = zk_load_long(bytes + 16),
        .mtime_ms = zk_load_long(bytes + 24),
        .version = zk_load_int(bytes + 32),
        .cversion = zk_load_int(bytes + 36),
        .aversion = zk_load_int(bytes + 40),
        .ephemeral_owner = zk_load_long(bytes + 44),
        .pzxid = zk_load_long(bytes + 52),
    };
    return 0;
}

void stat_persisted_write(struct jute_out *out, const struct stat_persisted *stat)
{
    uint8_t bytes[STAT_PERSISTED_BYTES];
    zk_store_long(bytes, stat->czxid);
    zk_store_long(bytes + 8, stat->mzxid);
    zk_store_long(bytes + 16, stat->ctime_ms);
    zk_store_long(bytes + 24, stat->mtime_ms);
    zk_store_int(bytes + 32, stat->version);
    zk_store_int(bytes + 36, stat->cversion);
    zk_store_int(bytes + 40, stat->aversion);
    zk_store_long(bytes + 44, stat->ephemeral_owner);
    zk_store_long(bytes + 52, stat->pzxid);
    jute_out_raw(out, bytes, sizeof bytes);
}
