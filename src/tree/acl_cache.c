/* Distinct ACLs and their numbers. Java: server.ReferenceCountedACLCache */
#include "tree/acl_cache.h"

#include <errno.h>
#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/java_order.h"

/* FNV-1a, so that most lists are told apart without a look at them. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ next[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_list(const struct zk_acl_list *list)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < list->count; i++) {
        const struct zk_acl *acl = &list->items[i];
        hash = hash_bytes(hash, &acl->perms, sizeof acl->perms);
        hash = hash_bytes(hash, acl->id.scheme.text, acl->id.scheme.length);
        hash = hash_bytes(hash, acl->id.id.text, acl->id.id.length);
    }
    return hash;
}

static struct acl_cache_entry *entry_new(struct zk_acl_list list)
{
    struct acl_cache_entry *entry = zk_xcalloc(1, sizeof *entry);
    zk_refcount_init(&entry->refs);
    entry->list = list;
    entry->hash = hash_list(&list);
    return entry;
}

static void entry_unref(struct acl_cache_entry *entry)
{
    if (entry == NULL || !zk_refcount_unref(&entry->refs))
        return;
    jute_done(&zk_acl_list_record, &entry->list);
    free(entry);
}

int64_t acl_cache_convert_acls(struct acl_cache *cache, const struct zk_acl_list *list)
{
    uint64_t hash = hash_list(list);
    for (size_t i = cache->lists.count; i-- > 0;) {
        struct acl_cache_entry *entry = cache->lists.entries[i].value;
        if (entry->hash == hash && jute_equal(&zk_acl_list_record, &entry->list, list)) {
            entry->references++;
            return cache->lists.entries[i].key;
        }
    }
    struct zk_acl_list copy;
    jute_copy(&zk_acl_list_record, &copy, list);
    struct acl_cache_entry *entry = entry_new(copy);
    entry->references = 1;
    cache->acl_index++;
    long_map_put(&cache->lists, cache->acl_index, entry);
    return cache->acl_index;
}

const struct zk_acl_list *acl_cache_convert_long(const struct acl_cache *cache, int64_t id)
{
    const struct acl_cache_entry *entry = long_map_get(&cache->lists, id);
    return entry != NULL ? &entry->list : NULL;
}

void acl_cache_add_usage(struct acl_cache *cache, int64_t id)
{
    struct acl_cache_entry *entry = long_map_get(&cache->lists, id);
    if (entry != NULL)
        entry->references++;
}

void acl_cache_remove_usage(struct acl_cache *cache, int64_t id)
{
    struct acl_cache_entry *entry = long_map_get(&cache->lists, id);
    if (entry == NULL)
        return;
    entry->references--;
    if (entry->references <= 0)
        entry_unref(long_map_remove(&cache->lists, id));
}

void acl_cache_purge_unused(struct acl_cache *cache)
{
    /* Downwards: a removal moves only entries that have been looked at. */
    for (size_t i = cache->lists.count; i-- > 0;) {
        struct acl_cache_entry *entry = cache->lists.entries[i].value;
        if (entry->references <= 0)
            entry_unref(long_map_remove(&cache->lists, cache->lists.entries[i].key));
    }
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Java iterates a copy of its HashMap, and the copy is filled in the order of the original, whose
 * table may be larger. */
struct acl_cache_copy acl_cache_copy(const struct acl_cache *cache)
{
    size_t count = cache->lists.count;
    int64_t *ids = zk_xcalloc(count + 1, sizeof *ids);
    for (size_t i = 0; i < count; i++)
        ids[i] = cache->lists.entries[i].key;
    java_hash_map_sort_longs(ids, count, 16);
    java_hash_map_sort_longs(ids, count, java_hash_map_copy_capacity(count));

    struct acl_cache_copy copy = {.count = count};
    copy.items = zk_xcalloc(count + 1, sizeof *copy.items);
    for (size_t i = 0; i < count; i++) {
        copy.items[i].id = ids[i];
        copy.items[i].entry = long_map_get(&cache->lists, ids[i]);
        zk_refcount_ref(&copy.items[i].entry->refs);
    }
    free(ids);
    return copy;
}

/*   4     int count
 *         each:
 *         8    long id
 *              List<ACL> */

void acl_cache_serialize(struct acl_cache_copy *copy, struct jute_out *out)
{
    jute_out_int(out, (int32_t)copy->count);
    for (size_t i = 0; i < copy->count; i++) {
        jute_out_long(out, copy->items[i].id);
        jute_write(out, &zk_acl_list_record, &copy->items[i].entry->list);
        entry_unref(copy->items[i].entry);
    }
    free(copy->items);
    *copy = (struct acl_cache_copy){0};
}

int acl_cache_deserialize(struct acl_cache *cache, struct jute_in *in)
{
    int32_t count;
    int r = jute_in_int(in, &count);
    if (r < 0)
        return r;
    for (int32_t i = 0; i < count; i++) {
        int64_t id;
        struct zk_acl_list list;
        r = jute_in_long(in, &id);
        if (r < 0)
            return r;
        r = jute_read(in, &zk_acl_list_record, &list);
        if (r < 0)
            return r;
        if (!list.present)
            return -EPROTO; /* Java's reader has no use for null here either */
        entry_unref(long_map_put(&cache->lists, id, entry_new(list)));
        if (cache->acl_index < id)
            cache->acl_index = id;
    }
    return 0;
}

void acl_cache_done(struct acl_cache *cache)
{
    for (size_t i = 0; i < cache->lists.count; i++)
        entry_unref(cache->lists.entries[i].value);
    long_map_done(&cache->lists);
    *cache = (struct acl_cache){0};
}
