/* Sessions on a leader and on a learner. Java: SessionTrackerTest, SessionTrackerCheckTest,
 * LeaderSessionTrackerTest */
#include "zk/server/session_tracker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sleep_ms.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/server/expiry_queue.h"
#include "zk/server/leader_session_tracker.h"
#include "zk/server/learner_session_tracker.h"
#include "zk/server/session_tracker_impl.h"
#include "zk/server/upgradeable_session_tracker.h"
#include "zk_test.h"

enum { TICK_MS = 20, LONG_MS = 60000, SERVER = 3 };

/* Waits for sessions that expire. */
struct stage {
    struct zk_context *ctx;
    struct session_tracker *tracker;
    struct zk_mutex mu; /* guards the rest */
    struct zk_cond cond;
    int expired_count;
    int64_t expired_session;
    int32_t expired_timeout_ms;
};

static void note_expired(void *arg, int64_t session_id, int32_t timeout_ms)
{
    struct stage *stage = arg;
    zk_mutex_lock(&stage->mu);
    stage->expired_count++;
    stage->expired_session = session_id;
    stage->expired_timeout_ms = timeout_ms;
    zk_cond_broadcast(&stage->cond);
    zk_mutex_unlock(&stage->mu);
}

static void wait_for_expired(struct stage *stage, int count)
{
    int64_t deadline_ms = zk_deadline_ms(LONG_MS);
    bool came = true;
    zk_mutex_lock(&stage->mu);
    while (stage->expired_count < count && came)
        came = zk_cond_wait_until(&stage->cond, &stage->mu, deadline_ms);
    zk_mutex_unlock(&stage->mu);
    assert_true(came);
}

static struct stage *stage_new(void)
{
    static struct stage stage;
    stage = (struct stage){.ctx = test_context()};
    zk_mutex_init(&stage.mu, stage.ctx, "test", 0);
    zk_cond_init(&stage.cond);
    return &stage;
}

static struct session_tracker *new_leader(struct stage *stage, const struct session_timeouts *table)
{
    struct session_expirer expirer = {.expire = note_expired, .arg = stage};
    return leader_session_tracker_new(stage->ctx, expirer, table, TICK_MS, SERVER);
}

static int setup_leader(void **state)
{
    struct stage *stage = stage_new();
    stage->tracker = new_leader(stage, &(struct session_timeouts){0});
    *state = stage;
    return 0;
}

static int setup_learner(void **state)
{
    struct stage *stage = stage_new();
    stage->tracker = learner_session_tracker_new(stage->ctx, SERVER);
    assert_int_equal(session_tracker_start(stage->tracker), 0);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    session_tracker_shutdown(stage->tracker);
    session_tracker_free(stage->tracker);
    zk_cond_destroy(&stage->cond);
    zk_mutex_destroy(&stage->mu);
    zk_context_free(stage->ctx);
    return 0;
}

/* Two connections: only their addresses count. */
static const char ONE = '1';
static const char OTHER = '2';

/* ---- ids ------------------------------------------------------------------------------------- */

static void an_id_has_the_server_above_the_time_above_a_counter(void **state)
{
    (void)state;
    /* 0x12345 ms after the start: the time keeps its low 40 bits. */
    assert_int_equal(session_tracker_impl_initialize_next_session_id(3, 0x12345),
                     INT64_C(0x0300000123450000));
    assert_int_equal(session_tracker_impl_initialize_next_session_id(1, INT64_C(0x7f1234567890)),
                     INT64_C(0x0112345678900000));
    /* A server id of 128 and more makes negative ids; one of them marks containers. */
    assert_int_equal(session_tracker_impl_initialize_next_session_id(128, 0), INT64_MIN + 1);
    assert_int_equal(session_tracker_impl_initialize_next_session_id(255, 1),
                     (int64_t)UINT64_C(0xff00000000010000));
}

static void ids_are_counted(void **state)
{
    struct stage *stage = *state;
    int64_t first = session_tracker_create_session(stage->tracker, LONG_MS);
    assert_int_equal((uint64_t)first >> 56, SERVER);
    assert_int_equal(first & 0xffff, 0);
    assert_int_equal(session_tracker_create_session(stage->tracker, LONG_MS), first + 1);
    assert_int_equal(session_tracker_create_session(stage->tracker, LONG_MS), first + 2);
}

/* ---- owners ---------------------------------------------------------------------------------- */

static void the_first_one_that_asks_owns_the_session(void **state)
{
    struct stage *stage = *state;
    int64_t id = session_tracker_create_session(stage->tracker, LONG_MS);
    assert_int_equal(session_tracker_check_session(stage->tracker, id, &ONE), KEEPER_CODE_OK);
    assert_int_equal(session_tracker_check_session(stage->tracker, id, &ONE), KEEPER_CODE_OK);
    assert_int_equal(session_tracker_check_session(stage->tracker, id, &OTHER),
                     KEEPER_CODE_SESSIONMOVED);
    assert_int_equal(session_tracker_check_global_session(stage->tracker, id, &OTHER),
                     KEEPER_CODE_SESSIONMOVED);
}

static void a_session_moves_to_the_owner_that_is_set(void **state)
{
    struct stage *stage = *state;
    int64_t id = session_tracker_create_session(stage->tracker, LONG_MS);
    assert_int_equal(session_tracker_check_session(stage->tracker, id, &ONE), KEEPER_CODE_OK);
    assert_int_equal(session_tracker_set_owner(stage->tracker, id, &OTHER), KEEPER_CODE_OK);
    assert_int_equal(session_tracker_check_session(stage->tracker, id, &ONE),
                     KEEPER_CODE_SESSIONMOVED);
    assert_int_equal(session_tracker_check_session(stage->tracker, id, &OTHER), KEEPER_CODE_OK);
}

static void a_session_that_nobody_knows_has_expired(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(session_tracker_check_session(stage->tracker, 7, &ONE),
                     KEEPER_CODE_SESSIONEXPIRED);
    assert_int_equal(session_tracker_check_global_session(stage->tracker, 7, &ONE),
                     KEEPER_CODE_SESSIONEXPIRED);
    assert_int_equal(session_tracker_set_owner(stage->tracker, 7, &ONE),
                     KEEPER_CODE_SESSIONEXPIRED);
    assert_false(session_tracker_touch_session(stage->tracker, 7, LONG_MS));
}

/* ---- a session's life ------------------------------------------------------------------------ */

static void a_closing_session_takes_nothing_any_more(void **state)
{
    struct stage *stage = *state;
    int64_t id = session_tracker_create_session(stage->tracker, LONG_MS);
    assert_true(session_tracker_touch_session(stage->tracker, id, LONG_MS));

    session_tracker_set_session_closing(stage->tracker, id);
    session_tracker_set_session_closing(stage->tracker, 7); /* nobody knows it: nothing happens */

    assert_false(session_tracker_touch_session(stage->tracker, id, LONG_MS));
    assert_int_equal(session_tracker_check_session(stage->tracker, id, &ONE),
                     KEEPER_CODE_SESSIONEXPIRED);
    assert_int_equal(session_tracker_set_owner(stage->tracker, id, &ONE),
                     KEEPER_CODE_SESSIONEXPIRED);
}

static void a_removed_session_is_forgotten(void **state)
{
    struct stage *stage = *state;
    int64_t id = session_tracker_create_session(stage->tracker, LONG_MS);
    session_tracker_remove_session(stage->tracker, id);
    session_tracker_remove_session(stage->tracker, id);
    assert_false(session_tracker_touch_session(stage->tracker, id, LONG_MS));
}

static void a_session_is_new_once_when_it_is_tracked_and_once_when_it_is_committed(void **state)
{
    struct stage *stage = *state;
    assert_true(session_tracker_track_session(stage->tracker, 7, LONG_MS));
    assert_false(session_tracker_track_session(stage->tracker, 7, LONG_MS));
    assert_true(session_tracker_commit_session(stage->tracker, 7, LONG_MS));
    assert_false(session_tracker_commit_session(stage->tracker, 7, LONG_MS));
}

/* CLI-63 */
static void a_new_leader_tracks_the_sessions_of_the_table(void **state)
{
    struct stage *stage = *state;
    struct session_timeout items[] = {{.session = 5, .timeout_ms = LONG_MS},
                                      {.session = 6, .timeout_ms = LONG_MS}};
    struct session_timeouts table = {.items = items, .count = 2, .room = 2};
    int64_t before_ms = zk_elapsed_ms();
    struct session_tracker *leader = new_leader(stage, &table);

    /* CLI-63: nobody knows what is over of their time, so they have all of it. */
    struct session_expiry_map map;
    session_tracker_get_session_expiry_map(leader, &map);
    size_t found = 0;
    for (size_t i = 0; i < map.count; i++) {
        assert_true(map.sets[i].time_ms >= before_ms + LONG_MS);
        found += map.sets[i].sessions.count;
    }
    session_expiry_map_done(&map);
    assert_int_equal(found, 2);

    assert_true(session_tracker_touch_session(leader, 5, LONG_MS));
    assert_false(session_tracker_commit_session(leader, 6, LONG_MS));
    /* Whoever asks first owns it: the old leader's owners are not known. */
    assert_int_equal(session_tracker_check_session(leader, 6, &ONE), KEEPER_CODE_OK);
    session_tracker_free(leader);
}

/* ---- expiry ---------------------------------------------------------------------------------- */

static void a_silent_session_expires_after_its_timeout_and_is_closing(void **state)
{
    enum { SILENT_MS = 50 };
    struct stage *stage = *state;
    int64_t before_ms = zk_elapsed_ms();
    int64_t id = session_tracker_create_session(stage->tracker, SILENT_MS);
    assert_int_equal(session_tracker_start(stage->tracker), 0);

    wait_for_expired(stage, 1);

    assert_true(zk_elapsed_ms() - before_ms >= SILENT_MS);
    assert_int_equal(stage->expired_session, id);
    assert_int_equal(stage->expired_timeout_ms, SILENT_MS);
    assert_false(session_tracker_touch_session(stage->tracker, id, SILENT_MS));
}

/* One that is touched outlives one that is not; the clock of a busy machine decides nothing. */
static void a_touch_moves_the_end(void **state)
{
    struct stage *stage = *state;
    int64_t touched = session_tracker_create_session(stage->tracker, 1);
    assert_true(session_tracker_touch_session(stage->tracker, touched, LONG_MS));
    int64_t silent = session_tracker_create_session(stage->tracker, 5 * TICK_MS);
    assert_int_equal(session_tracker_start(stage->tracker), 0);

    wait_for_expired(stage, 1);

    assert_int_equal(stage->expired_session, silent);
    assert_true(session_tracker_touch_session(stage->tracker, touched, LONG_MS));
}

static void a_removed_session_does_not_expire(void **state)
{
    struct stage *stage = *state;
    int64_t removed = session_tracker_create_session(stage->tracker, 1);
    int64_t silent = session_tracker_create_session(stage->tracker, 3 * TICK_MS);
    session_tracker_remove_session(stage->tracker, removed);
    assert_int_equal(session_tracker_start(stage->tracker), 0);

    wait_for_expired(stage, 1);

    assert_int_equal(stage->expired_session, silent);
}

/* ---- the queue ------------------------------------------------------------------------------- */

static void an_item_lives_longer_than_its_timeout_by_at_most_one_interval(void **state)
{
    (void)state;
    enum { INTERVAL_MS = 1000 };
    struct expiry_queue queue;
    struct expiry_item items[3] = {0};
    expiry_queue_init(&queue, INTERVAL_MS);
    for (int i = 0; i < 3; i++) {
        int64_t now_ms = zk_elapsed_ms();
        expiry_queue_update(&queue, &items[i], i * INTERVAL_MS);
        int64_t lives_ms = items[i].expiry_time_ms - now_ms;
        assert_true(lives_ms > i * INTERVAL_MS);
        assert_int_equal(items[i].expiry_time_ms % INTERVAL_MS, 0);
    }
    assert_true(expiry_queue_get_wait_time(&queue) <= INTERVAL_MS);
    for (int i = 0; i < 3; i++)
        expiry_queue_remove(&queue, &items[i]);
    expiry_queue_remove(&queue, &items[0]);
    assert_int_equal(queue.buckets.count, 0);
    expiry_queue_done(&queue);
}

/* CLI-89: only a request that was made by hand has such a timeout. */
static void an_item_whose_time_is_over_already_comes_next(void **state)
{
    (void)state;
    enum { INTERVAL_MS = 1000 };
    struct expiry_queue queue;
    struct expiry_item item = {0};
    expiry_queue_init(&queue, INTERVAL_MS);
    expiry_queue_update(&queue, &item, -100 * INTERVAL_MS);
    assert_int_equal(item.expiry_time_ms, queue.next_expiration_time_ms);
    expiry_queue_remove(&queue, &item);
    expiry_queue_done(&queue);
}

static void items_of_one_interval_come_together_and_the_missed_ones_one_by_one(void **state)
{
    (void)state;
    struct expiry_queue queue;
    struct expiry_item a = {0};
    struct expiry_item b = {0};
    struct expiry_item later = {0};
    expiry_queue_init(&queue, LONG_MS);
    assert_null(expiry_queue_poll(&queue)); /* its time has not come */
    expiry_queue_update(&queue, &a, 0);
    expiry_queue_update(&queue, &b, 0);
    expiry_queue_update(&queue, &later, LONG_MS);
    assert_int_equal(a.expiry_time_ms, b.expiry_time_ms);
    /* The thread slept too long: two intervals have passed. */
    queue.next_expiration_time_ms -= 2 * LONG_MS;
    expiry_queue_remove(&queue, &a);
    expiry_queue_remove(&queue, &b);
    a.expiry_time_ms = b.expiry_time_ms = 0;
    long_map_put(&queue.buckets, queue.next_expiration_time_ms, &a);
    a.expiry_time_ms = queue.next_expiration_time_ms;
    long_map_put(&queue.buckets, queue.next_expiration_time_ms + LONG_MS, &b);
    b.expiry_time_ms = queue.next_expiration_time_ms + LONG_MS;

    assert_ptr_equal(expiry_queue_poll(&queue), &a);
    assert_int_equal(a.expiry_time_ms, 0);
    assert_int_equal(expiry_queue_get_wait_time(&queue), 0);
    assert_ptr_equal(expiry_queue_poll(&queue), &b);
    assert_null(expiry_queue_poll(&queue));
    expiry_queue_remove(&queue, &later);
    expiry_queue_done(&queue);
}

/* ---- a learner ------------------------------------------------------------------------------- */

static void a_learner_tells_once_whom_it_has_heard_from(void **state)
{
    struct stage *stage = *state;
    struct session_timeouts touched;
    learner_session_tracker_snapshot(stage->tracker, &touched);
    assert_int_equal(touched.count, 0);
    session_timeouts_done(&touched);

    assert_true(session_tracker_touch_session(stage->tracker, 9, 4000));
    assert_true(session_tracker_touch_session(stage->tracker, 8, 4000));
    assert_true(session_tracker_touch_session(stage->tracker, 9, 6000));
    assert_true(session_tracker_commit_session(stage->tracker, 7, 3000)); /* anybody's client */
    assert_true(session_tracker_touch_session(stage->tracker, 6, 3000));
    session_tracker_remove_session(stage->tracker, 6);

    learner_session_tracker_snapshot(stage->tracker, &touched);
    assert_int_equal(touched.count, 3);
    assert_int_equal(touched.items[0].session, 7);
    assert_int_equal(touched.items[0].timeout_ms, 3000);
    assert_int_equal(touched.items[1].session, 8);
    assert_int_equal(touched.items[2].session, 9);
    assert_int_equal(touched.items[2].timeout_ms, 6000);
    session_timeouts_done(&touched);

    learner_session_tracker_snapshot(stage->tracker, &touched);
    assert_int_equal(touched.count, 0);
    session_timeouts_done(&touched);
}

static void a_learner_leaves_the_rest_to_its_leader(void **state)
{
    struct stage *stage = *state;
    assert_false(session_tracker_track_session(stage->tracker, 7, LONG_MS));
    assert_int_equal(session_tracker_check_session(stage->tracker, 7, &ONE), KEEPER_CODE_OK);
    assert_int_equal(session_tracker_set_owner(stage->tracker, 7, &ONE), KEEPER_CODE_OK);
    session_tracker_set_session_closing(stage->tracker, 7);
    assert_true(session_tracker_touch_session(stage->tracker, 7, LONG_MS));
}

#define LEADER(test)  cmocka_unit_test_setup_teardown(test, setup_leader, teardown)
#define LEARNER(test) cmocka_unit_test_setup_teardown(test, setup_learner, teardown)

/* ---- when sessions end, as the admin server tells it ----------------------------------------- */

/* A leader with one local and one global session, which end that long after now. */
static struct session_expiry_map expiry_map_of(struct stage *stage, int32_t tick_ms,
                                               int32_t local_ms, int32_t global_ms)
{
    struct session_expirer expirer = {.expire = note_expired, .arg = stage};
    const struct session_timeouts none = {0};
    struct session_tracker *tracker =
        leader_session_tracker_new(stage->ctx, expirer, &none, tick_ms, SERVER);
    upgradeable_session_tracker_create_local_session_tracker(tracker, NULL, expirer, tick_ms,
                                                             SERVER);
    int64_t local = session_tracker_create_session(tracker, local_ms);
    (void)session_tracker_track_session(tracker, local + 1, global_ms);
    struct session_expiry_map map;
    session_tracker_get_session_expiry_map(tracker, &map);
    for (size_t i = 0; i < map.count; i++) /* the ids begin with the time at which it was made */
        for (size_t j = 0; j < map.sets[i].sessions.count; j++)
            map.sets[i].sessions.items[j] -= local;
    session_tracker_free(tracker);
    return map;
}

static void a_leader_tells_when_local_and_global_sessions_end(void **state)
{
    struct stage *stage = *state;
    struct session_expiry_map map = expiry_map_of(stage, TICK_MS, LONG_MS, 10 * LONG_MS);
    assert_int_equal(map.count, 2);
    assert_true(map.sets[0].time_ms < map.sets[1].time_ms);
    assert_int_equal(map.sets[0].sessions.items[0], 0);
    assert_int_equal(map.sets[1].sessions.items[0], 1);
    session_expiry_map_done(&map);

    map = expiry_map_of(stage, TICK_MS, 10 * LONG_MS, LONG_MS);
    assert_int_equal(map.count, 2);
    assert_int_equal(map.sets[0].sessions.items[0], 1);
    assert_int_equal(map.sets[1].sessions.items[0], 0);
    session_expiry_map_done(&map);
}

/* K-227. A tick of 24 days, so that both end in the same one. */
static void a_global_session_hides_a_local_one_that_ends_with_it(void **state)
{
    struct stage *stage = *state;
    struct session_expiry_map map = expiry_map_of(stage, INT32_MAX, 1, 1);
    assert_int_equal(map.count, 1);
    assert_int_equal(map.sets[0].sessions.count, 1);
    assert_int_equal(map.sets[0].sessions.items[0], 1);
    session_expiry_map_done(&map);
}

/* ---- what the word dump tells ---------------------------------------------------------------- */

/* The text without the times at which sets end. The caller frees it. */
static char *dump_of(struct session_tracker *tracker, const struct session_timeouts *global)
{
    static const char head[] = " expire at ";
    struct zk_str dump = {0};
    struct zk_str without_times = {0};
    session_tracker_dump_sessions(tracker, global, &dump);
    const char *rest = zk_str_text(&dump);
    for (const char *at; (at = strstr(rest, head)) != NULL; rest = strchr(at, '\n')) {
        at += sizeof head - 1;
        zk_str_append_bytes(&without_times, rest, (size_t)(at - rest));
    }
    zk_str_append(&without_times, rest);
    zk_str_done(&dump);
    return zk_str_take(&without_times);
}

/* Java: LeaderSessionTracker.dumpSessions() */
static void a_leader_dumps_local_sessions_before_global_ones(void **state)
{
    struct stage *stage = *state;
    struct session_expirer expirer = {.expire = note_expired, .arg = stage};
    const struct session_timeouts none = {0};
    (void)session_tracker_track_session(stage->tracker, 0xb, LONG_MS);
    char *dump = dump_of(stage->tracker, &none);
    assert_string_equal(dump, "Session Sets (1)/(1):\n1 expire at \n\t0xb\n");
    free(dump);

    upgradeable_session_tracker_create_local_session_tracker(stage->tracker, NULL, expirer, TICK_MS,
                                                             SERVER);
    int64_t local = session_tracker_create_session(stage->tracker, LONG_MS);
    char expected[200];
    snprintf(expected, sizeof expected,
             "Local Session Sets (1)/(1):\n1 expire at \n\t0x%" PRIx64 "\n"
             "Global Session Sets (1)/(1):\n1 expire at \n\t0xb\n",
             (uint64_t)local);
    dump = dump_of(stage->tracker, &none);
    assert_string_equal(dump, expected);
    free(dump);
}

/* Its leader knows when they end. Java: LearnerSessionTracker.dumpSessions() */
static void a_learner_dumps_the_global_sessions_of_its_database(void **state)
{
    struct stage *stage = *state;
    struct session_expirer expirer = {.expire = note_expired, .arg = stage};
    struct session_timeout items[] = {{.session = 7, .timeout_ms = 4000},
                                      {.session = 0x1a, .timeout_ms = 6000}};
    const struct session_timeouts two = {.items = items, .count = 2};
    char *dump = dump_of(stage->tracker, &two);
    assert_string_equal(dump, "Global Sessions(2):\n0x7\t4000ms\n0x1a\t6000ms\n");
    free(dump);
    struct session_expiry_map map;
    session_tracker_get_session_expiry_map(stage->tracker, &map);
    assert_int_equal(map.count, 0);

    upgradeable_session_tracker_create_local_session_tracker(stage->tracker, NULL, expirer, TICK_MS,
                                                             SERVER);
    int64_t local = session_tracker_create_session(stage->tracker, LONG_MS);
    char expected[200];
    snprintf(expected, sizeof expected,
             "Local Session Sets (1)/(1):\n1 expire at \n\t0x%" PRIx64 "\n"
             "Global Sessions(2):\n0x7\t4000ms\n0x1a\t6000ms\n",
             (uint64_t)local);
    dump = dump_of(stage->tracker, &two);
    assert_string_equal(dump, expected);
    free(dump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_has_the_server_above_the_time_above_a_counter),
        LEADER(ids_are_counted),
        LEARNER(ids_are_counted),
        LEADER(the_first_one_that_asks_owns_the_session),
        LEADER(a_session_moves_to_the_owner_that_is_set),
        LEADER(a_session_that_nobody_knows_has_expired),
        LEADER(a_closing_session_takes_nothing_any_more),
        LEADER(a_removed_session_is_forgotten),
        LEADER(a_session_is_new_once_when_it_is_tracked_and_once_when_it_is_committed),
        LEADER(a_new_leader_tracks_the_sessions_of_the_table),
        LEADER(a_silent_session_expires_after_its_timeout_and_is_closing),
        LEADER(a_touch_moves_the_end),
        LEADER(a_removed_session_does_not_expire),
        cmocka_unit_test(an_item_lives_longer_than_its_timeout_by_at_most_one_interval),
        cmocka_unit_test(an_item_whose_time_is_over_already_comes_next),
        cmocka_unit_test(items_of_one_interval_come_together_and_the_missed_ones_one_by_one),
        LEADER(a_leader_tells_when_local_and_global_sessions_end),
        LEADER(a_global_session_hides_a_local_one_that_ends_with_it),
        LEADER(a_leader_dumps_local_sessions_before_global_ones),
        LEARNER(a_learner_dumps_the_global_sessions_of_its_database),
        LEARNER(a_learner_tells_once_whom_it_has_heard_from),
        LEARNER(a_learner_leaves_the_rest_to_its_leader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
