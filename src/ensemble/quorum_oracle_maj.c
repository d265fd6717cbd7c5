/* Two voters, and a file that may break the tie: when one of the two is gone no majority is left,
 * and the oracle, a file that a failure detector outside keeps up to date, says whether the other
 * may go on alone (ZOOKEEPER-3922). Java: flexible.QuorumOracleMaj */
#include <errno.h>

#include "ensemble/quorum_verifier_internal.h"
#include "zk/base/error.h"
#include "zk/io/file.h"
#include "zk/io/stream.h"
#include "zk/runtime/log_table.h"

/* Java: QuorumOracleMaj.containsQuorum() */
bool quorum_oracle_maj_contains_quorum(const struct quorum_verifier *qv,
                                       const struct long_set *acks)
{
    if (quorum_maj_contains_quorum(qv, acks))
        return true;
    if (qv->voting.count > 2)
        return false;
    return qv_get_need_oracle(qv) && qv_ask_oracle(qv);
}

/* Java: QuorumOracleMaj.getNeedOracle() */
bool qv_get_need_oracle(const struct quorum_verifier *qv)
{
    if (qv->kind != QUORUM_ORACLE_MAJ)
        return false;
    return zk_atomic_long_get(qv->need_oracle) != 0;
}

static int read_answer(const char *path, char *ret_answer)
{
    int fd;
    int r = file_open_read(path, &fd);
    if (r < 0)
        return r;
    struct zk_input *input = zk_input_new_fd(fd);
    r = zk_input_read(input, ret_answer, 1);
    zk_input_free(input);
    file_close(fd);
    return r;
}

/* Java: QuorumOracleMaj.askOracle() */
bool qv_ask_oracle(const struct quorum_verifier *qv)
{
    if (qv->kind != QUORUM_ORACLE_MAJ)
        return false;
    char answer = '0';
    int r = read_answer(qv->oracle_path, &answer);
    if (r < 0) {
        zk_log(qv->ctx, ZK_LOG_ORACLE_UNREADABLE, qv->oracle_path,
               r == -EPIPE ? "it is empty" : zk_error_text(r).text);
        return false;
    }
    return answer == '1';
}

/* Java: QuorumOracleMaj.updateNeedOracle() */
void qv_update_need_oracle(const struct quorum_verifier *qv, const struct long_set *forwarding)
{
    if (qv->kind != QUORUM_ORACLE_MAJ)
        return;
    zk_atomic_long_set(qv->need_oracle, forwarding->count == 0 && qv->voting.count == 2);
}

/* Java: QuorumOracleMaj.overrideQuorumDecision() */
bool qv_override_quorum_decision(const struct quorum_verifier *qv,
                                 const struct long_set *forwarding)
{
    qv_update_need_oracle(qv, forwarding);
    return qv_get_need_oracle(qv) && qv_ask_oracle(qv);
}
