/* Most nodes share a few ACLs: each distinct list is kept once, under a number that nodes refer to
 * and that stands in snapshots. Numbers count up from 1 and are not used again. Java:
 * server.ReferenceCountedACLCache. The tree's owner locks. */
#ifndef ZK_TREE_ACL_CACHE_H
#define ZK_TREE_ACL_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/long_map.h"
#include "zk/jute/archive.h"
#include "zk/jute/data.h"

/* Java: OPEN_UNSAFE_ACL_ID: everybody may do everything; has no entry. */
#define ACL_CACHE_OPEN_UNSAFE INT64_C(-1)

/* Zero-initialised is empty. */
struct acl_cache {
    struct long_map lists; /* id -> struct acl_cache_entry, owned */
    int64_t acl_index;     /* the highest id ever given; it only grows */
};

struct acl_cache_entry {
    struct acl_list list;
    int64_t references; /* nodes that refer to it */
};

/* Java: convertAcls(): the id of a list, made if need be; counts one reference. Copies list. */
int64_t acl_cache_convert_acls(struct acl_cache *cache, const struct acl_list *list);
/* Java: convertLong(): NULL for -1 and unknown ids. Borrowed. */
const struct acl_list *acl_cache_convert_long(const struct acl_cache *cache, int64_t id);
/* Java: addUsage(). An id that nobody knows is ignored, as Java's are. */
void acl_cache_add_usage(struct acl_cache *cache, int64_t id);
/* Java: removeUsage(). An id that nobody knows is ignored; the last reference drops the list. */
void acl_cache_remove_usage(struct acl_cache *cache, int64_t id);
/* Java: purgeUnused(): lists of a snapshot that no node refers to. */
void acl_cache_purge_unused(struct acl_cache *cache);

void acl_cache_serialize(const struct acl_cache *cache, struct jute_out *out);
/* cache must be empty; after an error it holds what came so far. */
ZK_NODISCARD int acl_cache_deserialize(struct acl_cache *cache, struct jute_in *in);
void acl_cache_done(struct acl_cache *cache);

#endif
