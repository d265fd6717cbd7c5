/* What becomes of a learner when what it sends does not leave. Java: SendAckRequestProcessor,
 * Learner.request() */
#include <errno.h>

#include "learner_stage.h"
#include "outside.h"
#include "txns.h"
#include "zk/runtime/clock.h"
#include "zk_test.h"

enum { TICK_MS = 100, LONG_TICKS = 1000 };

static bool is_held(void *arg)
{
    (void)arg;
    return outside_held() > 0;
}

/* The main thread sleeps in its read, and the leader is still there: it would sleep for syncLimit,
 * while nobody acknowledges anything any more. */
static void an_ack_that_does_not_leave_ends_the_read(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.tick_time_ms = TICK_MS;
    options.sync_limit = LONG_TICKS;
    learner_stage_start_synced_with(&stage, &options);
    int64_t start_ms = zk_elapsed_ms();
    outside_hold(OUTSIDE_FDATASYNC);
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_error(EPOCH_1_ZXID + 1));
    test_await(is_held, NULL);
    outside_fail(OUTSIDE_SEND, EPIPE, 0, 1);
    outside_release();
    assert_true(testing_peer_join(&stage.peer) < 0);
    assert_true(zk_elapsed_ms() - start_ms < TICK_MS * LONG_TICKS / 2);
    assert_int_equal(outside_failures(OUTSIDE_SEND), 1);
    learner_stage_finish(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_ack_that_does_not_leave_ends_the_read, outside_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
