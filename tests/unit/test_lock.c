#include "zk_test.h"

#include <pthread.h>

#include "sleep_ms.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/thread.h"

enum { OUTER_RANK = 10, INNER_RANK = 110 };

/* Two locks of different rank and one of the same rank as the second. */
struct locks {
    struct zk_context *ctx;
    struct zk_thread_group *group;
    struct zk_mutex leader;
    struct zk_mutex queue;
    struct zk_mutex other_queue;
    struct zk_cond cond;
    int counter; /* guarded by queue */
    bool flag;   /* guarded by queue */
};

static int setup_with(void **state, struct zk_context *ctx)
{
    static struct locks locks;
    locks = (struct locks){.ctx = ctx, .group = zk_thread_group_new(ctx)};
    zk_mutex_init(&locks.leader, ctx, "the leader's lock", OUTER_RANK);
    zk_mutex_init(&locks.queue, ctx, "a queue's lock", INNER_RANK);
    zk_mutex_init(&locks.other_queue, ctx, "another queue's lock", INNER_RANK);
    zk_cond_init(&locks.cond);
    *state = &locks;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, test_context());
}

static int setup_unchecked(void **state)
{
    struct zk_context_options options = zk_context_options_default();
    options.log_fd = -1;
    return setup_with(state, zk_context_new(&options));
}

static int teardown(void **state)
{
    struct locks *locks = *state;
    zk_thread_group_free(locks->group);
    zk_cond_destroy(&locks->cond);
    zk_mutex_destroy(&locks->leader);
    zk_mutex_destroy(&locks->queue);
    zk_mutex_destroy(&locks->other_queue);
    zk_context_free(locks->ctx);
    return 0;
}

static void take_in_wrong_order(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_lock(&locks->queue);
    zk_mutex_lock(&locks->leader);
}

static void take_twice(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_lock(&locks->queue);
    zk_mutex_lock(&locks->queue);
}

static void take_two_of_one_rank(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_lock(&locks->queue);
    zk_mutex_lock(&locks->other_queue);
}

static void unlock_only(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_unlock(&locks->queue);
}

static void unlock_in_another_thread(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_lock(&locks->queue);
    if (zk_thread_group_start(locks->group, unlock_only, locks, "Stranger:%d", 7) == 0)
        sleep_ms(TEST_PATIENCE_MS); /* the panic ends it */
}

static void wait_with_a_second_lock(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_lock(&locks->leader);
    zk_mutex_lock(&locks->queue);
    zk_cond_wait(&locks->cond, &locks->queue);
}

static void end_with_a_lock(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_lock(&locks->queue);
}

static void run_thread_that_keeps_a_lock(void *arg)
{
    struct locks *locks = arg;
    if (zk_thread_group_start(locks->group, end_with_a_lock, locks, "Keeper") == 0)
        zk_thread_group_join(locks->group);
}

static void locks_in_the_order_of_their_ranks_are_fine(void **state)
{
    struct locks *locks = *state;

    for (int i = 0; i < 3; i++) {
        zk_mutex_lock(&locks->leader);
        zk_mutex_lock(&locks->queue);
        zk_mutex_assert_held(&locks->leader);
        zk_mutex_assert_held(&locks->queue);
        zk_mutex_unlock(&locks->leader); /* not the last one taken: allowed */
        zk_mutex_unlock(&locks->queue);
    }
}

static void *take_and_give_back(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_lock(&locks->leader);
    zk_mutex_lock(&locks->queue);
    zk_mutex_unlock(&locks->queue);
    zk_mutex_unlock(&locks->leader);
    return NULL;
}

/* A thread of the system's own, say: of a library. */
static void a_thread_of_no_group_may_take_locks_in_order(void **state)
{
    struct locks *locks = *state;
    pthread_t guest;

    assert_int_equal(pthread_create(&guest, NULL, take_and_give_back, locks), 0);
    assert_int_equal(pthread_join(guest, NULL), 0);

    assert_int_equal(zk_thread_count(locks->ctx), 1);
    zk_mutex_lock(&locks->leader); /* nobody holds it */
    zk_mutex_unlock(&locks->leader);
}

static void *take_twice_as_a_guest(void *arg)
{
    take_twice(arg);
    return NULL;
}

static void run_guest_that_takes_twice(void *arg)
{
    pthread_t guest;
    if (pthread_create(&guest, NULL, take_twice_as_a_guest, arg) == 0)
        pthread_join(guest, NULL); /* the panic ends it */
}

static void a_thread_of_no_group_is_checked_as_any_other(void **state)
{
    test_expect_panic(run_guest_that_takes_twice, *state, "takes lock a queue's lock twice");
}

static void rank_inversion_panics_with_both_names_and_the_thread(void **state)
{
    test_expect_panic(take_in_wrong_order, *state,
                      "thread main takes lock the leader's lock (rank 10) while it holds lock "
                      "a queue's lock (rank 110)");
}

static void two_locks_of_one_rank_panic(void **state)
{
    test_expect_panic(take_two_of_one_rank, *state, "another queue's lock");
}

static void taking_a_lock_twice_panics(void **state)
{
    test_expect_panic(take_twice, *state, "thread main takes lock a queue's lock twice");
}

static void taking_a_lock_twice_panics_without_checks_too(void **state)
{
    test_expect_panic(take_twice, *state, "thread main takes twice lock a queue's lock");
}

static void rank_inversion_passes_without_checks(void **state)
{
    struct locks *locks = *state;

    take_in_wrong_order(locks);

    zk_mutex_unlock(&locks->leader);
    zk_mutex_unlock(&locks->queue);
}

#ifndef __SANITIZE_THREAD__ /* which reports it before we can */
static void destroy_what_is_held(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_lock(&locks->queue);
    zk_mutex_destroy(&locks->queue);
}

static void destroying_a_lock_that_is_held_panics(void **state)
{
    test_expect_panic(destroy_what_is_held, *state, "lock a queue's lock is destroyed while it is");
}
#endif

static void unlock_without_lock_panics(void **state)
{
    test_expect_panic(unlock_only, *state, "thread main does not hold lock a queue's lock");
}

static void unlock_by_another_thread_panics(void **state)
{
    test_expect_panic(unlock_in_another_thread, *state,
                      "thread Stranger:7 does not hold lock a queue's lock");
}

static void waiting_with_a_second_lock_panics(void **state)
{
    test_expect_panic(wait_with_a_second_lock, *state,
                      "waits on lock a queue's lock while it holds lock the leader's lock");
}

static void a_thread_that_ends_with_a_lock_panics(void **state)
{
    test_expect_panic(run_thread_that_keeps_a_lock, *state,
                      "thread Keeper ends and holds lock a queue's lock");
}

static void count_to_a_thousand(void *arg)
{
    struct locks *locks = arg;
    for (int i = 0; i < 1000; i++) {
        zk_mutex_lock(&locks->queue);
        locks->counter++;
        zk_mutex_unlock(&locks->queue);
    }
}

static void a_lock_keeps_threads_apart(void **state)
{
    struct locks *locks = *state;

    for (int i = 0; i < 4; i++)
        assert_int_equal(zk_thread_group_start(locks->group, count_to_a_thousand, locks, "%d", i),
                         0);
    zk_thread_group_join(locks->group);

    assert_int_equal(locks->counter, 4000);
}

static void wait_for_flag(void *arg)
{
    struct locks *locks = arg;
    zk_mutex_lock(&locks->queue);
    while (!locks->flag)
        zk_cond_wait(&locks->cond, &locks->queue);
    locks->counter++;
    zk_mutex_unlock(&locks->queue);
}

static void a_broadcast_wakes_all_waiters(void **state)
{
    struct locks *locks = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(zk_thread_group_start(locks->group, wait_for_flag, locks, "%d", i), 0);

    zk_mutex_lock(&locks->queue);
    locks->flag = true;
    zk_cond_broadcast(&locks->cond);
    zk_mutex_unlock(&locks->queue);
    zk_thread_group_join(locks->group);

    assert_int_equal(locks->counter, 3);
}

static void a_wait_ends_at_its_deadline_and_not_before(void **state)
{
    struct locks *locks = *state;
    int64_t deadline_ms = zk_deadline_ms(20);
    bool time_left = true;

    zk_mutex_lock(&locks->queue);
    while (time_left)
        time_left = zk_cond_wait_until(&locks->cond, &locks->queue, deadline_ms);
    zk_mutex_assert_held(&locks->queue);
    zk_mutex_unlock(&locks->queue);

    assert_true(zk_elapsed_ms() >= deadline_ms);
}

static void a_deadline_of_long_ago_ends_a_wait_at_once(void **state)
{
    struct locks *locks = *state;

    zk_mutex_lock(&locks->queue);
    bool time_left = zk_cond_wait_until(&locks->cond, &locks->queue, INT64_MIN);
    zk_mutex_unlock(&locks->queue);

    assert_false(time_left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(locks_in_the_order_of_their_ranks_are_fine, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_thread_of_no_group_may_take_locks_in_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_thread_of_no_group_is_checked_as_any_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(rank_inversion_panics_with_both_names_and_the_thread, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(two_locks_of_one_rank_panic, setup, teardown),
        cmocka_unit_test_setup_teardown(taking_a_lock_twice_panics, setup, teardown),
        cmocka_unit_test_setup_teardown(taking_a_lock_twice_panics_without_checks_too,
                                        setup_unchecked, teardown),
        cmocka_unit_test_setup_teardown(rank_inversion_passes_without_checks, setup_unchecked,
                                        teardown),
#ifndef __SANITIZE_THREAD__
        cmocka_unit_test_setup_teardown(destroying_a_lock_that_is_held_panics, setup, teardown),
#endif
        cmocka_unit_test_setup_teardown(unlock_without_lock_panics, setup, teardown),
        cmocka_unit_test_setup_teardown(unlock_by_another_thread_panics, setup, teardown),
        cmocka_unit_test_setup_teardown(waiting_with_a_second_lock_panics, setup, teardown),
        cmocka_unit_test_setup_teardown(a_thread_that_ends_with_a_lock_panics, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lock_keeps_threads_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broadcast_wakes_all_waiters, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wait_ends_at_its_deadline_and_not_before, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_deadline_of_long_ago_ends_a_wait_at_once, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
