/* Distinct ACLs and their numbers. Java: server.ReferenceCountedACLCache */
#include "tree/acl_cache.h"

#include <errno.h>
#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/base/keyed_hash.h"

enum { FIRST_BUCKETS = 16 };

static struct acl_cache_entry *entry_of_id(const struct acl_cache *cache, int64_t id);
static int64_t *ids_as_they_came(const struct acl_cache *cache);
static struct acl_cache_entry *find_entry(const struct acl_cache *cache,
                                          const struct zk_acl_list *list);
static struct acl_cache_entry *add_entry(struct acl_cache *cache, int64_t id,
                                         struct zk_acl_list list);
static void remove_entry(struct acl_cache *cache, int64_t id);
static void entry_free(struct acl_cache_entry *entry);
static struct shared_acl *shared_acl_new(struct zk_acl_list list);
static uint64_t hash_list(uint64_t key, const struct zk_acl_list *list);

int64_t acl_cache_convert_acls(struct acl_cache *cache, const struct zk_acl_list *list)
{
    if (!list->present)
        return ACL_CACHE_OPEN_UNSAFE;
    /* The list that most nodes have stands only once in memory: comparing its address is enough. */
    struct acl_cache_entry *entry = cache->recent;
    if (entry == NULL || entry->acl->list.items != list->items || !zk_acl_list_is_open_unsafe(list))
        entry = find_entry(cache, list);
    if (entry == NULL) {
        struct zk_acl_list copy;
        jute_copy(&zk_acl_list_record, &copy, list);
        entry = add_entry(cache, ++cache->acl_index, copy);
    }
    cache->recent = entry;
    entry->references++;
    return entry->id;
}

struct shared_acl *acl_cache_convert_long(struct acl_cache *cache, int64_t id)
{
    if (id != ACL_CACHE_OPEN_UNSAFE) {
        const struct acl_cache_entry *entry = entry_of_id(cache, id);
        return entry != NULL ? shared_acl_ref(entry->acl) : NULL;
    }
    if (cache->open_unsafe == NULL)
        cache->open_unsafe = shared_acl_new(zk_acl_list_open_unsafe());
    return shared_acl_ref(cache->open_unsafe);
}

void acl_cache_add_usage(struct acl_cache *cache, int64_t id)
{
    struct acl_cache_entry *entry = entry_of_id(cache, id);
    if (entry != NULL)
        entry->references++;
    else if (cache->acl_index < id)
        cache->acl_index = id;
}

void acl_cache_remove_usage(struct acl_cache *cache, int64_t id)
{
    struct acl_cache_entry *entry = entry_of_id(cache, id);
    if (entry != NULL && --entry->references <= 0)
        remove_entry(cache, id);
}

void acl_cache_purge_unused(struct acl_cache *cache)
{
    size_t count = cache->lists.count;
    int64_t *ids = ids_as_they_came(cache); /* a removal moves others in the table */
    for (size_t i = 0; i < count; i++)
        if (entry_of_id(cache, ids[i])->references <= 0)
            remove_entry(cache, ids[i]);
    free(ids);
}

void acl_cache_done(struct acl_cache *cache)
{
    for (size_t i = 0; i < cache->lists.room; i++)
        if (cache->lists.slots[i].used)
            entry_free(cache->lists.slots[i].value);
    long_hash_done(&cache->lists);
    free(cache->buckets);
    shared_acl_unref(cache->open_unsafe);
    *cache = (struct acl_cache){0};
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static int compare_places_of_lists(const void *one, const void *other)
{
    const struct acl_cache_entry *a = *(const struct acl_cache_entry *const *)one;
    const struct acl_cache_entry *b = *(const struct acl_cache_entry *const *)other;
    return (a->place > b->place) - (a->place < b->place);
}

/* Returns the ids in the order in which the lists came; the caller frees them. */
static int64_t *ids_as_they_came(const struct acl_cache *cache)
{
    size_t count = 0;
    struct acl_cache_entry **entries = zk_xcalloc(cache->lists.count + 1, sizeof(void *));
    int64_t *ids = zk_xcalloc(cache->lists.count + 1, sizeof *ids);
    for (size_t i = 0; i < cache->lists.room; i++)
        if (cache->lists.slots[i].used)
            entries[count++] = cache->lists.slots[i].value;
    qsort(entries, count, sizeof(void *), compare_places_of_lists);
    for (size_t i = 0; i < count; i++)
        ids[i] = entries[i]->id;
    free(entries);
    return ids;
}

/* Java iterates a copy of its HashMap, and the copy is filled in the order of the original. The
 * table of that has grown for the most lists that there were, and never shrinks. */
struct acl_cache_copy acl_cache_copy(const struct acl_cache *cache)
{
    size_t count = cache->lists.count;
    int64_t *ids = ids_as_they_came(cache);
    java_hash_map_sort_longs(ids, count, java_hash_map_capacity(cache->most));
    java_hash_map_sort_longs(ids, count, java_hash_map_copy_capacity(count));

    struct acl_cache_copy copy = {.count = count};
    copy.items = zk_xcalloc(count + 1, sizeof *copy.items);
    for (size_t i = 0; i < count; i++) {
        copy.items[i].id = ids[i];
        const struct acl_cache_entry *entry = entry_of_id(cache, ids[i]);
        copy.items[i].acl = shared_acl_ref(entry->acl);
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
        jute_write(out, &zk_acl_list_record, &copy->items[i].acl->list);
        shared_acl_unref(copy->items[i].acl);
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
        if (!list.present || id > ACL_CACHE_LAST) { /* Java has no use for null here either */
            jute_done(&zk_acl_list_record, &list);
            return -EPROTO;
        }
        add_entry(cache, id, list);
        if (cache->acl_index < id)
            cache->acl_index = id;
    }
    return 0;
}

/* ---- entries --------------------------------------------------------------------------------- */

static struct acl_cache_entry *entry_of_id(const struct acl_cache *cache, int64_t id)
{
    const struct long_hash_slot *slot = long_hash_get(&cache->lists, id);
    return slot != NULL ? slot->value : NULL;
}

static struct acl_cache_entry **bucket_of(const struct acl_cache *cache, uint64_t hash)
{
    return &cache->buckets[(size_t)(hash ^ hash >> 32) & (cache->bucket_count - 1)];
}

static void put_into_bucket(struct acl_cache *cache, struct acl_cache_entry *entry)
{
    struct acl_cache_entry **bucket = bucket_of(cache, entry->hash);
    entry->next = *bucket;
    *bucket = entry;
}

/* There are always at least twice as many buckets as lists. */
static void grow_buckets(struct acl_cache *cache)
{
    cache->bucket_count = cache->bucket_count > 0 ? 4 * cache->bucket_count : FIRST_BUCKETS;
    free(cache->buckets);
    cache->buckets = zk_xcalloc(cache->bucket_count, sizeof(struct acl_cache_entry *));
    for (size_t i = 0; i < cache->lists.room; i++)
        if (cache->lists.slots[i].used)
            put_into_bucket(cache, cache->lists.slots[i].value);
}

static void entry_free(struct acl_cache_entry *entry)
{
    if (entry == NULL)
        return;
    shared_acl_unref(entry->acl);
    free(entry);
}

static void remove_entry(struct acl_cache *cache, int64_t id)
{
    struct acl_cache_entry *entry = entry_of_id(cache, id);
    if (entry == NULL)
        return;
    long_hash_remove(&cache->lists, id);
    struct acl_cache_entry **place = bucket_of(cache, entry->hash);
    while (*place != entry)
        place = &(*place)->next;
    *place = entry->next;
    if (cache->recent == entry)
        cache->recent = NULL;
    entry_free(entry);
}

/* Takes ownership of list. An entry of the same id is replaced; only a damaged snapshot has an id
 * twice. */
static struct acl_cache_entry *add_entry(struct acl_cache *cache, int64_t id,
                                         struct zk_acl_list list)
{
    struct acl_cache_entry *entry = zk_xcalloc(1, sizeof *entry);
    entry->id = id;
    entry->hash = hash_list(cache->key, &list);
    entry->acl = shared_acl_new(list);
    remove_entry(cache, id);
    if (2 * (cache->lists.count + 1) > cache->bucket_count)
        grow_buckets(cache);
    long_hash_put(&cache->lists, id)->value = entry;
    put_into_bucket(cache, entry);
    entry->place = ++cache->last_place;
    if (cache->most < cache->lists.count)
        cache->most = cache->lists.count;
    return entry;
}

static struct acl_cache_entry *find_entry(const struct acl_cache *cache,
                                          const struct zk_acl_list *list)
{
    uint64_t hash = hash_list(cache->key, list);
    struct acl_cache_entry *entry = cache->bucket_count > 0 ? *bucket_of(cache, hash) : NULL;
    while (entry != NULL &&
           (entry->hash != hash || !jute_equal(&zk_acl_list_record, &entry->acl->list, list)))
        entry = entry->next;
    return entry;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* The hash of each part is the key for the next part, so all of them depend on the secret key. */
static uint64_t hash_list(uint64_t key, const struct zk_acl_list *list)
{
    uint64_t hash = key;
    for (size_t i = 0; i < list->count; i++) {
        const struct zk_acl *acl = &list->items[i];
        hash = zk_keyed_hash(hash, &acl->perms, sizeof acl->perms);
        hash = zk_keyed_hash(hash, acl->id.scheme.text, acl->id.scheme.length);
        hash = zk_keyed_hash(hash, acl->id.id.text, acl->id.id.length);
    }
    return hash;
}

static struct shared_acl *shared_acl_new(struct zk_acl_list list)
{
    struct shared_acl *acl = zk_xcalloc(1, sizeof *acl);
    zk_refcount_init(&acl->refs);
    acl->list = list;
    return acl;
}

struct shared_acl *shared_acl_ref(struct shared_acl *acl)
{
    zk_refcount_ref(&acl->refs);
    return acl;
}

void shared_acl_unref(struct shared_acl *acl)
{
    if (acl == NULL || !zk_refcount_unref(&acl->refs))
        return;
    jute_done(&zk_acl_list_record, &acl->list);
    free(acl);
}
