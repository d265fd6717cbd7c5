/* Distinct ACLs and their numbers. Java: server.ReferenceCountedACLCache */
#include "zk/tree/acl_cache.h"

#include <errno.h>
#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/java_order.h"

static void entry_free(struct acl_cache_entry *entry)
{
    if (!entry)
        return;
    acl_list_done(&entry->list);
    free(entry);
}

int64_t acl_cache_convert_acls(struct acl_cache *cache, const struct acl_list *list)
{
    for (size_t i = cache->lists.count; i-- > 0;) {
        struct acl_cache_entry *entry = cache->lists.entries[i].value;
        if (acl_list_equal(&entry->list, list)) {
            entry->references++;
            return cache->lists.entries[i].key;
        }
    }
    struct acl_cache_entry *entry = zk_xcalloc(1, sizeof *entry);
    acl_list_copy(&entry->list, list);
    entry->references = 1;
    cache->acl_index++;
    long_map_put(&cache->lists, cache->acl_index, entry);
    return cache->acl_index;
}

const struct acl_list *acl_cache_convert_long(const struct acl_cache *cache, int64_t id)
{
    const struct acl_cache_entry *entry = long_map_get(&cache->lists, id);
    return entry ? &entry->list : NULL;
}

void acl_cache_add_usage(struct acl_cache *cache, int64_t id)
{
    struct acl_cache_entry *entry = long_map_get(&cache->lists, id);
    if (entry)
        entry->references++;
}

void acl_cache_remove_usage(struct acl_cache *cache, int64_t id)
{
    struct acl_cache_entry *entry = long_map_get(&cache->lists, id);
    if (!entry)
        return;
    entry->references--;
    if (entry->references <= 0)
        entry_free(long_map_remove(&cache->lists, id));
}

void acl_cache_purge_unused(struct acl_cache *cache)
{
    /* Downwards: a removal moves only entries that have been looked at. */
    for (size_t i = cache->lists.count; i-- > 0;) {
        struct acl_cache_entry *entry = cache->lists.entries[i].value;
        if (entry->references <= 0)
            entry_free(long_map_remove(&cache->lists, cache->lists.entries[i].key));
    }
}

/* The ids in the order in which Java writes them: it iterates a copy of its HashMap, and the copy
 * is filled in the order of the original, whose table may be larger. Gives count ids. */
static int64_t *ids_in_java_order(const struct acl_cache *cache)
{
    size_t count = cache->lists.count;
    int64_t *ids = zk_xcalloc(count + 1, sizeof *ids);
    for (size_t i = 0; i < count; i++)
        ids[i] = cache->lists.entries[i].key;
    java_hash_map_sort_longs(ids, count, 16);
    java_hash_map_sort_longs(ids, count, java_hash_map_copy_capacity(count));
    return ids;
}

/*   4     int count
 *         each:
 *         8    long id
 *              List<ACL> */

void acl_cache_serialize(const struct acl_cache *cache, struct jute_out *out)
{
    int64_t *ids = ids_in_java_order(cache);
    jute_out_int(out, (int32_t)cache->lists.count);
    for (size_t i = 0; i < cache->lists.count; i++) {
        jute_out_long(out, ids[i]);
        acl_list_write(out, acl_cache_convert_long(cache, ids[i]));
    }
    free(ids);
}

int acl_cache_deserialize(struct acl_cache *cache, struct jute_in *in)
{
    int32_t count;
    int r = jute_in_int(in, &count);
    if (r < 0)
        return r;
    for (int32_t i = 0; i < count; i++) {
        int64_t id;
        struct acl_list list;
        r = jute_in_long(in, &id);
        if (r < 0)
            return r;
        r = acl_list_read(in, &list);
        if (r < 0)
            return r;
        struct acl_cache_entry *entry = zk_xcalloc(1, sizeof *entry);
        entry->list = list;
        entry_free(long_map_put(&cache->lists, id, entry));
        if (cache->acl_index < id)
            cache->acl_index = id;
    }
    return 0;
}

void acl_cache_done(struct acl_cache *cache)
{
    for (size_t i = 0; i < cache->lists.count; i++)
        entry_free(cache->lists.entries[i].value);
    long_map_done(&cache->lists);
    *cache = (struct acl_cache){0};
}
