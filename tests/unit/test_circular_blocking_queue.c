#include "zk_test.h"

#include <errno.h>
#include <stdlib.h>

#include "outside.h"
#include "zk/base/alloc.h"
#include "zk/runtime/circular_blocking_queue.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"

/* A queue of two numbers on the heap, so that the sanitizer sees who frees. */
struct stage {
    struct test_capture capture;
    struct zk_thread_group *group;
    struct circular_blocking_queue *queue;
    int64_t ticket;
    int poll_result; /* written by a thread, read after it was joined */
    int taken;
};

static int setup(void **state)
{
    static struct stage stage;
    stage = (struct stage){.capture = test_capture_new()};
    stage.group = zk_thread_group_new(stage.capture.ctx);
    stage.queue = cbq_new(stage.capture.ctx, "votes", 2, free);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    outside_restore(state);
    zk_thread_group_free(stage->group);
    cbq_free(stage->queue);
    test_capture_done(&stage->capture);
    return 0;
}

static void offer(struct stage *stage, int number)
{
    int *item = zk_xmalloc(sizeof *item);
    *item = number;
    cbq_offer(stage->queue, item);
}

/* The next number, which must be there. */
static int take(struct stage *stage)
{
    void *item = NULL;
    assert_int_equal(cbq_poll(stage->queue, 0, &item), 0);
    int number = *(int *)item;
    free(item);
    return number;
}

/* CNX-12 */
static void cnx_12_a_full_queue_drops_its_oldest_and_counts(void **state)
{
    struct stage *stage = *state;

    offer(stage, 1);
    offer(stage, 2);
    assert_int_equal(cbq_dropped_count(stage->queue), 0);
    offer(stage, 3);

    assert_int_equal(cbq_dropped_count(stage->queue), 1);
    assert_int_equal(cbq_size(stage->queue), 2);
    assert_int_equal(take(stage), 2);
    assert_int_equal(take(stage), 3);
    assert_true(cbq_is_empty(stage->queue));
}

/* CNX-12 */
static void cnx_12_a_queue_of_one_keeps_the_newest(void **state)
{
    struct stage *stage = *state;
    cbq_free(stage->queue);
    stage->queue = cbq_new(stage->capture.ctx, "votes", 1, free);

    for (int i = 1; i <= 5; i++)
        offer(stage, i);

    assert_int_equal(cbq_dropped_count(stage->queue), 4);
    assert_int_equal(take(stage), 5);
}

static void the_order_holds_around_the_end_of_the_ring(void **state)
{
    struct stage *stage = *state;
    offer(stage, 0);
    for (int i = 1; i < 20; i++) {
        offer(stage, i);
        assert_int_equal(take(stage), i - 1);
    }
    assert_int_equal(cbq_dropped_count(stage->queue), 0);
}

static void an_empty_queue_times_out(void **state)
{
    struct stage *stage = *state;
    void *item = stage;
    int64_t deadline_ms = zk_deadline_ms(20);

    assert_int_equal(cbq_poll(stage->queue, 0, &item), -ETIMEDOUT);
    assert_int_equal(cbq_poll(stage->queue, 20, &item), -ETIMEDOUT);

    assert_true(zk_elapsed_ms() >= deadline_ms);
    assert_ptr_equal(item, stage);
}

static void poll_for_ever(void *arg)
{
    struct stage *stage = arg;
    void *item = NULL;
    stage->poll_result = cbq_poll(stage->queue, INT64_MAX, &item);
    if (stage->poll_result == 0)
        stage->taken = *(int *)item;
    free(item);
}

static void an_offer_wakes_a_blocked_poller(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, poll_for_ever, stage, "poller"), 0);

    offer(stage, 42);
    zk_thread_group_join(stage->group);

    assert_int_equal(stage->poll_result, 0);
    assert_int_equal(stage->taken, 42);
}

/* Any wait on a condition may end for nothing; and whoever was woken for an element may find that
 * another thread has taken it. */
static void a_poller_that_wakes_for_nothing_waits_on(void **state)
{
    struct stage *stage = *state;
    void *item = stage;
    int64_t deadline_ms = zk_deadline_ms(20);
    outside_wake_for_nothing(3);

    assert_int_equal(cbq_poll(stage->queue, 20, &item), -ETIMEDOUT);

    assert_true(zk_elapsed_ms() >= deadline_ms);
    assert_ptr_equal(item, stage);
}

static void close_wakes_a_blocked_poller(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, poll_for_ever, stage, "poller"), 0);

    cbq_close(stage->queue);
    zk_thread_group_join(stage->group);

    assert_int_equal(stage->poll_result, -ECANCELED);
}

static void a_closed_queue_takes_and_gives_nothing(void **state)
{
    struct stage *stage = *state;
    void *item = NULL;
    offer(stage, 1);

    cbq_close(stage->queue);
    offer(stage, 2);

    assert_int_equal(cbq_poll(stage->queue, 0, &item), -ECANCELED);
    assert_int_equal(cbq_size(stage->queue), 1);
}

static void poll_with_ticket(void *arg)
{
    struct stage *stage = arg;
    void *item = NULL;
    stage->poll_result = cbq_poll_interruptibly(stage->queue, INT64_MAX, stage->ticket, &item);
    free(item);
}

static void a_wake_interrupts_a_poller_with_an_older_ticket(void **state)
{
    struct stage *stage = *state;
    stage->ticket = cbq_ticket(stage->queue);
    assert_int_equal(zk_thread_group_start(stage->group, poll_with_ticket, stage, "poller"), 0);

    cbq_wake(stage->queue);
    zk_thread_group_join(stage->group);

    assert_int_equal(stage->poll_result, -EINTR);
}

static void an_interrupted_poller_leaves_the_elements_to_its_successor(void **state)
{
    struct stage *stage = *state;
    void *item = NULL;
    int64_t ticket = cbq_ticket(stage->queue);
    offer(stage, 7);

    cbq_wake(stage->queue);

    assert_int_equal(cbq_poll_interruptibly(stage->queue, 0, ticket, &item), -EINTR);
    assert_int_equal(cbq_poll_interruptibly(stage->queue, 0, cbq_ticket(stage->queue), &item), 0);
    assert_int_equal(*(int *)item, 7);
    free(item);
}

static void the_trace_names_the_element_that_was_dropped(void **state)
{
    struct stage *stage = *state;
    for (int i = 1; i <= 3; i++)
        offer(stage, i);
    take(stage);

    char *text = test_captured_trace(&stage->capture);
    assert_non_null(
        strstr(text, "\"ev\":\"enq\",\"q\":\"votes\",\"seq\":2,\"len\":2,\"dropped\":0"));
    assert_non_null(
        strstr(text, "\"ev\":\"enq\",\"q\":\"votes\",\"seq\":3,\"len\":2,\"dropped\":1"));
    assert_non_null(strstr(text, "\"ev\":\"deq\",\"q\":\"votes\",\"seq\":2,\"len\":1"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cnx_12_a_full_queue_drops_its_oldest_and_counts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(cnx_12_a_queue_of_one_keeps_the_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(the_order_holds_around_the_end_of_the_ring, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_empty_queue_times_out, setup, teardown),
        cmocka_unit_test_setup_teardown(an_offer_wakes_a_blocked_poller, setup, teardown),
        cmocka_unit_test_setup_teardown(a_poller_that_wakes_for_nothing_waits_on, setup, teardown),
        cmocka_unit_test_setup_teardown(close_wakes_a_blocked_poller, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_queue_takes_and_gives_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wake_interrupts_a_poller_with_an_older_ticket, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_poller_leaves_the_elements_to_its_successor,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_trace_names_the_element_that_was_dropped, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
