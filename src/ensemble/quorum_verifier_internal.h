/* How a verifier is put together. Internal to the floor ensemble: outside, a verifier is only
 * asked. */
#ifndef ZK_ENSEMBLE_QUORUM_VERIFIER_INTERNAL_H
#define ZK_ENSEMBLE_QUORUM_VERIFIER_INTERNAL_H

#include "zk/ensemble/quorum_verifier.h"

/* Java has no limits here. Ours keep the work bounded that one config text from the wire can cause
 * (D-42). */
enum { QV_MEMBER_LIMIT = 4096 };

/* What a verifier is made from, and where errors go. */
struct qv_source {
    struct zk_context *ctx;
    const struct zk_properties *properties;
    bool resolve;     /* look names up (BLOCKS) */
    char **ret_error; /* Java's words */
    int *ret_line;    /* where they belong; 0 if nowhere */
};

/* Java: QuorumPeerConfig.createQuorumVerifier(). */
ZK_NODISCARD int qv_create(const struct qv_source *source, bool is_hierarchical,
                           const char *oracle_path, struct quorum_verifier **ret_qv);

/* Does any key ask for groups and weights? */
bool qv_is_hierarchical(const struct zk_properties *properties);

/* The members while lines are read, in order of insertion: Java's HashMap order needs to know it.
 */
struct qv_builder {
    const struct qv_source *source;
    struct quorum_verifier *qv;
    struct quorum_server *members; /* room for one a line, or for the limit */
    int *member_lines;
    size_t member_count;
    int64_t *voters; /* moves into the verifier */
    size_t voter_count;
};

/* Java's branches "server." and "version" that QuorumMaj and QuorumHierarchical have in common.
 */
ZK_NODISCARD int qv_builder_add(struct qv_builder *builder, const struct zk_property *property);
/* The number after the first dot of a key; after its start if there is none. */
ZK_NODISCARD int qv_parse_key_id(const struct qv_source *source, const struct zk_property *property,
                                 int64_t *ret_id);

/* Java: QuorumMaj(Properties) */
ZK_NODISCARD int quorum_maj_parse(struct qv_builder *builder);
/* Java: QuorumHierarchical.parse() */
ZK_NODISCARD int quorum_hierarchical_parse(struct qv_builder *builder);

/* Java: QuorumVerifier.containsQuorum(), each kind's own. */
bool quorum_maj_contains_quorum(const struct quorum_verifier *qv, const struct long_set *acks);
bool quorum_hierarchical_contains_quorum(const struct quorum_verifier *qv,
                                         const struct long_set *acks);
bool quorum_oracle_maj_contains_quorum(const struct quorum_verifier *qv,
                                       const struct long_set *acks);

/* Java: QuorumVerifier.toString(), each kind's own, without the version line that ends all of them.
 */
void quorum_maj_append(const struct quorum_verifier *qv, struct zk_str *str);
void quorum_hierarchical_append(const struct quorum_verifier *qv, struct zk_str *str);

/* What QuorumHierarchical compares beyond the members. */
bool quorum_hierarchical_equal(const struct quorum_verifier *a, const struct quorum_verifier *b);
int64_t quorum_hierarchical_get_weight(const struct quorum_verifier *qv, int64_t sid);
void quorum_hierarchical_copy(struct quorum_verifier *qv, const struct quorum_verifier *from);
void quorum_hierarchical_done(struct quorum_verifier *qv);

#endif
