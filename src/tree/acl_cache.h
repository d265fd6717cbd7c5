/* Most nodes share a few ACLs: each distinct list is kept once, under a number that nodes refer to
 * and that stands in snapshots. Numbers count up from 1 and are not used again. Java:
 * server.ReferenceCountedACLCache. The tree's lock guards it. */
#ifndef TREE_ACL_CACHE_H
#define TREE_ACL_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/long_hash.h"
#include "zk/jute/archive.h"
#include "zk/tree/shared_acl.h"

/* Java: OPEN_UNSAFE_ACL_ID. The list by which everybody may do everything; it has no entry. */
#define ACL_CACHE_OPEN_UNSAFE INT64_C(-1)

/* The largest number that a snapshot may have: no server ever gives so many, and ours must be able
 * to count on from it. */
#define ACL_CACHE_LAST (INT64_MAX / 2)

/* Zero-initialised is empty. One client can make as many lists as nodes, and choose what stands in
 * them, so lists are found by a hash that has a secret key. */
struct acl_cache {
    uint64_t key;                     /* of that hash; set before the first list */
    struct long_hash lists;           /* id -> struct acl_cache_entry, owned */
    struct acl_cache_entry **buckets; /* owned; the same entries by their hash */
    size_t bucket_count;              /* a power of two, or 0 */
    /* The entry that was asked for last by its list: nearly every transaction asks for the same one
     * again. NULL: there is none, or it has gone. */
    struct acl_cache_entry *recent;
    int64_t acl_index;              /* the highest id ever seen; it only grows */
    int64_t last_place;             /* of the entry that came last */
    size_t most;                    /* so many lists there have been at once, at most */
    struct shared_acl *open_unsafe; /* owned; NULL: nobody has asked yet */
};

struct acl_cache_entry {
    int64_t id;
    struct shared_acl *acl;       /* a reference */
    uint64_t hash;                /* of the list */
    int64_t references;           /* nodes that refer to it */
    int64_t place;                /* counts up with each list that comes */
    struct acl_cache_entry *next; /* in its bucket */
};

/* Java: convertAcls(). Returns the id of a list, which gets one if it has none, and counts one more
 * node that refers to it. Copies list. Returns -1 for null. */
int64_t acl_cache_convert_acls(struct acl_cache *cache, const struct zk_acl_list *list);
/* Java: convertLong(). Returns a reference, which the caller gives back; NULL for an id that is not
 * there. */
struct shared_acl *acl_cache_convert_long(struct acl_cache *cache, int64_t id);
/* Java: addUsage(). Counts one more node that refers to the list. An id that is not in the cache is
 * not counted, as in Java. It belongs to a node whose list was made after the snapshot had written
 * its lists: the log that follows gives the node its list anew. Until then no other list gets that
 * number (D-125). */
void acl_cache_add_usage(struct acl_cache *cache, int64_t id);
/* Java: removeUsage(). Counts one node fewer; the list goes with the last one. An id that is not in
 * the cache is ignored. */
void acl_cache_remove_usage(struct acl_cache *cache, int64_t id);
/* Java: purgeUnused(). Drops the lists of a snapshot that no node refers to. */
void acl_cache_purge_unused(struct acl_cache *cache);

/* One list, and its number. */
struct acl_cache_copied {
    int64_t id;
    struct shared_acl *acl; /* a reference */
};

/* All lists of one moment, in the order in which Java writes them. */
struct acl_cache_copy {
    size_t count;
    struct acl_cache_copied *items; /* owned */
};

/* Java: serialize(), in two steps: the copy needs the lock, the writing does not. */
struct acl_cache_copy acl_cache_copy(const struct acl_cache *cache);
/* Writes the copy and frees it. */
void acl_cache_serialize(struct acl_cache_copy *copy, struct jute_out *out);
/* cache must be empty; after an error it holds what came so far. Blocks as the stream does. Errors:
 * those of jute_in; -EPROTO, a list is null or its number is above ACL_CACHE_LAST. */
ZK_NODISCARD int acl_cache_deserialize(struct acl_cache *cache, struct jute_in *in);
void acl_cache_done(struct acl_cache *cache);

#endif
