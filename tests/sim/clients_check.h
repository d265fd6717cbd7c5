/* Between the two halves of the check: the tree that clients_check.c builds up, and the changes in
 * it, which clients_events.c looks through. */
#ifndef SIM_CLIENTS_CHECK_H
#define SIM_CLIENTS_CHECK_H

#include "clients.h"

enum {
    EVENT_CREATED = 1,
    EVENT_DELETED = 2,
    EVENT_DATA_CHANGED = 3,
    EVENT_CHILDREN_CHANGED = 4,
};

struct node {
    char path[CLIENT_PATH_SIZE];
    char data[LOAD_DATA_SIZE];
    int64_t czxid, mzxid, pzxid, ctime_ms, mtime_ms, owner;
    struct client_acl acl;
    int32_t version, aversion;
    bool container;
    int64_t ttl_ms;       /* 0: it may live for ever */
    int64_t childless_ms; /* since when it has no children */
    int32_t creations;    /* below it: its cversion on disk */
    int32_t children;
};

/* What a transaction does to a node, and a watch could tell of. */
struct change {
    int64_t zxid;
    int32_t event_type;
    bool unordered;        /* of a session that ends: its nodes go in any order */
    struct client_acl acl; /* that says who may hear of it */
    char path[CLIENT_PATH_SIZE];
};

/* All changes, in the order of their transactions. */
const struct change *clients_changes(size_t *ret_count);
/* The tree as of the zxid of that reply. */
void clients_tree_at(const struct clients *clients, const struct client_call *call);
/* In that tree; NULL: there is none. */
struct node *clients_find(const char *path);
struct node *clients_find_parent(const char *path);
/* The first is the root. */
const struct node *clients_nodes(size_t *ret_count);

_Noreturn void clients_fail_call(const char *number, const struct client_call *call,
                                 const char *words);

/* clients_outcome.c: what a write comes to, at the tree as it is, for a connection with these ids;
 * *ret_name: of a create, with its number. */
int32_t clients_outcome(const struct load_part *part, uint32_t ids, char *ret_name);
/* Which of a node's rights is needed. */
int32_t clients_right_to(int32_t type);
/* Does it say nothing of the request, but that the session or the connection may not ask? */
bool clients_is_of_the_session(int32_t err);
/* True: it was one that no server does, and is answered as it must be. */
bool clients_check_refusal(const struct clients *clients, const struct client_call *call);
/* Do the servers know nodes with a time to live? Does no session get a node of its own? */
void clients_outcome_begin(bool has_ttls, bool stays_local);

/* clients_limits.c. True: that is all there is to say of the answer. */
bool clients_check_limits(const struct clients *clients, const struct client_call *call);
bool clients_makes_ephemeral(const struct load_part *part);
/* What a multi says of a part that makes one, where that is all that is wrong with it. */
int32_t clients_word_on_local(const struct clients *clients, const struct client_call *call);

/* May a leader take that transaction's session for a local one of another server? */
bool clients_seems_local(const struct clients *clients, const struct history_txn *txn);

/* clients_quota.c. The tree begins; a node has come, is gone, is about to have these data; behind a
 * transaction: from here on a server may go by what it counts now. */
void clients_quota_begin(void);
void clients_quota_created(const struct node *node);
void clients_quota_deleted(const struct node *node);
void clients_quota_changed(const struct node *node, const char *data);
void clients_quota_settle(void);
/* Does a node hold the numbers of a quota, which no transaction tells? May it show that, or be so
 * long? */
bool clients_quota_counts(const struct node *node);
bool clients_quota_may_show(const struct node *node, const char *data);
bool clients_quota_may_be_as_long(const struct node *node, int32_t length);
/* The tree as it is stands behind so many transactions. */
void clients_quota_remember(size_t place);
/* What may become of a write that is asked for in the tree as it is, if a quota is held against one
 * of the trees from first to last. */
struct clients_quota_verdict {
    bool may_pass;
    bool may_be_refused;
};
void clients_quota_allows(const struct load_part *part, size_t first, size_t last,
                          struct clients_quota_verdict *ret_verdict);

/* clients_lists.c: I22. A node has the list that was asked for; a list is shown as it is; a whoAmI
 * is answered. */
void clients_check_list_given(const struct client_call *call, const struct node *node);
void clients_check_list_shown(const struct client_call *call, const struct node *node);
void clients_check_who(const struct client_call *call);

/* clients_events.c: I19, for the events of that connection. */
void clients_check_events(const struct clients *clients, int connection);

#endif
