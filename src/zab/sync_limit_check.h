/* How long a follower has owed the leader an ACK. Of all proposals that it has not acknowledged yet
 * two are watched, one at a time: the oldest that was noted, and the newest that was sent since
 * then. When the first is acknowledged, the second takes its place. So one number per learner is
 * enough to notice within syncLimit ticks that it answers pings and yet stores nothing.
 *
 * A value without a lock; its owner has one. Times are zk_elapsed_ms.
 *
 * Java: LearnerHandler.SyncLimitCheck */
#ifndef ZAB_SYNC_LIMIT_CHECK_H
#define ZAB_SYNC_LIMIT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

struct zk_context;

/* All zero: not started, nothing is owed. No proposal has the zxid 0. */
struct sync_limit_check {
    bool started;
    int64_t current_zxid; /* 0: nothing is owed */
    int64_t current_time_ms;
    int64_t next_zxid; /* 0: nothing was sent behind the current one */
    int64_t next_time_ms;
    int64_t early_acks; /* those that overtook the watched one */
};

/* Java: start(). The learner has acknowledged NEWLEADER; what it was sent before does not count. */
void sync_limit_check_start(struct sync_limit_check *check);

/* Java: updateProposal(). A PROPOSAL is about to be written. */
void sync_limit_check_update_proposal(struct sync_limit_check *check, int64_t zxid,
                                      int64_t time_ms);

/* Java: updateAck(). An ACK has come. Those that overtake the watched proposal are logged
 * (D-334). */
void sync_limit_check_update_ack(struct sync_limit_check *check, struct zk_context *ctx,
                                 int64_t zxid);

/* Java: check(). Returns false if the watched proposal has waited for sync_timeout_ms or longer. */
bool sync_limit_check_check(const struct sync_limit_check *check, int64_t time_ms,
                            int64_t sync_timeout_ms);

#endif
