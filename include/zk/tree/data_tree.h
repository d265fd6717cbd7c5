/* The tree of nodes that all of ZooKeeper is about. Java: server.DataTree
 *
 * Any thread may call anything. One mutex (ZK_RANK_DATA_TREE) guards all and is held for short
 * moments: at most for one whole transaction, one setWatches, or one report about watches. A tree
 * has a reference count: whoever writes it out keeps it, even if the database has another tree by
 * then. The tree does not hold the sessions; it only knows which session owns a node.
 *
 * It is built for a million nodes: each takes about 200 bytes, besides its path and its data. */
#ifndef ZK_TREE_DATA_TREE_H
#define ZK_TREE_DATA_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/base/long_map.h"
#include "zk/base/str.h"
#include "zk/jute/archive.h"
#include "zk/jute/data.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/tree/digest.h"
#include "zk/tree/path_key.h"
#include "zk/tree/shared_acl.h"
#include "zk/watch/watch_manager.h"

struct zk_context;
struct data_tree;
struct ustring_list;
struct watcher;

/* Java: ZooDefs.CONFIG_NODE */
#define CONFIG_NODE "/zookeeper/config"

/* Java: DataTree.DIGEST_LOG_INTERVAL, DIGEST_LOG_LIMIT */
enum { DIGEST_LOG_INTERVAL = 128, DIGEST_LOG_LIMIT = 1024 };

/* Java: new DataTree(): "", /zookeeper, /zookeeper/quota, /zookeeper/config, last zxid 0. */
struct data_tree *data_tree_new(struct zk_context *ctx);
struct data_tree *data_tree_ref(struct data_tree *tree);
void data_tree_unref(struct data_tree *tree); /* NULL is fine */
/* Returns the key of a path of length bytes in this tree; that of "/" is that of "". No lock is
 * taken. */
struct path_key data_tree_path_key(const struct data_tree *tree, const char *path, size_t length);

/* ---- asking ---------------------------------------------------------------------------------- */

/* Java: getNodeCount(). The root counts twice, as "" and as "/": Java has it under both names. */
size_t data_tree_get_node_count(struct data_tree *tree);
/* Java: cachedApproximateDataSize(). The sum of the lengths of paths and data; the root counts
 * twice, as above. */
int64_t data_tree_cached_approximate_data_size(struct data_tree *tree);
/* Java: getEphemeralsCount(). How many nodes belong to sessions. */
size_t data_tree_get_ephemerals_count(struct data_tree *tree);
/* Java: getTreeDigest() */
uint64_t data_tree_get_tree_digest(struct data_tree *tree);

/* Java: getEphemerals(session). Returns the paths of its nodes, in the order of Java's HashSet; the
 * caller ends *ret_paths with zk_strings_done. */
void data_tree_get_ephemerals(struct data_tree *tree, int64_t session_id,
                              struct zk_strings *ret_paths);
/* Java: getContainers(). Appends the paths of all containers, in no order. */
void data_tree_get_containers(struct data_tree *tree, struct zk_strings *paths);
/* Java: getTtls(). The same for nodes with a TTL. */
void data_tree_get_ttls(struct data_tree *tree, struct zk_strings *paths);
/* Java: getSessions(). Adds the sessions that own a node. */
void data_tree_get_sessions(struct data_tree *tree, struct long_set *sessions);

/* Java: getMaxPrefixWithQuota(). Returns the longest path with a quota that is path or above it;
 * the caller frees it. NULL: there is none. */
char *data_tree_get_max_prefix_with_quota(struct data_tree *tree, const char *path);
/* Java: isSpecialPath(): "/" and the three nodes that each tree has of its own. */
bool data_tree_is_special_path(const char *path);

/* A node as it is at one moment, for the preparation of a change: what getRecordForPath() of Java's
 * PrepRequestProcessor asks the tree for. */
struct data_tree_record {
    struct stat_persisted stat;
    size_t child_count;
    /* A reference; NULL: the snapshot came without the list that the node names, and the log has
     * not brought it yet. Nobody may do anything with the node then. */
    struct shared_acl *acl;
    struct buf *data; /* a reference; NULL: null */
    uint32_t digest;  /* Java: DigestCalculator.calculateDigest(path, node); 0 without digests */
};

/* -ENOENT: no such node. The caller ends *ret_record with data_tree_record_done. */
ZK_NODISCARD int data_tree_get_change_record(struct data_tree *tree, const char *path,
                                             struct data_tree_record *ret_record);
/* The same by the key of the path (data_tree_path_key). */
ZK_NODISCARD int data_tree_get_change_record_for_key(struct data_tree *tree,
                                                     const struct path_key *key,
                                                     struct data_tree_record *ret_record);
void data_tree_record_done(struct data_tree_record *record);

/* ---- reading: data_tree_read.c --------------------------------------------------------------- */

/* Decides whether a reader may see a node with the list acl. The floor above provides it, because
 * only that floor knows ZooKeeper's rights, and as whom the reader has authenticated. check_acl
 * returns OK if the reader may. acl NULL: the list has been lost, see data_tree_record. It is
 * called with the tree's lock held, so that the list that is asked, what is read and the watch that
 * is set are of one moment. Java: ZooKeeperServer.checkACL() */
struct data_tree_guard {
    enum keeper_code (*check_acl)(const struct data_tree_guard *guard,
                                  const struct shared_acl *acl);
};

/* What a client reads. */
struct data_tree_query {
    const char *path;
    const struct data_tree_guard *guard; /* NULL: everybody may */
    struct watcher *watcher;             /* NULL: there is none */
};

/* A watcher is registered in the moment of the reading. It is told of the next change of the node,
 * or, if children were read, of the next change of these. Each function returns NONODE, or what the
 * guard said, or OK; without OK nothing is returned, and no watch is left behind but that of
 * stat_node, which may wait for a node to come.
 * *ret_zxid is set whatever is returned. It is the last zxid of the tree in that moment: what was
 * read shows all transactions up to it, and none that came later.
 *
 * The root may be asked for as "" or as "/". No other path is checked for its form. */

/* Java: statNode(). It needs no guard (ZOOKEEPER-2590). */
ZK_NODISCARD enum keeper_code data_tree_stat_node(struct data_tree *tree, const char *path,
                                                  struct watcher *watcher, int64_t *ret_zxid,
                                                  struct zk_stat *ret_stat);
/* Java: getData(). The caller unrefs *ret_data, which is NULL for null. */
ZK_NODISCARD enum keeper_code data_tree_get_data(struct data_tree *tree,
                                                 const struct data_tree_query *query,
                                                 int64_t *ret_zxid, struct zk_stat *ret_stat,
                                                 struct buf **ret_data);
/* Java: getACL(). The caller unrefs *ret_acl, which is NULL for a list that has been lost. */
ZK_NODISCARD enum keeper_code data_tree_get_acl(struct data_tree *tree, const char *path,
                                                int64_t *ret_zxid, struct zk_stat *ret_stat,
                                                struct shared_acl **ret_acl);

/* The children that a node had at one moment. The caller may keep them as long as it likes. */
struct data_tree_children {
    struct data_tree *tree;   /* a reference */
    size_t pin;               /* keeps the items: src/tree/data_tree_pins.c */
    struct data_node **items; /* owned; in the order of Java's HashSet */
    size_t count;
};

/* Java: getChildren(). The lock is held while pointers are copied (100,000 in some 0.1 ms), and not
 * while they are put in order. The caller ends *ret_children with data_tree_children_done. */
ZK_NODISCARD enum keeper_code data_tree_get_children(struct data_tree *tree,
                                                     const struct data_tree_query *query,
                                                     int64_t *ret_zxid, struct zk_stat *ret_stat,
                                                     struct data_tree_children *ret_children);
/* Returns the name of one of them, which lives until they are done. */
const char *data_tree_children_name(const struct data_tree_children *children, size_t index);
void data_tree_children_done(struct data_tree_children *children);

/* Java: getAllChildrenNumber(). *ret_number is how many nodes are below path, at any depth; Java
 * counts names, and the root has two. The lock is given back after each few thousand nodes, so what
 * comes or goes meanwhile is counted or not. */
ZK_NODISCARD enum keeper_code data_tree_get_all_children_number(struct data_tree *tree,
                                                                const char *path,
                                                                const struct data_tree_guard *guard,
                                                                int32_t *ret_number);

/* ---- changing -------------------------------------------------------------------------------- */

/* What a transaction has done. Java: DataTree.ProcessTxnResult */
struct process_txn_result {
    int64_t client_id;
    int32_t cxid;
    int64_t zxid;
    int32_t type;
    int32_t err;      /* enum keeper_code */
    const char *path; /* the transaction's, and lives as long as that; NULL: it has none */
    bool has_stat;    /* create2 and its kin, setData, setACL */
    struct zk_stat stat;
    struct process_txn_result *multi_result; /* owned; of a multi, one for each operation */
    size_t multi_count;
};

/* Java: processTxn(header, txn, digest). Applies the transaction as a whole, sets the last zxid,
 * and holds the tree's digest against the transaction's. What fails is told in the result, and is
 * no failure of ours: a replay must pass over it. The caller ends *ret_result with
 * process_txn_result_done. */
void data_tree_process_txn(struct data_tree *tree, const struct txn_log_entry *txn,
                           struct process_txn_result *ret_result);
void process_txn_result_done(struct process_txn_result *result);

/* Java: killSession(session, zxid). Deletes the session's nodes, without a transaction: for
 * sessions that a new leader does not know. */
void data_tree_kill_session(struct data_tree *tree, int64_t session_id, int64_t zxid);

/* Java: lastProcessedZxid */
int64_t data_tree_last_processed_zxid(struct data_tree *tree);
void data_tree_set_last_processed_zxid(struct data_tree *tree, int64_t zxid);

/* Java: addConfigNode(). Returns true if the node was missing, because a snapshot came without it,
 * and has been made. */
bool data_tree_add_config_node(struct data_tree *tree);
/* Java: setData(), for the node of the configuration, whose data each server sets itself. Shares
 * data. -ENOENT: no such node. */
ZK_NODISCARD int data_tree_set_data(struct data_tree *tree, const char *path, struct buf *data,
                                    int32_t version, int64_t zxid, int64_t time_ms);

/* ---- watching: data_tree_watches.c ----------------------------------------------------------- */

/* A tree has two watch managers, one for the data of nodes and one for their children. Reads set
 * standard watches. Whoever changes the tree tells the watchers before giving back its lock, so
 * nobody sees a change whose events are not on their way. Where Java throws a RuntimeException, the
 * functions below return -EINVAL, and what they had done by then stays done. */

/* Java: addWatch(). mode is that of the wire: 0 persistent, 1 persistent and recursive. path may be
 * any text. -EINVAL: mode is another one, or see watch_manager_add_watch. */
ZK_NODISCARD int data_tree_add_watch(struct data_tree *tree, const struct ustring *path,
                                     struct watcher *watcher, int32_t mode);
/* Java: removeCnxn(). To be called when a connection is over, and has been marked as stale: then
 * none of its watches stays, and none comes. Until this returns, the watcher may still be told. */
void data_tree_remove_cnxn(struct data_tree *tree, struct watcher *watcher);

/* What a client that comes back has watched before. */
struct watches_to_set {
    int64_t relative_zxid; /* the last one that the client has seen */
    const struct ustring_list *data_watches;
    const struct ustring_list *exist_watches;
    const struct ustring_list *child_watches;
    const struct ustring_list *persistent_watches;           /* NULL: none */
    const struct ustring_list *persistent_recursive_watches; /* NULL: none */
};

/* Java: setWatches(). Tells the watcher at once of what happened after relative_zxid, without a
 * look at ACLs (K-223), and sets watches for the rest. -EINVAL: a list or a path in it is null. */
ZK_NODISCARD int data_tree_set_watches(struct data_tree *tree, const struct watches_to_set *watches,
                                       struct watcher *watcher);
/* Java: containsWatcher(). -EINVAL: see watch_manager_contains_watcher. */
ZK_NODISCARD int data_tree_contains_watcher(struct data_tree *tree, const struct ustring *path,
                                            enum watcher_type type, bool *ret_contains);
/* Java: removeWatch(). *ret_removed: at least one was there. -EINVAL: see
 * watch_manager_remove_watch. */
ZK_NODISCARD int data_tree_remove_watch(struct data_tree *tree, const struct ustring *path,
                                        enum watcher_type type, struct watcher *watcher,
                                        bool *ret_removed);

/* Java: getWatchCount(). The watches of both managers. */
size_t data_tree_get_watch_count(struct data_tree *tree);
/* Java: getWatchesSummary(), dumpWatchesSummary(). Only watches of data count (K-224). */
struct watches_summary data_tree_get_watches_summary(struct data_tree *tree);
/* Java: dumpWatches(), getWatches(), getWatchesByPath(). These also see watches of data only.
 * visitor is called with the tree's lock held; it must not block. */
void data_tree_dump_watches(struct data_tree *tree, bool by_path, struct watch_visitor *visitor);

/* ---- digests --------------------------------------------------------------------------------- */

/* Java: lastProcessedZxidDigest. What serializeZxidDigest() writes; it is {0, 2, 0} until a
 * transaction has been applied. */
struct zxid_digest data_tree_last_processed_zxid_digest(struct data_tree *tree);
/* Java: deserializeZxidDigest(), its part after the reading. digest is what stood behind a snapshot
 * whose name says snap_zxid, and snap_zxid becomes the last zxid of the tree. Digests are compared
 * again only when the tree has reached the zxid of digest; if it is there already, digest is
 * compared at once. One that is older than snap_zxid is logged and not used. */
void data_tree_set_digest_from_snapshot(struct data_tree *tree, const struct zxid_digest *digest,
                                        int64_t snap_zxid);
/* Java: getDigestFromLoadedSnapshot(). False: there is none, or it has been compared already. */
bool data_tree_get_digest_from_loaded_snapshot(struct data_tree *tree,
                                               struct zxid_digest *ret_digest);
/* Java: getDigestLog(). Returns the digests of the last zxids that are multiples of
 * DIGEST_LOG_INTERVAL, DIGEST_LOG_LIMIT at most, the oldest first; the caller frees them. */
struct zxid_digest *data_tree_get_digest_log(struct data_tree *tree, size_t *ret_count);
/* What a comparison of two digests says. */
enum digest_verdict {
    DIGEST_VERDICT_NONE,    /* nothing to compare: there is none, or the tree is fuzzy still */
    DIGEST_VERDICT_EQUAL,   /* the tree has all that the tree of txn's leader had */
    DIGEST_VERDICT_DIFFERS, /* it lacks something, or has too much */
};
/* Compares the tree's digest with the one that txn carries. txn must have been applied last. */
enum digest_verdict data_tree_judge_digest(struct data_tree *tree, const struct txn_log_entry *txn);
/* Returns how often a digest was not that of the tree. Java:
 * ServerMetrics.DIGEST_MISMATCHES_COUNT */
int64_t data_tree_get_digest_mismatches(struct data_tree *tree);

/* ---- the whole as bytes ---------------------------------------------------------------------- */

/* Java: serialize(). Writes the ACLs, then the nodes, each before its children, then "/". An error
 * stays in out, where the caller finds it.
 *
 * It writes while others change the tree, and blocks as the stream does, without the lock, which is
 * taken anew for each node. So the result is fuzzy, as Java's is: it holds every transaction up to
 * the zxid that the tree had before the call, and some of the later ones, whose replay does no
 * harm. If nobody changes the tree meanwhile, it is written exactly. */
void data_tree_serialize(struct data_tree *tree, struct jute_out *out);
/* Java: deserialize(). Returns a new tree with last zxid 0, which the caller unrefs. Blocks as the
 * stream does. Errors: jute_in's; -EPROTO also for a node without parent, a path that came twice, a
 * first path that is not "" (D-40). */
ZK_NODISCARD int data_tree_deserialize(struct zk_context *ctx, struct jute_in *in,
                                       struct data_tree **ret_tree);

#endif
