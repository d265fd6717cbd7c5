#include "zk_test.h"

#include <stdlib.h>
#include <string.h>

#include "sleep_ms.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/circular_blocking_queue.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/thread_dump.h"

/* A context that keeps what a dump tells, one lock, one queue. */
struct stage {
    struct zk_context *ctx;
    struct zk_thread_group *group;
    struct zk_mutex mu;
    struct blocking_queue *queue;
    struct zk_stop stop;
    const char *wanted; /* words for is_in_dump */
};

static int setup(void **state)
{
    static struct stage stage;
    struct zk_context_options options = zk_context_options_default();
    options.log_fd = -1;
    options.thread_dump = true;
    stage = (struct stage){.ctx = zk_context_new(&options)};
    zk_context_set_myid(stage.ctx, 7);
    stage.group = zk_thread_group_new(stage.ctx);
    zk_mutex_init(&stage.mu, stage.ctx, "the leader's lock", 10);
    stage.queue = bq_new(stage.ctx, "letters", 5, free);
    zk_stop_init(&stage.stop, stage.ctx, "test.stop");
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    bq_close(stage->queue);
    zk_stop_request(&stage->stop);
    zk_thread_group_free(stage->group);
    zk_stop_destroy(&stage->stop);
    bq_free(stage->queue);
    zk_mutex_destroy(&stage->mu);
    zk_context_free(stage->ctx);
    return 0;
}

static bool is_in_dump(void *arg)
{
    struct stage *stage = arg;
    struct zk_str text = {0};
    zk_thread_dump(stage->ctx, &text);
    bool found = strstr(zk_str_text(&text), stage->wanted) != NULL;
    zk_str_done(&text);
    return found;
}

static void await_in_dump(struct stage *stage, const char *wanted)
{
    stage->wanted = wanted;
    test_await(is_in_dump, stage);
}

static void take_from_queue(void *arg)
{
    struct stage *stage = arg;
    void *item = NULL;
    while (bq_poll(stage->queue, INT64_MAX, &item) == 0)
        free(item);
}

static void take_and_give_back(void *arg)
{
    struct stage *stage = arg;
    zk_mutex_lock(&stage->mu);
    zk_mutex_unlock(&stage->mu);
}

static void hold_until_stopped(void *arg)
{
    struct stage *stage = arg;
    zk_mutex_lock(&stage->mu);
    zk_stop_sleep(&stage->stop, INT64_MAX);
    zk_mutex_unlock(&stage->mu);
}

static void a_dump_of_one_thread_names_it_the_queue_and_the_locks(void **state)
{
    struct stage *stage = *state;
    struct zk_str text = {0};
    bq_put(stage->queue, zk_str_take(&(struct zk_str){0}));

    zk_thread_dump(stage->ctx, &text);

    assert_non_null(strstr(text.text, "Full thread dump of peer 7\n"));
    assert_non_null(strstr(text.text, "\"main\"\n    runs\n"));
    assert_non_null(strstr(text.text, "letters: 1 of at most 5 elements\n"));
    assert_non_null(strstr(text.text, "the leader's lock (rank 10): free\n"));
    assert_non_null(strstr(text.text, "---- End of the thread dump\n"));
    zk_str_done(&text);
}

static void locks_stand_in_the_order_in_which_they_may_be_taken(void **state)
{
    struct stage *stage = *state;
    struct zk_mutex outer, inner;
    struct zk_str text = {0};
    zk_mutex_init(&inner, stage->ctx, "inner", 119);
    zk_mutex_init(&outer, stage->ctx, "outer", 1);

    zk_thread_dump(stage->ctx, &text);

    const char *first = strstr(text.text, "outer (rank 1)");
    const char *second = strstr(text.text, "the leader's lock (rank 10)");
    const char *third = strstr(text.text, "letters (rank 110)");
    const char *last = strstr(text.text, "inner (rank 119)");
    assert_true(first != NULL && first < second && second < third && third < last);
    zk_str_done(&text);
    zk_mutex_destroy(&outer);
    zk_mutex_destroy(&inner);
}

static void a_thread_that_waits_for_an_element_is_told_at_the_queue(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, take_from_queue, stage, "WorkerSender"),
                     0);

    await_in_dump(stage, "\"WorkerSender\"\n    waits on a condition of lock letters\n");
    await_in_dump(stage, "letters: 0 of at most 5 elements, waited for by \"WorkerSender\"\n");
}

static void a_thread_that_has_got_its_element_waits_no_more(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, take_from_queue, stage, "taker"), 0);
    await_in_dump(stage, "waited for by \"taker\"");
    bq_close(stage->queue);
    zk_thread_group_join(stage->group);

    stage->wanted = "taker";
    assert_false(is_in_dump(stage));
}

static void a_lock_shows_its_holder_and_who_wants_it(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, hold_until_stopped, stage, "holder"), 0);
    await_in_dump(stage, "\"holder\"\n    waits on a condition of lock test.stop\n"
                         "    holds lock the leader's lock (rank 10)\n");
    assert_int_equal(zk_thread_group_start(stage->group, take_and_give_back, stage, "wants it"), 0);

    await_in_dump(stage, "\"wants it\"\n    waits for lock the leader's lock\n");
    await_in_dump(stage,
                  "the leader's lock (rank 10): held by \"holder\"; waiting: \"wants it\"\n");
}

static void a_thread_that_has_waited_runs_again(void **state)
{
    struct stage *stage = *state;

    zk_stop_sleep(&stage->stop, 1);

    stage->wanted = "\"main\"\n    runs\n";
    assert_true(is_in_dump(stage));
}

static void hold_and_run(void *arg)
{
    struct stage *stage = arg;
    zk_mutex_lock(&stage->mu);
    while (!zk_stop_requested(&stage->stop))
        sleep_ms(1); /* which the registry does not know of */
    zk_mutex_unlock(&stage->mu);
}

static void a_thread_that_has_got_its_lock_runs_again(void **state)
{
    struct stage *stage = *state;
    zk_mutex_lock(&stage->mu);
    assert_int_equal(zk_thread_group_start(stage->group, hold_and_run, stage, "runner"), 0);
    await_in_dump(stage, "\"runner\"\n    waits for lock the leader's lock\n");

    zk_mutex_unlock(&stage->mu);

    await_in_dump(stage, "\"runner\"\n    runs\n    holds lock the leader's lock (rank 10)\n");
}

static void a_lock_that_is_gone_leaves_the_others_in_the_dump(void **state)
{
    struct stage *stage = *state;
    struct zk_mutex first, second, third;
    zk_mutex_init(&first, stage->ctx, "first", 20);
    zk_mutex_init(&second, stage->ctx, "second", 21);
    zk_mutex_init(&third, stage->ctx, "third", 22);
    zk_mutex_destroy(&second);

    stage->wanted = "first (rank 20): free\nthird (rank 22): free\n";
    assert_true(is_in_dump(stage));

    zk_mutex_destroy(&third);
    stage->wanted = "first (rank 20): free\nletters (rank 110)";
    assert_true(is_in_dump(stage));
    zk_mutex_destroy(&first);
}

static void wait_for_group(void *arg)
{
    zk_thread_group_join(arg);
}

static void a_thread_that_waits_for_a_group_says_so(void **state)
{
    struct stage *stage = *state;
    struct zk_thread_group *inner = zk_thread_group_new(stage->ctx);
    assert_int_equal(zk_thread_group_start(inner, take_from_queue, stage, "inner thread"), 0);
    assert_int_equal(zk_thread_group_start(stage->group, wait_for_group, inner, "joiner"), 0);

    await_in_dump(stage, "\"joiner\"\n    waits on a condition of lock thread group\n");

    bq_close(stage->queue);
    zk_thread_group_join(stage->group);
    zk_thread_group_free(inner);
}

static void a_queue_that_forgets_is_in_the_dump_while_it_lives(void **state)
{
    struct stage *stage = *state;
    struct circular_blocking_queue *queue = cbq_new(stage->ctx, "queueSendMap[2]", 1, free);
    stage->wanted = "queueSendMap[2]: 0 of at most 1 elements\n";
    assert_true(is_in_dump(stage));

    cbq_free(queue);

    stage->wanted = "queueSendMap[2]";
    assert_false(is_in_dump(stage));
}

static void dump(void *arg)
{
    struct zk_str text = {0};
    zk_thread_dump(arg, &text);
}

static void a_context_that_keeps_nothing_gives_no_dump(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    test_expect_panic(dump, ctx, "thread_dump");
    zk_context_free(ctx);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_dump_of_one_thread_names_it_the_queue_and_the_locks),
        TEST(locks_stand_in_the_order_in_which_they_may_be_taken),
        TEST(a_thread_that_waits_for_an_element_is_told_at_the_queue),
        TEST(a_thread_that_has_got_its_element_waits_no_more),
        TEST(a_lock_shows_its_holder_and_who_wants_it),
        TEST(a_thread_that_has_waited_runs_again),
        TEST(a_thread_that_has_got_its_lock_runs_again),
        TEST(a_lock_that_is_gone_leaves_the_others_in_the_dump),
        TEST(a_thread_that_waits_for_a_group_says_so),
        TEST(a_queue_that_forgets_is_in_the_dump_while_it_lives),
        cmocka_unit_test(a_context_that_keeps_nothing_gives_no_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
