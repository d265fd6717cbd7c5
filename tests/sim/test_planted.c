/* The simulator finds what it says it finds: each planted mistake is reported by some seed, in the
 * right words; and programs without a mistake pass with all seeds. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "planted.h"
#include "world.h"
#include "zk_test.h"

enum { SEEDS = 300, STEP_LIMIT = 100000, HOST = 1 };

static world_program *program;

static bool has_ended(void *arg)
{
    (void)arg;
    return !world_is_running(HOST);
}

static void drive_to_end(void *arg)
{
    (void)arg;
    world_boot(HOST, program, NULL);
    if (!world_wait_until(has_ended, NULL, 600000))
        world_fail("nothing is due: the program has not ended");
}

static struct world_report run(uint64_t seed, void (*drive)(void *arg), void *arg)
{
    const struct world_options options = {.seed = seed, .step_limit = STEP_LIMIT};
    return world_run(&options, drive, arg);
}

static void check(const struct planted *planted)
{
    program = planted->program;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world_report report = run(seed, drive_to_end, NULL);
        if (report.result == WORLD_OK)
            continue;
        if (planted->reason == NULL)
            fail_msg("%s: seed %" PRIu64 ": %s", planted->name, seed, report.reason);
        else if (strstr(report.reason, planted->reason) != NULL)
            return;
    }
    if (planted->reason != NULL)
        fail_msg("%s: no seed of %d says \"%s\"", planted->name, SEEDS, planted->reason);
}

static void planted_mistakes_are_found_and_sound_programs_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANTED_COUNT; i++)
        check(&PLANTED[i]);
}

/* ---- power loss ----------------------------------------------------------------------------- */

struct loss {
    bool lost; /* the number is not what was written */
};

static void drive_power_loss(void *arg)
{
    struct loss *loss = arg;
    char text[64] = "";
    world_write_file(HOST, "/data/other", "");
    drive_to_end(NULL);
    world_crash(HOST, WORLD_POWER_LOSS);
    loss->lost =
        !world_read_file(HOST, PLANTED_FILE, text, sizeof text) || strcmp(text, "1234567890") != 0;
}

static int losses(world_program *writer)
{
    int count = 0;
    program = writer;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct loss loss = {0};
        struct world_report report = run(seed, drive_power_loss, &loss);
        assert_string_equal(report.reason, "");
        count += loss.lost;
    }
    return count;
}

static void what_was_synced_survives_a_power_loss(void **state)
{
    (void)state;
    assert_int_equal(losses(planted_write_safely), 0);
}

static void what_was_not_synced_may_be_lost(void **state)
{
    (void)state;
    int unsynced = losses(planted_write_unsynced);
    int nameless = losses(planted_write_nameless);
    assert_in_range(unsynced, SEEDS / 10, SEEDS - 1);
    assert_in_range(nameless, SEEDS / 10, SEEDS - 1);
}

static void drive_kill(void *arg)
{
    struct loss *loss = arg;
    char text[64] = "";
    world_write_file(HOST, "/data/other", "");
    drive_to_end(NULL);
    world_crash(HOST, WORLD_KILL);
    loss->lost = !world_read_file(HOST, PLANTED_FILE, text, sizeof text);
}

static void a_kill_loses_nothing_that_was_written(void **state)
{
    struct loss loss = {0};
    (void)state;
    program = planted_write_unsynced;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world_report report = run(seed, drive_kill, &loss);
        assert_string_equal(report.reason, "");
        assert_false(loss.lost);
    }
}

/* ---- a window that stays full --------------------------------------------------------------- */

static void drive_full_window(void *arg)
{
    (void)arg;
    world_boot(2, planted_never_read, NULL);
    world_sleep_ms(1000);
    world_boot(HOST, planted_send_for_ever, NULL);
    world_sleep_ms(10000);
    world_crash(2, WORLD_POWER_LOSS);
    world_sleep_ms(10000);
    if (!world_is_running(HOST))
        world_fail("the sender knows that a host is off that says nothing");
    world_boot(2, planted_never_read, NULL);
    if (!world_wait_until(has_ended, NULL, 30000))
        world_fail("the sender waits for ever for room on a host that knows nothing of it");
}

static void who_waits_for_room_learns_that_the_receiver_has_lost_power(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        assert_string_equal(run(seed, drive_full_window, NULL).reason, "");
}

/* ---- between the calls ---------------------------------------------------------------------- */

#ifndef SIM_TSAN

static void an_unlocked_counter_breaks_when_blocks_are_preempted(void **state)
{
    int broken = 0;
    (void)state;
    program = planted_unlocked_counter;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        broken += run(seed, drive_to_end, NULL).result != WORLD_OK;
#ifdef SIM_BLOCKS
    assert_true(broken > 0);
#else
    assert_int_equal(broken, 0); /* nobody preempts there: ThreadSanitizer would tell */
#endif
}

#endif

static void the_same_seed_has_the_same_transcript(void **state)
{
    (void)state;
    program = PLANTED[1].program;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        assert_int_equal(run(seed, drive_to_end, NULL).transcript,
                         run(seed, drive_to_end, NULL).transcript);
    assert_int_not_equal(run(1, drive_to_end, NULL).transcript,
                         run(2, drive_to_end, NULL).transcript);
}

/* For ThreadSanitizer, whose verdict is the program's end. */
static int race(void)
{
    program = planted_unlocked_counter;
    return run(1, drive_to_end, NULL).result == WORLD_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "race") == 0)
        return race();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_mistakes_are_found_and_sound_programs_pass),
        cmocka_unit_test(what_was_synced_survives_a_power_loss),
        cmocka_unit_test(what_was_not_synced_may_be_lost),
        cmocka_unit_test(a_kill_loses_nothing_that_was_written),
        cmocka_unit_test(who_waits_for_room_learns_that_the_receiver_has_lost_power),
#ifndef SIM_TSAN
        cmocka_unit_test(an_unlocked_counter_breaks_when_blocks_are_preempted),
#endif
        cmocka_unit_test(the_same_seed_has_the_same_transcript),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
