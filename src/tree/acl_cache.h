/* Most nodes share a few ACLs: each distinct list is kept once, under a number that nodes refer to
 * and that stands in snapshots. Numbers count up from 1 and are not used again. Java:
 * server.ReferenceCountedACLCache. The tree's lock guards it. */
#ifndef TREE_ACL_CACHE_H
#define TREE_ACL_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/long_map.h"
#include "zk/base/refcount.h"
#include "zk/jute/archive.h"
#include "zk/jute/data.h"

/* Java: OPEN_UNSAFE_ACL_ID: everybody may do everything; has no entry. */
#define ACL_CACHE_OPEN_UNSAFE INT64_C(-1)

/* Zero-initialised is empty. */
struct acl_cache {
    struct long_map lists; /* id -> struct acl_cache_entry, one reference each */
    int64_t acl_index;     /* the highest id ever given; it only grows */
};

/* list and hash never change. */
struct acl_cache_entry {
    struct zk_refcount refs; /* the cache, and snapshots that are being written */
    struct zk_acl_list list;
    uint64_t hash;      /* of list */
    int64_t references; /* nodes that refer to it */
};

/* Java: convertAcls(). Returns the id of a list, made if need be; counts one node. Copies list. */
int64_t acl_cache_convert_acls(struct acl_cache *cache, const struct zk_acl_list *list);
/* Java: convertLong(). Returns NULL for -1 and unknown ids; the list stays the cache's. */
const struct zk_acl_list *acl_cache_convert_long(const struct acl_cache *cache, int64_t id);
/* Java: addUsage(). An id that is not in the cache is ignored, as Java ignores it. */
void acl_cache_add_usage(struct acl_cache *cache, int64_t id);
/* Java: removeUsage(). Likewise. The last node's removal drops the list. */
void acl_cache_remove_usage(struct acl_cache *cache, int64_t id);
/* Java: purgeUnused(). Drops the lists of a snapshot that no node refers to. */
void acl_cache_purge_unused(struct acl_cache *cache);

/* All lists of one moment, in the order in which Java writes them. */
struct acl_cache_copy {
    size_t count;
    struct acl_cache_copied {
        int64_t id;
        struct acl_cache_entry *entry; /* a reference */
    } * items;                         /* owned */
};

/* Java: serialize(), in two steps: the copy needs the lock, the writing does not. */
struct acl_cache_copy acl_cache_copy(const struct acl_cache *cache);
/* Writes the copy and frees it. */
void acl_cache_serialize(struct acl_cache_copy *copy, struct jute_out *out);
/* cache is empty before; after an error it holds what came so far. */
ZK_NODISCARD int acl_cache_deserialize(struct acl_cache *cache, struct jute_in *in);
void acl_cache_done(struct acl_cache *cache);

#endif
