/* The tree of nodes that all of ZooKeeper is about. Java: server.DataTree
 *
 * Any thread may call anything; one mutex (ZK_RANK_DATA_TREE) guards all and is held for short
 * moments only: at most for one whole transaction. A tree is counted: whoever writes it out keeps
 * it, even when the database has another one by then. Sessions are not in the tree; only which
 * session owns a node is.
 *
 * Built for a million nodes: about 200 bytes for each, besides its path and its data. */
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

/* ---- asking ---------------------------------------------------------------------------------- */

/* Java: getNodeCount(). The root counts twice, as "" and as "/": Java keeps it under both names. */
size_t data_tree_get_node_count(struct data_tree *tree);
/* Java: cachedApproximateDataSize(): lengths of paths and data; the root twice, as above. */
int64_t data_tree_cached_approximate_data_size(struct data_tree *tree);
/* Java: getEphemeralsCount(): nodes owned by sessions. */
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

/* One node of one moment, for the preparation of a change: what getRecordForPath() of Java's
 * PrepRequestProcessor asks the tree for. */
struct data_tree_record {
    struct stat_persisted stat;
    size_t child_count;
    /* A reference; NULL: the snapshot came without the list that it names, and the log has not
     * brought it yet. Nobody may do anything then. */
    struct shared_acl *acl;
    struct buf *data; /* a reference; NULL: null */
    uint32_t digest;  /* Java: DigestCalculator.calculateDigest(path, node); 0 without digests */
};

/* -ENOENT: no such node. The caller ends *ret_record with data_tree_record_done. */
ZK_NODISCARD int data_tree_get_change_record(struct data_tree *tree, const char *path,
                                             struct data_tree_record *ret_record);
void data_tree_record_done(struct data_tree_record *record);

/* ---- reading: data_tree_read.c --------------------------------------------------------------- */

/* Returns OK if a reader may see a node with this list. What ZooKeeper's rights are is a matter of
 * the floor above, and only there it is known as whom the reader has authenticated. acl NULL: the
 * list has been lost, see data_tree_record. Called with the tree's lock held, so that the list that
 * is asked, what is read and the watch that is set are of one moment. Java:
 * ZooKeeperServer.checkACL() */
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

/* A watcher is told of the next change of the node, of its children for a list of them, and it is
 * registered in the moment of the reading. Each function returns NONODE, or what the guard said, or
 * OK; without OK nothing is returned, and no watch is left behind but that of stat_node, which may
 * wait for a node to come.
 * *ret_zxid is the last zxid of the tree in that moment, whatever is returned: what was read is all
 * that has been done up to it, and nothing of what came later.
 *
 * The root is "" and "/"; no other path is looked at for what it is made of. */

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

/* The children of a node in one moment, as long as whoever asked for them likes. */
struct data_tree_children {
    struct data_tree *tree;   /* a reference */
    size_t pin;               /* see src/tree/data_tree_pins.c */
    struct data_node **items; /* owned; in the order of Java's HashSet */
    size_t count;
};

/* Java: getChildren(). The lock is held while pointers are copied (100,000 in some 0.1 ms), and not
 * for the order of the names. The caller ends *ret_children with data_tree_children_done. */
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

/* Java: addConfigNode(). True: a snapshot came without it, and it is there now. */
bool data_tree_add_config_node(struct data_tree *tree);
/* Java: setData(), of the configuration, which each server puts there itself. Shares data.
 * -ENOENT: no such node. */
ZK_NODISCARD int data_tree_set_data(struct data_tree *tree, const char *path, struct buf *data,
                                    int32_t version, int64_t zxid, int64_t time_ms);

/* ---- watching: data_tree_watches.c ----------------------------------------------------------- */

/* A tree has two watch managers: of the data of nodes and of their children. Reads set standard
 * watches; those that change the tree tell the watchers, before they give back its lock: so nobody
 * sees a change whose events are not on their way. Where Java throws a RuntimeException, the
 * functions below return -EINVAL, and what they had done by then is done. */

/* Java: addWatch(). mode: the wire's, 0 persistent, 1 recursive; -EINVAL: another one, or see
 * watch_manager_add_watch. path is not looked at. */
ZK_NODISCARD int data_tree_add_watch(struct data_tree *tree, const struct ustring *path,
                                     struct watcher *watcher, int32_t mode);
/* Java: removeCnxn(). A connection is over, and stale by now: none of its watches stays, and none
 * comes. Until this returns, the watcher may still be told. */
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

/* Java: setWatches(). Of what happened since then it tells at once, without a look at ACLs (K-223);
 * for the rest it sets watches. -EINVAL: a list or a path in it is null. */
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

/* Java: getWatchCount(): of both managers. */
size_t data_tree_get_watch_count(struct data_tree *tree);
/* Java: getWatchesSummary(), dumpWatchesSummary(): of the data's manager alone (K-224). */
struct watches_summary data_tree_get_watches_summary(struct data_tree *tree);
/* Java: dumpWatches(), getWatches(), getWatchesByPath(): likewise. visitor is called with the
 * tree's lock held; it must not block. */
void data_tree_dump_watches(struct data_tree *tree, bool by_path, struct watch_visitor *visitor);

/* ---- digests --------------------------------------------------------------------------------- */

/* Java: lastProcessedZxidDigest, what serializeZxidDigest() writes: {0, 2, 0} until a transaction
 * has been applied. */
struct zxid_digest data_tree_last_processed_zxid_digest(struct data_tree *tree);
/* Java: deserializeZxidDigest(), behind the reading: this is what stood behind a snapshot whose
 * name says snap_zxid. From then on digests are compared only when that zxid has been reached.
 * snap_zxid becomes the last zxid of the tree, and if that is the zxid already, the digest is
 * compared at once. */
void data_tree_set_digest_from_snapshot(struct data_tree *tree, const struct zxid_digest *digest,
                                        int64_t snap_zxid);
/* Java: getDigestFromLoadedSnapshot(). False: there is none, or it has been compared. */
bool data_tree_get_digest_from_loaded_snapshot(struct data_tree *tree,
                                               struct zxid_digest *ret_digest);
/* Java: getDigestLog(). Returns the digests of the last zxids that are multiples of
 * DIGEST_LOG_INTERVAL, DIGEST_LOG_LIMIT at most, the oldest first; the caller frees them. */
struct zxid_digest *data_tree_get_digest_log(struct data_tree *tree, size_t *ret_count);
/* Holds the digest that txn carries, which was applied last, against the tree's. */
enum digest_verdict {
    DIGEST_VERDICT_NONE,    /* there is none to compare, or the tree's is not to be relied on yet */
    DIGEST_VERDICT_EQUAL,   /* the tree has all that the tree of txn's leader had */
    DIGEST_VERDICT_DIFFERS, /* it lacks something, or has too much */
};
enum digest_verdict data_tree_judge_digest(struct data_tree *tree, const struct txn_log_entry *txn);
/* Returns how often a digest was not that of the tree. Java:
 * ServerMetrics.DIGEST_MISMATCHES_COUNT */
int64_t data_tree_get_digest_mismatches(struct data_tree *tree);

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

#endif
