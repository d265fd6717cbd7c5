/* A list of ACLs that nodes share. It never changes, so it may be read without a lock. */
#ifndef ZK_TREE_SHARED_ACL_H
#define ZK_TREE_SHARED_ACL_H

#include "zk/base/refcount.h"
#include "zk/jute/data.h"

struct shared_acl {
    struct zk_refcount refs; /* the cache, records of nodes, snapshots that are being written */
    struct zk_acl_list list;
};

struct shared_acl *shared_acl_ref(struct shared_acl *acl);
void shared_acl_unref(struct shared_acl *acl); /* NULL is fine */

#endif
