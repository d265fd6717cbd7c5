/* The tree of nodes that all of ZooKeeper is about. Java: server.DataTree, as far as a peer without
 * client writes needs it: a fresh tree, the configuration's node, reading and writing the whole.
 *
 * No threads, no locks: the owner (ZKDatabase) locks. Paths lead to nodes by an own hash table; the
 * root's path is "", and "/" finds it too. */
#ifndef ZK_TREE_DATA_TREE_H
#define ZK_TREE_DATA_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/jute/archive.h"
#include "zk/tree/acl_cache.h"
#include "zk/tree/data_node.h"
#include "zk/tree/digest.h"

struct zk_context;
struct data_tree;

/* Java: ZooDefs.CONFIG_NODE */
#define CONFIG_NODE "/zookeeper/config"

/* Java: new DataTree(): "", /zookeeper, /zookeeper/quota, /zookeeper/config, last zxid 0. */
struct data_tree *data_tree_new(struct zk_context *ctx);
void data_tree_free(struct data_tree *tree); /* NULL is fine */

/* Java: getNode(). Borrowed; NULL: no such node. */
struct data_node *data_tree_get_node(const struct data_tree *tree, const char *path);
/* The list that node->acl stands for. NULL: everybody may do everything. Borrowed. */
const struct acl_list *data_tree_get_acl(const struct data_tree *tree,
                                         const struct data_node *node);

/* Java: getNodeCount(). The root counts twice, as "" and as "/": Java keeps it under both names. */
size_t data_tree_get_node_count(const struct data_tree *tree);
/* Java: cachedApproximateDataSize(): lengths of paths and data; the root twice, as above. */
int64_t data_tree_cached_approximate_data_size(const struct data_tree *tree);
/* Java: getEphemeralsCount(): nodes owned by sessions. */
size_t data_tree_get_ephemerals_count(const struct data_tree *tree);
/* Java: getTreeDigest() */
uint64_t data_tree_get_tree_digest(const struct data_tree *tree);

/* Java: lastProcessedZxid */
int64_t data_tree_last_processed_zxid(const struct data_tree *tree);
void data_tree_set_last_processed_zxid(struct data_tree *tree, int64_t zxid);

/* Java: addConfigNode(): if a snapshot came without it. */
void data_tree_add_config_node(struct data_tree *tree);
/* Java: setData(). Shares data. -ENOENT: no such node. */
ZK_NODISCARD int data_tree_set_data(struct data_tree *tree, const char *path, struct buf *data,
                                    int32_t version, int64_t zxid, int64_t time_ms);

/* Java: serialize(): ACLs, then nodes, each before its children, then "/". Errors stick in out. */
void data_tree_serialize(const struct data_tree *tree, struct jute_out *out);
/* Java: deserialize(). Gives a new tree with last zxid 0. Errors: jute_in's; -EPROTO also for a
 * node without parent, a path that came twice, a first path that is not "". */
ZK_NODISCARD int data_tree_deserialize(struct zk_context *ctx, struct jute_in *in,
                                       struct data_tree **ret_tree);

/* Java: lastProcessedZxidDigest, what serializeZxidDigest() writes: {0, 2, 0} until a transaction
 * has been applied. */
struct zxid_digest data_tree_last_processed_zxid_digest(const struct data_tree *tree);

#endif
