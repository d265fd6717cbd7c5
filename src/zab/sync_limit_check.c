/* Which of a learner's unacknowledged proposals is watched. Java: LearnerHandler.SyncLimitCheck */
#include "zab/sync_limit_check.h"

#include "zk/runtime/log_table.h"

/* Java: start() */
void sync_limit_check_start(struct sync_limit_check *check)
{
    check->started = true;
}

/* Java: updateProposal() */
void sync_limit_check_update_proposal(struct sync_limit_check *check, int64_t zxid, int64_t time_ms)
{
    if (!check->started)
        return;
    if (check->current_zxid == 0) {
        check->current_zxid = zxid;
        check->current_time_ms = time_ms;
    } else {
        check->next_zxid = zxid;
        check->next_time_ms = time_ms;
    }
}

/* Java: updateAck() */
void sync_limit_check_update_ack(struct sync_limit_check *check, struct zk_context *ctx,
                                 int64_t zxid)
{
    if (check->current_zxid == zxid) {
        check->current_zxid = check->next_zxid;
        check->current_time_ms = check->next_time_ms;
        check->next_zxid = 0;
    } else if (check->next_zxid == zxid) {
        if (zk_log_is_due(++check->early_acks))
            zk_log(ctx, ZK_LOG_ACK_BEFORE_ACK, zxid, check->current_zxid);
        check->next_zxid = 0;
    }
}

/* Java: check() */
bool sync_limit_check_check(const struct sync_limit_check *check, int64_t time_ms,
                            int64_t sync_timeout_ms)
{
    return check->current_zxid == 0 || time_ms - check->current_time_ms < sync_timeout_ms;
}
