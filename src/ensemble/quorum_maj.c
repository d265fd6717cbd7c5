/* More than half of the voters. Java: flexible.QuorumMaj */

#include "ensemble/quorum_verifier_internal.h"

/* Java: QuorumMaj(Properties) */
int quorum_maj_parse(struct qv_builder *builder)
{
    const struct zk_properties *properties = builder->source->properties;
    for (size_t i = 0; i < properties->count; i++) {
        int r = qv_builder_add(builder, &properties->items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Java: QuorumMaj.containsQuorum(). Java counts the whole set, and each of its callers lets only
 * voters in; here only voters are counted, so that no caller can forget. */
bool quorum_maj_contains_quorum(const struct quorum_verifier *qv, const struct long_set *acks)
{
    size_t voters = 0;
    for (size_t i = 0; i < acks->count; i++) {
        if (long_set_has(&qv->voting, acks->items[i]))
            voters++;
    }
    return voters > qv->voting.count / 2;
}

/* Java: QuorumMaj.toString() */
void quorum_maj_append(const struct quorum_verifier *qv, struct zk_str *str)
{
    for (size_t i = 0; i < qv->member_count; i++) {
        zk_str_append(str, "server.");
        zk_str_append_long(str, qv->members[i].id);
        zk_str_append(str, "=");
        quorum_server_append(&qv->members[i], str);
        zk_str_append(str, "\n");
    }
}
