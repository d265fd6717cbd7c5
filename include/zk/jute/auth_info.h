/* The ids as which a client has authenticated: a set that only grows, and that any thread may ask
 * for. Java: ServerCnxn.authInfo, a set made of a ConcurrentHashMap<Id, Boolean>
 *
 * Whoever asks gets a list that is never changed again, so nobody holds a lock while an ACL is
 * checked, and each request keeps the ids that its connection had when the request was read. One
 * mutex (ZK_RANK_AUTH_INFO) guards which list is the current one; it may be taken with the tree's
 * lock held, because watch events are filtered by the ids of their connection. */
#ifndef ZK_JUTE_AUTH_INFO_H
#define ZK_JUTE_AUTH_INFO_H

#include <stddef.h>

#include "zk/base/attrs.h"
#include "zk/base/refcount.h"
#include "zk/jute/data.h"

struct zk_context;
struct auth_info;

/* A list that threads share. It is never null in Java's sense. */
struct shared_ids {
    struct zk_refcount refs; /* the set; requests; threads that check an ACL */
    struct zk_id_list list;
};

void shared_ids_unref(struct shared_ids *ids); /* NULL is fine */

/* The most bytes of text that one set may hold. In Java a client can add ids until the heap is full
 * (D-200). */
enum { AUTH_INFO_LIMIT = 1 << 16 };

struct auth_info *auth_info_new(struct zk_context *ctx);
void auth_info_free(struct auth_info *info); /* NULL is fine */

/* Returns a reference to the ids of this moment, in the order in which Java iterates its set; the
 * caller unrefs it. */
struct shared_ids *auth_info_get(struct auth_info *info);
/* Adds an id unless the set has it already. Copies both texts, which end with '\0'. Errors:
 * -ENOSPC, the set would be larger than AUTH_INFO_LIMIT. Java: ServerCnxn.addAuthInfo() */
ZK_NODISCARD int auth_info_add(struct auth_info *info, const char *scheme, const char *id);

#endif
