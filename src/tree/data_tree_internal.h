/* Shared by the files of the tree: data_tree.c (its life, and questions to it), data_tree_change.c
 * (nodes come, change and go), data_tree_txn.c (transactions), data_tree_read.c (what clients
 * read), data_tree_watches.c (who is told), data_tree_quota.c, data_tree_digest.c,
 * data_tree_serialize.c (the whole as bytes), data_tree_pins.c. Java: server.DataTree */
#ifndef TREE_DATA_TREE_INTERNAL_H
#define TREE_DATA_TREE_INTERNAL_H

#include "tree/acl_cache.h"
#include "tree/data_node.h"
#include "tree/node_hash_map.h"
#include "tree/owned_nodes.h"
#include "tree/path_trie.h"
#include "tree/rate_logger.h"
#include "zk/base/refcount.h"
#include "zk/runtime/lock.h"
#include "zk/tree/data_tree.h"
#include "zk/watch/watch_manager.h"

/* Java: Quotas.procZookeeper */
#define PROC_ZOOKEEPER  "/zookeeper"
/* Java: Quotas.quotaZookeeper */
#define QUOTA_ZOOKEEPER "/zookeeper/quota"

/* Nodes that have left the tree, and may still be looked at. */
struct removed_nodes {
    size_t pins;              /* readers of this generation */
    struct data_node **items; /* owned */
    size_t count;
    size_t room;
};

struct data_tree {
    struct zk_context *ctx;
    struct zk_refcount refs; /* the database, and snapshots that are being written */
    struct ephemeral_types types;

    struct zk_mutex mu; /* Java's monitors of DataTree and of its nodes. Guards, down to the end: */
    struct node_hash_map nodes;
    struct data_node *root;
    /* The node that was found last as the parent of a path: a snapshot and most clients name the
     * children of one node one after the other. Before a node is deleted its own parent is looked
     * for, so this is never a node that goes. NULL: nobody has asked yet, or the last path had no
     * parent. */
    struct data_node *recent_parent;
    struct acl_cache acl_cache;
    struct long_map ephemerals; /* session -> struct owned_nodes, owned, never an empty one */
    size_t ephemerals_count;
    struct owned_nodes containers;
    struct owned_nodes ttls;
    struct path_trie quotas; /* Java: DataTree.pTrie */
    struct watch_manager *data_watches;
    struct watch_manager *child_watches;
    /* Watches gone with their connections since the heap was last asked to give memory back. */
    size_t watches_removed;
    int64_t node_data_size; /* Java: DataTree.nodeDataSize */
    int64_t last_processed_zxid;

    /* ---- data_tree_digest.c ---- */
    struct zxid_digest last_processed_zxid_digest;
    /* Until the transaction of its zxid has been applied, the tree is that of a fuzzy snapshot, and
     * digests say nothing. zxid 0: there is none. */
    struct zxid_digest digest_from_loaded_snapshot;
    struct zxid_digest *digest_log; /* owned; NULL: there is none */
    size_t digest_log_count;
    bool has_mismatched; /* Java: DataTree.firstMismatchTxn, the other way round */
    int64_t digest_mismatches;
    struct rate_logger rate_logger;

    /* ---- data_tree_pins.c ---- */
    struct removed_nodes generations[2];
    size_t generation; /* the one that new pins belong to */
};

/* ---- data_tree.c ---- */

/* Returns a tree without any node, not even a root. */
struct data_tree *data_tree_new_bare(struct zk_context *ctx);
/* Java: getNode(). Returns NULL if there is none; the node stays the tree's. */
struct data_node *data_tree_get_node_locked(const struct data_tree *tree, const char *path)
    REQUIRES(&tree->mu);

/* ---- data_tree_pins.c: nodes that are read without the lock stay ----------------------------- */

/* From now on no node is freed that the caller can see now. Returns the pin, for
 * data_tree_unpin. */
size_t data_tree_pin_locked(struct data_tree *tree) REQUIRES(&tree->mu);
/* To be called when the caller points to no node any more. Frees the nodes that were kept only for
 * it; takes the lock, but not while it frees. */
void data_tree_unpin(struct data_tree *tree, size_t pin);
/* Frees a node that is out of the tree, now or when nobody looks at it any more. */
void data_tree_bury_node_locked(struct data_tree *tree, struct data_node *node) REQUIRES(&tree->mu);

/* ---- data_tree_serialize.c: in steps, so that a test can change the tree between any two ---- */

/* A node whose children are being written. */
struct data_tree_frame {
    struct data_node_list children;
    size_t next;
};

/* Java recurses; trees may be deeper than our threads' stacks. */
struct data_tree_walk {
    struct data_tree_frame *frames; /* owned */
    size_t depth;
    size_t room;
};

struct data_tree_serialization {
    struct data_tree *tree; /* the caller's, who keeps it until the end */
    size_t pin;
    struct jute_out *out;   /* likewise */
    struct data_node *next; /* NULL: all are written */
    struct data_tree_walk walk;
};

/* Writes the ACLs of this moment. */
void data_tree_serialization_begin(struct data_tree *tree, struct data_tree_serialization *begun,
                                   struct jute_out *out);
/* Writes the next node as it is now. False: that was all. */
bool data_tree_serialization_step(struct data_tree_serialization *begun);
/* Writes the end mark. */
void data_tree_serialization_end(struct data_tree_serialization *begun);

/* ---- data_tree_change.c: what transactions do. Java's rules for a replay over a fuzzy snapshot
 * are in them: a transaction that the snapshot shows already changes nothing for the worse. Each
 * returns an enum keeper_code. ---- */

/* Puts a node with empty data, no ACL and a stat of zeros. */
struct data_node *data_tree_put_empty_node_locked(struct data_tree *tree, struct data_node *parent,
                                                  const char *path) REQUIRES(&tree->mu);
/* A node as a transaction creates it, whichever of the four kinds that is. */
struct node_to_create {
    const char *path;
    struct buf *data;
    const struct zk_acl_list *acl;
    int64_t ephemeral_owner;
    int32_t parent_cversion; /* that the parent has afterwards; -1: one more than it has */
};

/* Java: createNode(). Here and below, only zxid and time of header are used. Shares data; copies
 * the rest. ret_stat may be NULL. NONODE: there is no parent; NODEEXISTS: the node is there
 * already. */
int32_t data_tree_create_node_locked(struct data_tree *tree, const struct txn_header *header,
                                     const struct node_to_create *created, struct zk_stat *ret_stat)
    REQUIRES(&tree->mu);
/* Java: deleteNode(). NONODE: no such node, or no parent. */
int32_t data_tree_delete_node_locked(struct data_tree *tree, const char *path, int64_t zxid)
    REQUIRES(&tree->mu);
/* Java: setData(). Shares data. ret_stat may be NULL. NONODE: no such node. */
int32_t data_tree_set_data_locked(struct data_tree *tree, const struct txn_header *header,
                                  const struct set_data_txn *txn, struct zk_stat *ret_stat)
    REQUIRES(&tree->mu);
/* Java: setACL(). ret_stat may be NULL. NONODE: no such node. */
int32_t data_tree_set_acl_locked(struct data_tree *tree, const struct set_acl_txn *txn,
                                 struct zk_stat *ret_stat) REQUIRES(&tree->mu);
/* Java: setCversionPzxid(), for the node whose path is the first length bytes of path. NONODE: no
 * such node. */
int32_t data_tree_set_cversion_pzxid_locked(struct data_tree *tree, const char *path, size_t length,
                                            int32_t new_cversion, int64_t zxid) REQUIRES(&tree->mu);
/* Hangs a node that was read into the tree; key is that of its path. Takes ownership of node, also
 * on failure. -EPROTO: it has no parent, or its path is there already. */
ZK_NODISCARD int data_tree_hang_node_locked(struct data_tree *tree, const struct path_key *key,
                                            struct data_node *node) REQUIRES(&tree->mu);
/* Replaces a node's data, whose stat stays. Copies or shares data; NULL is null. */
void data_tree_replace_data_locked(struct data_tree *tree, struct data_node *node, struct buf *data)
    REQUIRES(&tree->mu);

/* ---- data_tree_watches.c: who is told of a change ---- */

/* Set a standard watch: watcher is told of the next change of the node's data, or of its
 * children. */
void data_tree_add_data_watch_locked(struct data_tree *tree, const char *path,
                                     struct watcher *watcher) REQUIRES(&tree->mu);
void data_tree_add_child_watch_locked(struct data_tree *tree, const char *path,
                                      struct watcher *watcher) REQUIRES(&tree->mu);
/* Tells of a node that has been created. acl is the list that it was created with. */
void data_tree_tell_created_locked(struct data_tree *tree, const char *path,
                                   const struct zk_acl_list *acl, const struct data_node *parent)
    REQUIRES(&tree->mu);
/* Tells of a node that has been deleted. acl is the list that it had; NULL: that has been lost. */
void data_tree_tell_deleted_locked(struct data_tree *tree, const char *path,
                                   const struct shared_acl *acl, const struct data_node *parent)
    REQUIRES(&tree->mu);
/* Tells of new data. path is the name by which the node was changed. For the root that is "/", and
 * its watchers know it by that name. */
void data_tree_tell_data_changed_locked(struct data_tree *tree, const char *path,
                                        const struct data_node *node) REQUIRES(&tree->mu);

/* ---- data_tree_quota.c ---- */

/* Add a change of a node to what is counted for the quota above it, if there is one. Nodes below
 * /zookeeper/quota also make quotas begin and end. */
void data_tree_quota_created_locked(struct data_tree *tree, const char *path, int64_t bytes)
    REQUIRES(&tree->mu);
void data_tree_quota_deleted_locked(struct data_tree *tree, const char *path, int64_t bytes)
    REQUIRES(&tree->mu);
void data_tree_quota_changed_locked(struct data_tree *tree, const char *path, int64_t bytes_diff)
    REQUIRES(&tree->mu);
/* Java: setupQuota(). Finds the quotas of a tree that was read, and counts what they limit. */
void data_tree_setup_quota_locked(struct data_tree *tree) REQUIRES(&tree->mu);

/* ---- data_tree_digest.c ---- */

/* To be called when a transaction has been applied: notes the tree's digest, or compares it with
 * that of a loaded snapshot. */
void data_tree_digest_applied_locked(struct data_tree *tree, int64_t zxid) REQUIRES(&tree->mu);
/* Java: compareDigest(). Compares the tree's digest with the one that txn carries. */
void data_tree_compare_digest_locked(struct data_tree *tree, const struct txn_log_entry *txn)
    REQUIRES(&tree->mu);

#endif
