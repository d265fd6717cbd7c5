/* Which servers are in the ensemble, and which sets of them are a quorum. A verifier is shared by
 * reference and does not change once it is made, except for need_oracle: any thread may ask it,
 * without a lock. Java: flexible.QuorumVerifier, QuorumMaj, QuorumHierarchical, QuorumOracleMaj */
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
    /* Held by the configuration, by the peer, and by the thread that makes a new one. */
    struct zk_refcount refs;
    struct zk_context *ctx;
    enum quorum_kind kind;
    int64_t version;

    /* Members in Java's HashMap order; sets in ascending order. */
    struct quorum_server *members;
    size_t member_count;
    struct long_set voting;
    struct long_set observing;
    /* In the order in which Java's HashSet iterates a copy of the voters, and in which
     * sendNotifications tells them. */
    int64_t *voters_in_java_order;

    /* QUORUM_HIERARCHICAL */
    struct qv_group *groups; /* in the order in which Java prints them */
    size_t group_count;
    /* Of those servers that have one, in the order in which Java prints them. */
    struct qv_weight *weights;
    size_t weight_count;
    int64_t counted_groups; /* groups whose weight is not 0 */

    /* QUORUM_ORACLE_MAJ */
    char *oracle_path;
    /* 1 or 0; 1 at first. Nothing else of a verifier changes, so it stands in memory of its own:
     * the verifier itself is const for all who ask it. Java: needOracle */
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

/* How a configuration is read. */
struct qv_options {
    bool config_backward_compatible; /* other keys are ignored (zoo.cfg) instead of refused */
    bool from_file; /* warnings about 1, 2 and even numbers of servers are logged, and names are
                     * looked up, which blocks on the name service */
    bool standalone_enabled; /* as in zoo.cfg */
    const char *oracle_path; /* NULL: there is no oracle */
};

/* Makes a verifier from properties that hold server., group, weight and version keys. On success
 * *ret_qv is a reference for the caller, and never NULL: without servers (and with
 * standalone_enabled) it is a verifier without members, whose version counts as in Java. Errors:
 * -EINVAL; *ret_error, which the caller frees, is in Java's words, and *ret_line is the line at
 * fault, or 0. Nothing in the properties can do worse than that: what is an unchecked exception in
 * Java is such an error, too (D-33).
 * Java: QuorumPeerConfig.parseDynamicConfig(), createQuorumVerifier() */
ZK_NODISCARD int qv_parse_dynamic_config(struct zk_context *ctx,
                                         const struct zk_properties *properties,
                                         const struct qv_options *options,
                                         struct quorum_verifier **ret_qv, char **ret_error,
                                         int *ret_line);

/* The same for the config text of a notification, which is no file and has no other keys, whatever
 * options says. Never blocks: names stay unresolved (D-31).
 * Java: QuorumPeer.configFromString() */
ZK_NODISCARD int qv_from_string(struct zk_context *ctx, const char *text, size_t length,
                                const struct qv_options *options, struct quorum_verifier **ret_qv,
                                char **ret_error);

struct quorum_verifier *qv_ref(struct quorum_verifier *qv);
void qv_unref(struct quorum_verifier *qv); /* NULL is fine */

/* Returns the weight of sid; an unknown one weighs 0 in a hierarchy (D-15) and 1 in a majority.
 * Java: getWeight() */
int64_t qv_get_weight(const struct quorum_verifier *qv, int64_t sid);

/* Returns whether acks is a quorum. A sid that is no voter does not count. With an oracle it may
 * read the oracle's file. Java: containsQuorum() */
bool qv_contains_quorum(const struct quorum_verifier *qv, const struct long_set *acks);

/* Returns the member sid, which stays qv's, or NULL if there is none.
 * Java: getAllMembers().get() */
const struct quorum_server *qv_member(const struct quorum_verifier *qv, int64_t sid);
bool qv_is_voter(const struct quorum_verifier *qv, int64_t sid);

/* Returns the text of the configuration, as in notifications; it lives as long as qv.
 * Java: toString() */
const char *qv_to_string(const struct quorum_verifier *qv);

/* Returns whether a equals b, which is not symmetric (K-20). Kinds that cannot be compared are not
 * equal. Otherwise equal versions are enough; where the versions differ, members, groups and
 * weights must be the same.
 * Java: QuorumVerifier.equals() */
bool qv_equal(const struct quorum_verifier *a, const struct quorum_verifier *b);

/* Each returns a new verifier with the same members, as a reference for the caller. The first has
 * another version. In the second the member sid, which has no client address in qv, has addr. */
struct quorum_verifier *qv_with_version(const struct quorum_verifier *qv, int64_t version);
struct quorum_verifier *qv_with_static_client_addr(const struct quorum_verifier *qv, int64_t sid,
                                                   const struct inet_address *addr);

/* Returns whether the oracle is needed; false for the other kinds. Java: getNeedOracle() */
bool qv_get_need_oracle(const struct quorum_verifier *qv);
/* Returns what the oracle says: it reads the first character of its file, where '1' means yes, and
 * any failure means no. False for the other kinds. Blocks on the disk. Java: askOracle() */
bool qv_ask_oracle(const struct quorum_verifier *qv);
/* Decides anew whether the oracle is needed: it is in an ensemble of two voters while no learner is
 * in step with the leader. forwarding holds the learners that are. The other kinds stay as they
 * are. Main thread of a leader, and its handlers.
 * Java: updateNeedOracle() */
void qv_update_need_oracle(const struct quorum_verifier *qv, const struct long_set *forwarding);
/* Updates the need as above; if the oracle is needed, returns what it says, otherwise false. Blocks
 * on the disk. Java: overrideQuorumDecision() */
bool qv_override_quorum_decision(const struct quorum_verifier *qv,
                                 const struct long_set *forwarding);

#endif
