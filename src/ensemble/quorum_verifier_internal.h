/* How a verifier is put together. Outside this floor a verifier is only asked. */
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
    bool resolve;     /* look names up, which blocks */
    char **ret_error; /* Java's words */
    int *ret_line;    /* the line that they are about; 0 if none */
};

/* Java: QuorumPeerConfig.createQuorumVerifier(). */
ZK_NODISCARD int qv_create(const struct qv_source *source, bool is_hierarchical,
                           const char *oracle_path, struct quorum_verifier **ret_qv);

/* Returns whether any key asks for groups or weights. */
bool qv_is_hierarchical(const struct zk_properties *properties);

/* The members while lines are read, in order of insertion, from which the order of Java's HashMap
 * is computed. */
struct qv_builder {
    const struct qv_source *source;
    struct quorum_verifier *qv;
    struct quorum_server *members; /* room for one for each line, QV_MEMBER_LIMIT at most */
    int *member_lines;
    size_t member_count;
    int64_t *voters; /* moves into the verifier */
    size_t voter_count;
};

/* Takes a line if its key is server.N or version, and passes over any other. QuorumMaj and
 * QuorumHierarchical have this in common. Errors: -EINVAL. */
ZK_NODISCARD int qv_builder_add(struct qv_builder *builder, const struct zk_property *property);
/* Reads the number after the first dot of the key, or the whole key if it has no dot. */
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

/* Appends the text of the kind, without the line of the version, which ends all of them.
 * Java: QuorumVerifier.toString() */
void quorum_maj_append(const struct quorum_verifier *qv, struct zk_str *str);
void quorum_hierarchical_append(const struct quorum_verifier *qv, struct zk_str *str);

/* Returns whether groups and weights are the same; the members were compared before. */
bool quorum_hierarchical_equal(const struct quorum_verifier *a, const struct quorum_verifier *b);
int64_t quorum_hierarchical_get_weight(const struct quorum_verifier *qv, int64_t sid);
void quorum_hierarchical_copy(struct quorum_verifier *qv, const struct quorum_verifier *from);
void quorum_hierarchical_done(struct quorum_verifier *qv);

#endif
