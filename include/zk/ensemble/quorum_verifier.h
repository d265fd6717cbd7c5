/* Who is in the ensemble, and how many of them are enough. Immutable once made, shared by
 * reference; only the oracle's need is asked afresh. Java: flexible.QuorumVerifier, QuorumMaj,
 * QuorumHierarchical, QuorumOracleMaj */
#ifndef ZK_ENSEMBLE_QUORUM_VERIFIER_H
#define ZK_ENSEMBLE_QUORUM_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/long_map.h"
#include "zk/base/refcount.h"
#include "zk/ensemble/properties.h"
#include "zk/ensemble/quorum_server.h"

enum quorum_kind {
    QUORUM_MAJ,          /* more than half of the voters */
    QUORUM_HIERARCHICAL, /* groups and weights */
    QUORUM_ORACLE_MAJ,   /* two voters and an oracle file */
};

struct quorum_verifier {
    struct zk_refcount refs; /* the peer (committed, last seen), notifications, trackers */
    struct zk_context *ctx;
    enum quorum_kind kind;
    int64_t version;

    /* Members in Java's HashMap order; sets in ascending order. */
    struct quorum_server *members;
    size_t member_count;
    struct long_set voting;
    struct long_set observing;
    int64_t *voters_in_java_order; /* as HashSet iterates a copy of the voters: the order of
                                      sendNotifications */

    /* QUORUM_HIERARCHICAL */
    struct qv_group *groups; /* in the order in which Java prints them */
    size_t group_count;
    struct qv_weight
        *weights; /* one for each server that has one, in the order in which Java prints them */
    size_t weight_count;
    int64_t counted_groups; /* groups whose weight is not 0 */

    /* QUORUM_ORACLE_MAJ */
    char *oracle_path;
    /* Java: needOracle. 1 or 0; starts at 1. The one thing about a verifier that changes, so it
     * stands beside the verifier, which everybody borrows as const. */
    struct zk_atomic_long *need_oracle;

    char *text; /* toString(): the bytes of notifications and NEWLEADER; computed once */
};

struct qv_group {
    int64_t id;
    int64_t weight; /* sum of its members' */
    struct long_set members;
    int64_t *members_in_print_order;
};

struct qv_weight {
    int64_t sid;
    int64_t weight;
};

/* Java: QuorumPeerConfig.parseDynamicConfig() and createQuorumVerifier().
 * Make a verifier from properties that hold server., group, weight and version keys.
 * config_backward_compatible: other keys are ignored (zoo.cfg) instead of refused. from_file: the
 * warnings about 1, 2 and even numbers of servers are logged, and names are looked up (BLOCKS).
 * standalone_enabled as in zoo.cfg. oracle_path NULL: none. *ret_qv (gives) is never NULL on
 * success: without servers (and with standalone_enabled) it is a verifier without members, whose
 * version counts as in Java. Errors: -EINVAL with *ret_error (free it) in Java's words; *ret_line
 * is the line at fault, 0 if none. Nothing in the properties can do worse than that: what is an
 * unchecked exception in Java is such an error too (departure D-33). */
ZK_NODISCARD int qv_parse_dynamic_config(struct zk_context *ctx,
                                         const struct zk_properties *properties,
                                         bool config_backward_compatible, bool from_file,
                                         bool standalone_enabled, const char *oracle_path,
                                         struct quorum_verifier **ret_qv, char **ret_error,
                                         int *ret_line);

/* Java: QuorumPeer.configFromString(). The config text of a notification. Never blocks: names stay
 * unresolved (departure D-31). *ret_qv and errors as above. */
ZK_NODISCARD int qv_from_string(struct zk_context *ctx, const char *text, size_t length,
                                bool standalone_enabled, const char *oracle_path,
                                struct quorum_verifier **ret_qv, char **ret_error);

struct quorum_verifier *qv_ref(struct quorum_verifier *qv);
void qv_unref(struct quorum_verifier *qv); /* NULL is fine */

/* Java: getWeight(). An unknown sid weighs 0 in a hierarchy (departure D-15) and 1 in a majority.
 */
int64_t qv_get_weight(const struct quorum_verifier *qv, int64_t sid);

/* Java: containsQuorum(). Strangers in the set do not count. The oracle's kind may read the
 * oracle's file. */
bool qv_contains_quorum(const struct quorum_verifier *qv, const struct long_set *acks);

/* Java: getAllMembers().get(). Returns NULL for a sid that is no member; the server belongs to
 * qv. */
const struct quorum_server *qv_member(const struct quorum_verifier *qv, int64_t sid);
bool qv_is_voter(const struct quorum_verifier *qv, int64_t sid);

/* Java: toString(). The text lives as long as qv. */
const char *qv_to_string(const struct quorum_verifier *qv);

/* Java: QuorumVerifier.equals(): of kinds that can be compared (not symmetric, K-20), equal
 * versions are enough; else same members (and groups and weights). */
bool qv_equal(const struct quorum_verifier *a, const struct quorum_verifier *b);

/* The same members under another version, or with one's own client address filled in where there
 * was none. Each returns a reference, the caller's. */
struct quorum_verifier *qv_with_version(const struct quorum_verifier *qv, int64_t version);
struct quorum_verifier *qv_with_static_client_addr(const struct quorum_verifier *qv, int64_t sid,
                                                   const struct inet_address *addr);

/* Java: QuorumOracleMaj. askOracle() reads the first character of the oracle's file: '1' is yes,
 * any failure no. The other kinds: no need, answer no. */
bool qv_get_need_oracle(const struct quorum_verifier *qv);
bool qv_ask_oracle(const struct quorum_verifier *qv);
/* Java: updateNeedOracle(): by the leader, with the sids that are forwarding. */
void qv_update_need_oracle(const struct quorum_verifier *qv, const struct long_set *forwarding);
/* Java: overrideQuorumDecision(): updates the need, then asks if there is one. */
bool qv_override_quorum_decision(const struct quorum_verifier *qv,
                                 const struct long_set *forwarding);

#endif
