/* Clients of several kinds, and what their habits cost them: whoever waits for answers must not
 * lose time, and who does not is read by the batch. */
#include "cnxn/client_habit.h"

#include "zk_test.h"

enum { MANY = 1000000, WHOLE = 64, WAIT_US = CLIENT_HABIT_WAIT_US, SECOND_US = 1000000 };

/* ---- clients that are played ----------------------------------------------------------------- */

enum { THREADS_MAX = 64, ANSWER_US = 20, SEND_US = 3, PAUSE_EACH = 50, PLAYED_US = 2 * SECOND_US };

/* A client whose threads wait for their answers and think about them; or one that sends on and on,
 * as if it had a single thread that thinks and does not wait. */
struct client {
    int threads;
    bool sends_on; /* without any answer */
    int64_t think_us;
    bool thinks_as_long; /* each time; otherwise between nothing and twice think_us */
    int64_t pause_us;    /* without a processor, now and then */
    int64_t fsync_us;    /* before its answers, at most: its requests are writes */
    uint32_t seed;       /* of its chance */

    struct client_habit habit;
    uint32_t random;
    int64_t due_us[THREADS_MAX]; /* when each sends its next request */
    int64_t requests;
    int64_t reads;
};

static int64_t next_random(struct client *client, int64_t most)
{
    client->random = client->random * 1664525 + 1013904223;
    return (int64_t)(client->random >> 8) % (most + 1);
}

static int64_t next_due(struct client *client, int64_t from_us)
{
    int64_t think_us =
        client->thinks_as_long ? client->think_us : next_random(client, 2 * client->think_us);
    bool is_paused = client->pause_us > 0 && next_random(client, PAUSE_EACH) == 0;
    return from_us + SEND_US + think_us + (is_paused ? next_random(client, client->pause_us) : 0);
}

/* Returns when the next request comes, and which thread's it is. */
static int64_t next_request(const struct client *client, int *ret_thread)
{
    *ret_thread = 0;
    for (int i = 1; i < client->threads; i++)
        if (client->due_us[i] < client->due_us[*ret_thread])
            *ret_thread = i;
    return client->due_us[*ret_thread];
}

/* Plays one read: wanted requests come, or some within the time of a wait. They are answered at
 * once. Returns when that was. */
static int64_t play_read(struct client *client, int64_t now_us, int wanted, int64_t *ret_count)
{
    int taken[THREADS_MAX * 2];
    int thread;
    int64_t end_us = now_us + WAIT_US;
    if (wanted == 1 && next_request(client, &thread) > now_us)
        end_us = next_request(client, &thread);
    else if (wanted == 1)
        end_us = now_us;
    int64_t count = 0;
    while (count < (wanted == 1 ? WHOLE : wanted) && next_request(client, &thread) <= end_us) {
        int64_t came_us = client->due_us[thread];
        now_us = came_us > now_us ? came_us : now_us;
        taken[count++] = thread;
        client->due_us[thread] = client->sends_on ? next_due(client, came_us) : INT64_MAX;
    }
    if (count < wanted)
        now_us = end_us;
    now_us += client->fsync_us > 0 ? next_random(client, client->fsync_us) : 0;
    for (int64_t i = 0; i < count && !client->sends_on; i++)
        client->due_us[taken[i]] = next_due(client, now_us + ANSWER_US);
    *ret_count = count;
    return now_us;
}

/* Its habit is what was found out about it before. */
static void play_on(struct client *client, bool may_gather, int64_t from_us, int64_t time_us)
{
    int wanted = 1;
    client->random = client->seed;
    client->requests = 0;
    client->reads = 0;
    for (int i = 0; i < client->threads; i++)
        client->due_us[i] = next_due(client, from_us);
    for (int64_t now_us = from_us; now_us < from_us + time_us; now_us += ANSWER_US) {
        struct client_read read = {0};
        now_us = play_read(client, now_us, wanted, &read.requests);
        read.now_us = now_us;
        read.is_late = read.requests < wanted;
        client->requests += read.requests;
        client->reads++;
        wanted = may_gather ? client_habit_after_read(&client->habit, &read) : 1;
    }
}

static void play(struct client *client, bool may_gather, int64_t time_us)
{
    client->habit = (struct client_habit){0};
    play_on(client, may_gather, 0, time_us);
}

/* How many it loses because they may gather, of a thousand requests. */
static void assert_loses_little(struct client client)
{
    play(&client, false, PLAYED_US);
    int64_t alone = client.requests;
    play(&client, true, PLAYED_US);
    assert_in_range(client.requests * 1000 / alone, 870, 1130);
}

static int64_t requests_each_read(struct client client)
{
    play(&client, true, 2 * PLAYED_US);
    return client.requests / client.reads;
}

static void threads_that_wait_for_their_answers_lose_little(void **state)
{
    (void)state;
    static const int threads[] = {2, 7, 8, 16, 32};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        assert_loses_little((struct client){.threads = threads[i]});
}

/* With 20 threads that think for a millisecond, each wait of 2 ms would bring as many as 15 or 20,
 * and half of them would take half of the time: they look like a client that sends on and on. */
static void threads_that_think_lose_little(void **state)
{
    (void)state;
    static const int threads[] = {8, 20, 64};
    static const int64_t think_us[] = {200, 1000, 3000};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        for (size_t j = 0; j < sizeof think_us / sizeof *think_us; j++)
            for (int k = 0; k < 2; k++)
                assert_loses_little((struct client){
                    .threads = threads[i], .think_us = think_us[j], .thinks_as_long = k > 0});
}

/* A busy disk takes now a tenth of a millisecond and now several, so of two rounds either may bring
 * more. But each wait brings the same sixteen. */
static void writes_beside_a_busy_disk_lose_little(void **state)
{
    (void)state;
    struct client client = {.threads = 16, .fsync_us = 6000};
    for (client.seed = 0; client.seed < 30; client.seed++)
        assert_loses_little(client);
}

static void a_client_that_sends_on_and_on_is_read_by_the_batch(void **state)
{
    (void)state;
    static const int64_t think_us[] = {10, 30, 100};
    for (size_t i = 0; i < sizeof think_us / sizeof *think_us; i++) {
        struct client client = {.threads = 1, .sends_on = true, .think_us = think_us[i]};
        int64_t in_a_wait = WAIT_US / (think_us[i] + SEND_US);
        assert_true(requests_each_read(client) >= (in_a_wait < WHOLE ? in_a_wait : WHOLE) / 3);
    }
}

/* As many requests in each wait: so it is with threads that wait for their answers, too. */
static void a_client_that_sends_like_a_clock_is_read_by_the_batch(void **state)
{
    (void)state;
    struct client client = {
        .threads = 1, .sends_on = true, .think_us = ANSWER_US / 2, .thinks_as_long = true};
    assert_true(requests_each_read(client) >= WHOLE / 2);
}

/* Its process loses its processor after some requests, and has it again some milliseconds later. */
static void a_client_that_sends_in_bursts_is_read_by_the_batch(void **state)
{
    (void)state;
    struct client client = {.threads = 1, .sends_on = true, .think_us = 5, .pause_us = 8000};
    for (client.seed = 0; client.seed < 10; client.seed++)
        assert_true(requests_each_read(client) >= 10);
}

/* ---- one read after the other ---------------------------------------------------------------- */

/* Reads that are answered at once. Each returns how many requests are to come before the next. */
static int read_at(struct client_habit *habit, int64_t now_us, int64_t requests)
{
    const struct client_read read = {.now_us = now_us, .requests = requests};
    return client_habit_after_read(habit, &read);
}

static int read_late(struct client_habit *habit, int64_t now_us, int64_t requests)
{
    const struct client_read read = {.now_us = now_us, .requests = requests, .is_late = true};
    return client_habit_after_read(habit, &read);
}

/* Sends sixteen or seventeen requests in each wait until it is known. Returns the time. */
static int64_t become_known(struct client_habit *habit)
{
    int64_t now_us = 0;
    int64_t waits = 0;
    int wanted = read_at(habit, now_us, 2);
    while (habit->verdict == CLIENT_VERDICT_NONE) {
        now_us += wanted == 1 ? WAIT_US / 16 : WAIT_US;
        wanted =
            wanted == 1 ? read_at(habit, now_us, 1) : read_late(habit, now_us, 16 + waits++ % 2);
        assert_true(now_us < SECOND_US / 4);
    }
    assert_int_equal(habit->verdict, CLIENT_VERDICT_SENDS);
    assert_int_equal(wanted, WHOLE);
    return now_us;
}

static void a_client_with_one_request_at_a_time_is_never_held_up(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    for (int i = 0; i < MANY; i++)
        assert_int_equal(read_at(&habit, i * 50, 1), 1);
}

/* It may be what was left of a burst; and the client may have lost its processor. */
static void behind_a_wait_in_vain_the_next_request_is_read_as_it_comes(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    int64_t now_us = become_known(&habit);
    for (int i = 0; i < 15; i++) {
        assert_int_equal(read_late(&habit, now_us, i % 7), 1);
        assert_int_equal(read_at(&habit, now_us, 1), WHOLE);
    }
}

static void what_comes_in_time_makes_waits_in_vain_forgotten(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    int64_t now_us = become_known(&habit);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(read_late(&habit, now_us, 7), 1);
        assert_int_equal(read_at(&habit, now_us, 1), WHOLE);
        assert_int_equal(read_late(&habit, now_us, 8), WHOLE);
    }
}

/* It has so many requests on their way, and sends the next ones when these are answered. */
static void waits_that_bring_the_same_again_and_again_are_in_vain(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    int64_t now_us = become_known(&habit);
    for (int i = 0; i < 100; i++)
        for (int k = 0; k < 7; k++)
            assert_int_equal(read_late(&habit, now_us, 20 + i % 2), WHOLE);
    for (int k = 0; k < 7; k++)
        assert_int_equal(read_late(&habit, now_us, 30), WHOLE);
    assert_int_equal(read_late(&habit, now_us, 30), 1);
    assert_int_equal(habit.verdict, CLIENT_VERDICT_WAITS);
}

/* Other connections are read with it before its time is over: that it has few by then is neither
 * for nor against it. */
static void a_read_before_its_time_does_not_make_them_forgotten(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    int64_t now_us = become_known(&habit);
    for (int i = 0; i < 15; i++) {
        assert_int_equal(read_late(&habit, now_us, 3), 1);
        assert_int_equal(read_at(&habit, now_us, 3), WHOLE);
    }
    assert_int_equal(read_late(&habit, now_us, 3), 1);
    assert_int_equal(habit.verdict, CLIENT_VERDICT_WAITS);
    assert_int_equal(read_at(&habit, now_us, 3), 1);
}

static void an_empty_wait_tells_nothing(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    int64_t now_us = become_known(&habit);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(read_late(&habit, now_us, 0), 1);
        assert_int_equal(read_at(&habit, now_us, 1), WHOLE);
    }
}

/* A burst every 50 ms says nothing of how much the client sends while they gather. */
static void a_round_in_which_the_client_is_idle_tells_nothing(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(read_at(&habit, i * 50000, 20), 1);
    assert_int_equal(habit.verdict, CLIENT_VERDICT_NONE);
}

/* It had many threads, and now one of them sends on and on. */
static void a_client_that_changes_its_habit_is_found_out(void **state)
{
    (void)state;
    struct client client = {.threads = 20, .think_us = 1000};
    play(&client, true, 60 * SECOND_US);
    assert_int_equal(client.habit.verdict, CLIENT_VERDICT_WAITS);
    int64_t now_us = 60 * SECOND_US;
    int64_t waits = 0;
    int wanted = 1;
    while (client.habit.verdict == CLIENT_VERDICT_WAITS) {
        now_us += wanted == 1 ? WAIT_US / 8 : WAIT_US;
        wanted = wanted == 1 ? read_at(&client.habit, now_us, 2)
                             : read_late(&client.habit, now_us, 16 + waits++ % 2);
        assert_true(now_us < 77 * SECOND_US);
    }
}

/* It has sent on and on for a minute. Now its threads wait for their answers, each of which comes
 * 2 ms late until that is noticed. They think meanwhile, so their waits do not all bring the same
 * number. */
static void a_client_that_begins_to_wait_is_found_out_soon(void **state)
{
    (void)state;
    static const int threads[] = {16, 20, 32};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        struct client client = {.threads = 1, .sends_on = true, .think_us = 100};
        play(&client, true, 60 * SECOND_US);
        assert_int_equal(client.habit.verdict, CLIENT_VERDICT_SENDS);
        struct client waits = {.threads = threads[i], .think_us = 1500, .habit = client.habit};
        play_on(&waits, true, 60 * SECOND_US, 5 * SECOND_US / 2);
        assert_int_equal(waits.habit.verdict, CLIENT_VERDICT_WAITS);
    }
}

static int read_writes(struct client_habit *habit, int64_t requests, int64_t outstanding)
{
    const struct client_read read = {.requests = requests, .outstanding = outstanding};
    return client_habit_after_read(habit, &read);
}

static void requests_that_are_outstanding_gather_by_the_batch(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_writes(&habit, 7, 7), 1);
    assert_int_equal(client_habit_after_answers(&habit, 0), 1);
    assert_int_equal(read_writes(&habit, 8, 8), WHOLE);
    assert_int_equal(read_writes(&habit, 0, 8), 1);
    assert_int_equal(client_habit_after_answers(&habit, 3), WHOLE);
    for (int i = 0; i < 1022; i++)
        assert_int_equal(read_writes(&habit, 1, 2), WHOLE);
    assert_int_equal(read_writes(&habit, 1, 2), 1);
}

/* Where an fsync takes a tenth of a millisecond, a client that writes on and on often has all its
 * answers for a moment. */
static void a_client_that_had_many_outstanding_is_tried_when_all_are_answered(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_writes(&habit, 8, 8), WHOLE);
    int64_t now_us = 0;
    int64_t waits = 0;
    while (habit.verdict == CLIENT_VERDICT_NONE) {
        bool gathers = client_habit_after_answers(&habit, 0) == WHOLE;
        int64_t count = gathers ? 16 + waits++ % 2 : 1;
        now_us += count * WAIT_US / 16;
        const struct client_read read = {now_us, count, count, gathers};
        assert_int_equal(client_habit_after_read(&habit, &read), WHOLE);
        assert_true(now_us < SECOND_US / 4);
    }
    assert_int_equal(client_habit_after_answers(&habit, 0), WHOLE);
}

/* What it had not been answered says nothing of what it would have sent then. */
static void a_wait_with_requests_outstanding_is_not_in_vain(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    int64_t now_us = become_known(&habit);
    assert_int_equal(read_writes(&habit, 8, 8), WHOLE);
    for (int i = 0; i < 100; i++) {
        const struct client_read read = {now_us, 1, 9, true};
        assert_int_equal(client_habit_after_read(&habit, &read), WHOLE);
    }
    assert_int_equal(client_habit_after_answers(&habit, 0), WHOLE);
}

/* An event of a watch may leave while requests gather. */
static void what_is_sent_meanwhile_does_not_end_the_wait(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    int64_t now_us = become_known(&habit);
    assert_int_equal(client_habit_after_answers(&habit, 0), WHOLE);
    assert_int_equal(read_late(&habit, now_us, 1), 1);
    assert_int_equal(client_habit_after_answers(&habit, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_that_wait_for_their_answers_lose_little),
        cmocka_unit_test(threads_that_think_lose_little),
        cmocka_unit_test(writes_beside_a_busy_disk_lose_little),
        cmocka_unit_test(a_client_that_sends_on_and_on_is_read_by_the_batch),
        cmocka_unit_test(a_client_that_sends_like_a_clock_is_read_by_the_batch),
        cmocka_unit_test(a_client_that_sends_in_bursts_is_read_by_the_batch),
        cmocka_unit_test(a_client_with_one_request_at_a_time_is_never_held_up),
        cmocka_unit_test(behind_a_wait_in_vain_the_next_request_is_read_as_it_comes),
        cmocka_unit_test(what_comes_in_time_makes_waits_in_vain_forgotten),
        cmocka_unit_test(waits_that_bring_the_same_again_and_again_are_in_vain),
        cmocka_unit_test(a_read_before_its_time_does_not_make_them_forgotten),
        cmocka_unit_test(an_empty_wait_tells_nothing),
        cmocka_unit_test(a_round_in_which_the_client_is_idle_tells_nothing),
        cmocka_unit_test(a_client_that_changes_its_habit_is_found_out),
        cmocka_unit_test(a_client_that_begins_to_wait_is_found_out_soon),
        cmocka_unit_test(requests_that_are_outstanding_gather_by_the_batch),
        cmocka_unit_test(a_client_that_had_many_outstanding_is_tried_when_all_are_answered),
        cmocka_unit_test(a_wait_with_requests_outstanding_is_not_in_vain),
        cmocka_unit_test(what_is_sent_meanwhile_does_not_end_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
