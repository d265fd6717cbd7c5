/* The tree of nodes that all of ZooKeeper is about. Java: server.DataTree, as far as a peer without
 * clients needs it.
 *
 * Any thread may call anything; one mutex (ZK_RANK_DATA_TREE) guards all and is held for short
 * moments only. A tree is counted: whoever writes it out keeps it, even when the database has
 * another one by then.
 *
 * Built for a million nodes: about 200 bytes for each, besides its path and its data. */
#ifndef ZK_TREE_DATA_TREE_H
#define ZK_TREE_DATA_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/jute/archive.h"
#include "zk/jute/data.h"
#include "zk/tree/digest.h"

struct zk_context;
struct data_tree;

/* Java: ZooDefs.CONFIG_NODE */
#define CONFIG_NODE "/zookeeper/config"

/* Java: new DataTree(): "", /zookeeper, /zookeeper/quota, /zookeeper/config, last zxid 0. */
struct data_tree *data_tree_new(struct zk_context *ctx);
struct data_tree *data_tree_ref(struct data_tree *tree);
void data_tree_unref(struct data_tree *tree); /* NULL is fine */

/* Java: getNodeCount(). The root counts twice, as "" and as "/": Java keeps it under both names. */
size_t data_tree_get_node_count(struct data_tree *tree);
/* Java: cachedApproximateDataSize(): lengths of paths and data; the root twice, as above. */
int64_t data_tree_cached_approximate_data_size(struct data_tree *tree);
/* Java: getEphemeralsCount(): nodes owned by sessions. */
size_t data_tree_get_ephemerals_count(struct data_tree *tree);
/* Java: getTreeDigest() */
uint64_t data_tree_get_tree_digest(struct data_tree *tree);

/* Java: lastProcessedZxid */
int64_t data_tree_last_processed_zxid(struct data_tree *tree);
void data_tree_set_last_processed_zxid(struct data_tree *tree, int64_t zxid);

/* Java: addConfigNode(). True: a snapshot came without it, and it is there now. */
bool data_tree_add_config_node(struct data_tree *tree);

/* ---- what transactions do. Java's rules for a replay over a fuzzy snapshot are in them: a
 * transaction that the snapshot shows already changes nothing for the worse. ------------------- */

/* Java: createNode(). parent_cversion -1: one more than it is. Shares data; copies the rest.
 * -ENOENT: no parent; -EEXIST: the node is there. */
ZK_NODISCARD int data_tree_create_node(struct data_tree *tree, const char *path, struct buf *data,
                                       const struct zk_acl_list *acl, int64_t ephemeral_owner,
                                       int32_t parent_cversion, int64_t zxid, int64_t time_ms);
/* Java: deleteNode(). -ENOENT: no such node, or no parent. */
ZK_NODISCARD int data_tree_delete_node(struct data_tree *tree, const char *path, int64_t zxid);
/* Java: setData(). Shares data. -ENOENT: no such node. */
ZK_NODISCARD int data_tree_set_data(struct data_tree *tree, const char *path, struct buf *data,
                                    int32_t version, int64_t zxid, int64_t time_ms);

/* ---- the whole as bytes ---------------------------------------------------------------------- */

/* Java: serialize(): ACLs, then nodes, each before its children, then "/". Errors stick in out.
 *
 * It streams while others write, and BLOCKS as the stream does, without the lock: that is taken
 * anew for each node. So the result is fuzzy, as Java's is: it holds every transaction up to the
 * zxid that the tree had before the call, and some of the later ones, whose replay does no harm.
 * The tree of which nobody changes anything meanwhile is written exactly. */
void data_tree_serialize(struct data_tree *tree, struct jute_out *out);
/* Java: deserialize(). Returns a new tree with last zxid 0, which the caller unrefs. Blocks as the
 * stream does. Errors: jute_in's; -EPROTO also for a node without parent, a path that came twice, a
 * first path that is not "" (D-40). */
ZK_NODISCARD int data_tree_deserialize(struct zk_context *ctx, struct jute_in *in,
                                       struct data_tree **ret_tree);

/* Java: lastProcessedZxidDigest, what serializeZxidDigest() writes: {0, 2, 0} until a transaction
 * has been applied. */
struct zxid_digest data_tree_last_processed_zxid_digest(struct data_tree *tree);

#endif
