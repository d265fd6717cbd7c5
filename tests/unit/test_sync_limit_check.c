/* Which of a learner's unacknowledged proposals counts, and since when. */
#include "zab/sync_limit_check.h"

#include <stdlib.h>
#include <string.h>

#include "zk_test.h"

enum { LIMIT_MS = 1000 };

static bool in_time(const struct sync_limit_check *check, int64_t time_ms)
{
    return sync_limit_check_check(check, time_ms, LIMIT_MS);
}

static void proposal_sent_before_the_start_does_not_count(void **state)
{
    (void)state;
    struct sync_limit_check check = {0};
    sync_limit_check_update_proposal(&check, 5, 0);
    sync_limit_check_start(&check);
    assert_true(in_time(&check, 1000000));
}

static void proposal_without_its_ack_is_late_after_the_limit(void **state)
{
    (void)state;
    struct sync_limit_check check = {0};
    sync_limit_check_start(&check);
    sync_limit_check_update_proposal(&check, 5, 100);
    assert_true(in_time(&check, 1099));
    assert_false(in_time(&check, 1100));
    /* Later ones are not what is waited for. */
    sync_limit_check_update_proposal(&check, 6, 1100);
    assert_false(in_time(&check, 1101));
}

static void newest_proposal_takes_the_place_of_the_acknowledged_one(void **state)
{
    (void)state;
    struct sync_limit_check check = {0};
    sync_limit_check_start(&check);
    sync_limit_check_update_proposal(&check, 5, 100);
    sync_limit_check_update_proposal(&check, 6, 200);
    sync_limit_check_update_proposal(&check, 7, 300);

    sync_limit_check_update_ack(&check, NULL, 5);
    assert_true(in_time(&check, 1299));
    assert_false(in_time(&check, 1300));
    /* 6 is not watched; 7 is. */
    sync_limit_check_update_ack(&check, NULL, 6);
    assert_false(in_time(&check, 1300));
    sync_limit_check_update_ack(&check, NULL, 7);
    assert_true(in_time(&check, 1000000));
}

static void ack_out_of_order_is_said_and_ends_the_wait_for_that_one_alone(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    struct sync_limit_check check = {0};
    sync_limit_check_start(&check);
    sync_limit_check_update_proposal(&check, 5, 100);
    sync_limit_check_update_proposal(&check, 6, 200);

    sync_limit_check_update_ack(&check, capture.ctx, 6);

    char *log = test_captured_log(&capture);
    assert_non_null(strstr(log, "ACK for 0x6 received before ACK for 0x5"));
    free(log);
    assert_false(in_time(&check, 1100));
    sync_limit_check_update_ack(&check, capture.ctx, 5);
    assert_true(in_time(&check, 1100));
    test_capture_done(&capture);
}

/* Of those that come out of order all the time the 1st, 2nd, 4th ... have a line (D-334). */
static void acks_out_of_order_do_not_fill_the_log(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    struct sync_limit_check check = {0};
    sync_limit_check_start(&check);
    sync_limit_check_update_proposal(&check, 5, 100);
    for (int64_t zxid = 6; zxid <= 9; zxid++) {
        sync_limit_check_update_proposal(&check, zxid, 200);
        sync_limit_check_update_ack(&check, capture.ctx, zxid);
    }

    char *log = test_captured_log(&capture);
    assert_non_null(strstr(log, "ACK for 0x6 "));
    assert_non_null(strstr(log, "ACK for 0x7 "));
    assert_null(strstr(log, "ACK for 0x8 "));
    assert_non_null(strstr(log, "ACK for 0x9 "));
    free(log);
    test_capture_done(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proposal_sent_before_the_start_does_not_count),
        cmocka_unit_test(proposal_without_its_ack_is_late_after_the_limit),
        cmocka_unit_test(newest_proposal_takes_the_place_of_the_acknowledged_one),
        cmocka_unit_test(ack_out_of_order_is_said_and_ends_the_wait_for_that_one_alone),
        cmocka_unit_test(acks_out_of_order_do_not_fill_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
