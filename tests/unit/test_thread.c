#include "zk_test.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "zk/base/refcount.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"

/* What the test and the threads that it starts share. */
struct stage {
    struct zk_context *ctx;
    struct zk_thread_group *group;
    struct zk_stop stop;
    struct zk_atomic_long ran;
    struct zk_work work;
    char name[200]; /* written by a thread, read after it was joined */
    char os_name[32];
    int start_result;
};

static int setup(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage->ctx = test_context();
    stage->group = zk_thread_group_new(stage->ctx);
    zk_stop_init(&stage->stop, stage->ctx, "test");
    zk_atomic_long_init(&stage->ran, 0);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    zk_stop_request(&stage->stop);
    zk_thread_group_free(stage->group);
    zk_stop_destroy(&stage->stop);
    zk_context_free(stage->ctx);
    free(stage);
    return 0;
}

static void count_run(void *arg)
{
    struct stage *stage = arg;
    zk_atomic_long_add(&stage->ran, 1);
}

static void wait_for_stop(void *arg)
{
    struct stage *stage = arg;
    zk_stop_sleep(&stage->stop, INT64_MAX);
    zk_atomic_long_add(&stage->ran, 1);
}

static void write_names(void *arg)
{
    struct stage *stage = arg;
    zk_thread_name(stage->ctx, stage->name, sizeof stage->name);
    FILE *file = fopen("/proc/thread-self/comm", "r");
    if (file != NULL && fgets(stage->os_name, sizeof stage->os_name, file) != NULL)
        stage->os_name[strcspn(stage->os_name, "\n")] = '\0';
    if (file != NULL)
        fclose(file);
}

static void rename_and_write_names(void *arg)
{
    struct stage *stage = arg;
    zk_thread_rename(stage->ctx, "%s[myid=%d](plain=disabled)", "QuorumPeer", 1);
    write_names(stage);
}

static void start_another(void *arg)
{
    struct stage *stage = arg;
    stage->start_result = zk_thread_group_start(stage->group, count_run, stage, "child");
}

static void a_thread_has_its_java_name_and_the_system_its_start(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(zk_thread_group_start(stage->group, write_names, stage,
                                           "QuorumConnectionThread-[myid=%d]-%d", 1, 1),
                     0);
    zk_thread_group_join(stage->group);

    assert_string_equal(stage->name, "QuorumConnectionThread-[myid=1]-1");
    assert_string_equal(stage->os_name, "QuorumConnectio");
}

static void a_thread_can_change_its_name(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(zk_thread_group_start(stage->group, rename_and_write_names, stage, "first"),
                     0);
    zk_thread_group_join(stage->group);

    assert_string_equal(stage->name, "QuorumPeer[myid=1](plain=disabled)");
    assert_string_equal(stage->os_name, "QuorumPeer[myid");
}

static void renaming_the_first_thread_leaves_the_process_its_name(void **state)
{
    struct stage *stage = *state;
    write_names(stage);
    assert_string_equal(stage->name, "main");
    char before[sizeof stage->os_name];
    memcpy(before, stage->os_name, sizeof before);

    rename_and_write_names(stage);

    assert_string_equal(stage->name, "QuorumPeer[myid=1](plain=disabled)");
    assert_string_equal(stage->os_name, before);
}

static void join_waits_for_all_members(void **state)
{
    struct stage *stage = *state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(zk_thread_group_start(stage->group, wait_for_stop, stage, "%d", i), 0);
    assert_int_equal(zk_thread_group_alive(stage->group), 5);
    assert_int_equal(zk_thread_count(stage->ctx), 6);

    zk_stop_request(&stage->stop);
    zk_thread_group_join(stage->group);

    assert_int_equal(zk_atomic_long_get(&stage->ran), 5);
    assert_int_equal(zk_thread_group_alive(stage->group), 0);
    assert_int_equal(zk_thread_count(stage->ctx), 1);
    zk_thread_group_join(stage->group);
}

static void nobody_starts_in_a_joined_group(void **state)
{
    struct stage *stage = *state;
    zk_thread_group_join(stage->group);

    int r = zk_thread_group_start(stage->group, count_run, stage, "late");

    assert_int_equal(r, -ECANCELED);
    assert_int_equal(zk_atomic_long_get(&stage->ran), 0);
}

static void a_member_can_start_another(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(zk_thread_group_start(stage->group, start_another, stage, "parent"), 0);
    zk_thread_group_join(stage->group);

    /* The join may come first: then the child never ran, and its starter was told. */
    bool child_ran = stage->start_result == 0;
    assert_true(child_ran || stage->start_result == -ECANCELED);
    assert_int_equal(zk_atomic_long_get(&stage->ran), child_ran ? 1 : 0);
}

static bool nobody_is_alive(void *arg)
{
    struct stage *stage = arg;
    return zk_thread_group_alive(stage->group) == 0;
}

static void a_group_that_starts_for_ever_does_not_grow(void **state)
{
    struct stage *stage = *state;

    for (int i = 0; i < 500; i++) {
        assert_int_equal(zk_thread_group_start(stage->group, count_run, stage, "%d", i), 0);
        test_await(nobody_is_alive, stage);
    }

    assert_true(zk_thread_count(stage->ctx) <= 2); /* main, and the last one on its way out */
    zk_thread_group_join(stage->group);
    assert_int_equal(zk_atomic_long_get(&stage->ran), 500);
}

static void join_group(void *arg)
{
    struct stage *stage = arg;
    zk_thread_group_join(stage->group);
    zk_atomic_long_add(&stage->ran, 100);
}

static void several_joiners_all_wait_for_the_last_member(void **state)
{
    struct stage *stage = *state;
    struct zk_thread_group *joiners = zk_thread_group_new(stage->ctx);
    for (int i = 0; i < 3; i++)
        assert_int_equal(zk_thread_group_start(stage->group, wait_for_stop, stage, "%d", i), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(zk_thread_group_start(joiners, join_group, stage, "joiner %d", i), 0);
    assert_int_equal(zk_atomic_long_get(&stage->ran), 0);

    zk_stop_request(&stage->stop);
    zk_thread_group_join(stage->group);
    zk_thread_group_free(joiners);

    assert_int_equal(zk_atomic_long_get(&stage->ran), 203);
}

static void free_context(void *arg)
{
    struct stage *stage = arg;
    if (zk_thread_group_start(stage->group, wait_for_stop, stage, "Forgotten") == 0)
        zk_context_free(stage->ctx);
}

static void a_context_that_goes_before_its_threads_panics(void **state)
{
    test_expect_panic(free_context, *state, "the context goes while thread Forgotten runs");
}

/* ---- taking turns (A-244) -------------------------------------------------------------------- */

static int own_policy(void)
{
    int policy = -1;
    struct sched_param param;
    assert_int_equal(pthread_getschedparam(pthread_self(), &policy, &param), 0);
    return policy;
}

static void take_policy(int policy)
{
    struct sched_param param = {0};
    assert_int_equal(pthread_setschedparam(pthread_self(), policy, &param), 0);
}

static void note_work(struct stage *stage, int64_t step, int times)
{
    for (int i = 0; i < times; i++)
        zk_threads_note_work(stage->ctx, &stage->work, step);
}

static int setup_work(void **state)
{
    setup(state);
    struct stage *stage = *state;
    zk_work_init(&stage->work);
    take_policy(SCHED_OTHER);
    return 0;
}

static int teardown_work(void **state)
{
    take_policy(SCHED_OTHER);
    return teardown(state);
}

static void threads_take_turns_while_there_is_much_work(void **state)
{
    struct stage *stage = *state;
    note_work(stage, 1, 31);
    assert_int_equal(own_policy(), SCHED_OTHER);
    note_work(stage, 1, 1);
    assert_int_equal(own_policy(), SCHED_BATCH);

    note_work(stage, -1, 32); /* five times little is left: 4, 3, 2, 1, 0 */
    for (int i = 0; i < 250; i++) {
        note_work(stage, 1, 1);
        note_work(stage, -1, 1);
    }
    assert_int_equal(own_policy(), SCHED_BATCH);
    note_work(stage, 1, 1);
    note_work(stage, -1, 1);
    assert_int_equal(own_policy(), SCHED_OTHER);
}

static void much_work_between_makes_little_work_count_anew(void **state)
{
    struct stage *stage = *state;
    for (int i = 0; i < 60; i++) {
        note_work(stage, 1, 32);
        note_work(stage, -1, 32);
    }
    assert_int_equal(own_policy(), SCHED_BATCH);
}

static void write_policy(void *arg)
{
    struct stage *stage = arg;
    zk_atomic_long_set(&stage->ran, own_policy());
}

static void a_thread_that_starts_meanwhile_takes_turns_as_well(void **state)
{
    struct stage *stage = *state;
    note_work(stage, 1, 32);
    assert_int_equal(zk_thread_group_start(stage->group, write_policy, stage, "late"), 0);
    zk_thread_group_join(stage->group);
    assert_int_equal(zk_atomic_long_get(&stage->ran), SCHED_BATCH);
}

static void work_that_will_never_be_done_counts_no_more(void **state)
{
    struct stage *stage = *state;
    note_work(stage, 1, 40);
    zk_threads_end_work(stage->ctx);
    assert_int_equal(own_policy(), SCHED_OTHER);
}

/* A thread of its own, which ends with its policy: only root may take the usual one back. */
static void work_idly(void *arg)
{
    struct stage *stage = arg;
    struct sched_param param = {0};
    int error = pthread_setschedparam(pthread_self(), SCHED_IDLE, &param);
    note_work(stage, 1, 32);
    int meanwhile = own_policy();
    note_work(stage, -1, 32);
    zk_threads_end_work(stage->ctx);
    bool kept = error == 0 && meanwhile == SCHED_IDLE && own_policy() == SCHED_IDLE;
    zk_atomic_long_set(&stage->ran, kept ? 1 : -1);
}

static void a_thread_of_another_policy_keeps_it(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, work_idly, stage, "idle"), 0);
    zk_thread_group_join(stage->group);
    assert_int_equal(zk_atomic_long_get(&stage->ran), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_thread_has_its_java_name_and_the_system_its_start, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_thread_can_change_its_name, setup, teardown),
        cmocka_unit_test_setup_teardown(renaming_the_first_thread_leaves_the_process_its_name,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(join_waits_for_all_members, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_starts_in_a_joined_group, setup, teardown),
        cmocka_unit_test_setup_teardown(a_member_can_start_another, setup, teardown),
        cmocka_unit_test_setup_teardown(a_group_that_starts_for_ever_does_not_grow, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(several_joiners_all_wait_for_the_last_member, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_context_that_goes_before_its_threads_panics, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(threads_take_turns_while_there_is_much_work, setup_work,
                                        teardown_work),
        cmocka_unit_test_setup_teardown(much_work_between_makes_little_work_count_anew, setup_work,
                                        teardown_work),
        cmocka_unit_test_setup_teardown(a_thread_that_starts_meanwhile_takes_turns_as_well,
                                        setup_work, teardown_work),
        cmocka_unit_test_setup_teardown(work_that_will_never_be_done_counts_no_more, setup_work,
                                        teardown_work),
        cmocka_unit_test_setup_teardown(a_thread_of_another_policy_keeps_it, setup_work,
                                        teardown_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
