/* A burst of proposals gathers while the disk is at work: when a follower waits, and that it
 * never waits for long. Java reads each packet as it comes. */
#include "zk/zab/follower.h"

#include "learner_stage.h"
#include "outside.h"
#include "txns.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/server_metrics.h"
#include "zk_test.h"

enum { BURST = 16 };

static bool is_burst_heard(void *arg)
{
    const struct learner_stage *stage = arg;
    struct server_metrics_values values = server_metrics_get(stage->peer.self->metrics);
    return values.counters[SERVER_METRICS_LEARNER_PROPOSAL_RECEIVED_COUNT] == BURST;
}

static bool has_waited(void *arg)
{
    (void)arg;
    return outside_seen().timed_waits > 0;
}

static void begin(struct learner_stage *stage)
{
    learner_stage_start_synced(stage);
    outside_watch("QuorumPeer");
    outside_hold(OUTSIDE_FDATASYNC);
}

static void propose(struct learner_stage *stage, int count)
{
    for (int i = 1; i <= count; i++)
        learner_stage_send_txn(stage, LEADER_PROPOSAL, txn_error(EPOCH_1_ZXID + i));
}

static void finish(struct learner_stage *stage, int count)
{
    outside_release();
    for (int i = 1; i <= count; i++)
        learner_stage_expect_ack(stage, EPOCH_1_ZXID + i);
    scripted_peer_hang_up(stage->leader);
    assert_true(testing_peer_join(&stage->peer) < 0);
    learner_stage_finish(stage);
}

static void sixteen_proposals_on_their_way_to_the_disk_let_the_next_ones_gather(void **state)
{
    (void)state;
    struct learner_stage stage;
    begin(&stage);
    propose(&stage, BURST);
    test_await(has_waited, NULL);
    finish(&stage, BURST);
}

static void fifteen_do_not(void **state)
{
    (void)state;
    struct learner_stage stage;
    begin(&stage);
    propose(&stage, BURST - 1);
    learner_stage_assert_still_there(&stage);
    assert_int_equal(outside_seen().timed_waits, 0);
    finish(&stage, BURST - 1);
}

/* The disk never answers, so it is time that ends the wait: a leader that hears no answer to its
 * PINGs takes the follower for dead. */
static void ping_is_answered_while_the_disk_is_at_work(void **state)
{
    (void)state;
    struct learner_stage stage;
    begin(&stage);
    propose(&stage, BURST);
    test_await(is_burst_heard, &stage); /* from here on the PING comes behind the wait's begin */
    learner_stage_assert_still_there(&stage);
    finish(&stage, BURST);
}

#define TEST(test) cmocka_unit_test_teardown(test, outside_restore)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sixteen_proposals_on_their_way_to_the_disk_let_the_next_ones_gather),
        TEST(fifteen_do_not),
        TEST(ping_is_answered_while_the_disk_is_at_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
