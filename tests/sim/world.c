/* One run from beginning to end, and the verbs of its driver.
 *
 * A run begins with the seed: it gives the streams of chance, and the first draws give the world
 * its character (how threads are scheduled, how long the lines are, how slow the disks). It ends
 * when the driver returns or when somebody calls world_end; either way the flow of control comes
 * back to world_run, on the program's own stack, which takes all that is left to pieces. */
#include "internal.h"

#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_STEP_LIMIT = 20000000,
    NARROW_BYTES_A_SECOND = 16 * 1024,
};

struct world world;

static struct {
    void (*driver)(void *arg);
    void *arg;
} run;

uint64_t world_random(uint64_t bound)
{
    return chance_below(CHANCE_DRIVER, bound);
}

uint64_t world_random_apart(uint64_t bound)
{
    return chance_below(CHANCE_APART, bound);
}

/* The first byte is the lowest on every machine, so that the hash is the same on all. */
void transcribe_bytes(const void *bytes, size_t length)
{
    const char *next = bytes;
    uint64_t word = 0;
    transcribe(length);
    for (; length >= sizeof word; length -= sizeof word, next += sizeof word) {
        own_copy(&word, next, sizeof word);
        transcribe(le64toh(word));
    }
    word = 0;
    own_copy(&word, next, length);
    transcribe(le64toh(word));
}

/* ---- the verdict ---------------------------------------------------------------------------- */

static _Noreturn void end_with(enum world_result result, const char *format, va_list args)
{
    struct world_report *report = &world.report;
    if (report->result == WORLD_OK) {
        report->result = result;
        look_away();
        vsnprintf(report->reason, sizeof report->reason, format, args);
        size_t length = strlen(report->reason);
        snprintf(report->reason + length, sizeof report->reason - length,
                 " (host %d, thread %s, at %.6f s)",
                 world.running->process != NULL ? process_running()->host : 0,
                 task_name(world.running), (double)world.now_ns / 1e9);
        look_again();
        if (world.options.show_lines)
            show_stack(report->reason);
    }
    sched_leave();
}

void world_end(enum world_result result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    end_with(result, format, args);
}

void world_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    end_with(WORLD_FAILED, format, args);
}

void show_call(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    look_away();
    fprintf(stderr, "  %12.6f h%d %-15s ", (double)world.now_ns / 1e9,
            world.running->process != NULL ? process_running()->host : 0, task_name(world.running));
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    look_again();
    va_end(args);
}

/* ---- a run ---------------------------------------------------------------------------------- */

static struct character draw_character(void)
{
    static const uint32_t preempt_gaps[] = {1, 4, 15, 70, 600};
    static const size_t windows[] = {64, 1024, 16384, 262144};
    struct character c = {0};

    c.by_priority = chance_one_in(CHANCE_SCHEDULE, 4);
    if (c.by_priority)
        c.priority_changes = (unsigned)chance_below(CHANCE_SCHEDULE, 30);
    c.preempt_gap = c.by_priority ? 0 : preempt_gaps[chance_below(CHANCE_SCHEDULE, 5)];
    if (chance_one_in(CHANCE_SCHEDULE, 3)) {
        c.stall_gap = 2000 + (uint32_t)chance_below(CHANCE_SCHEDULE, 100000);
        c.stall_max_ns = (1 + (int64_t)chance_below(CHANCE_SCHEDULE, 3000)) * MILLISECOND;
    }
    c.spurious_one_in = chance_one_in(CHANCE_SCHEDULE, 2) ? 100 : 0;

    c.window = windows[chance_below(CHANCE_NET, 4)];
    c.split_one_in = chance_one_in(CHANCE_NET, 2) ? 1 + (uint32_t)chance_below(CHANCE_NET, 20) : 0;
    uint64_t latency_us = chance_one_in(CHANCE_NET, 4) ? 50000 : 500;
    c.latency_ns = (20 + (int64_t)chance_below(CHANCE_NET, latency_us)) * MICROSECOND;
    c.lookup_max_ns = chance_one_in(CHANCE_NET, 8) ? 3 * SECOND : 2 * MILLISECOND;
    c.sync_max_ns = chance_one_in(CHANCE_DISK, 8) ? 2 * SECOND : 8 * MILLISECOND;
    return c;
}

static void calm_down(struct character *c)
{
    c->stall_gap = 0;
    c->split_one_in = 0;
    c->window = 65536;
    c->latency_ns = 50 * MICROSECOND;
    c->lookup_max_ns = MILLISECOND;
    c->sync_max_ns = MILLISECOND;
}

static void *run_driver(void *arg)
{
    (void)arg;
    run.driver(run.arg);
    return NULL;
}

static void leave_nothing_to_chance(struct character *c)
{
    calm_down(c);
    c->by_priority = true;
    c->in_turn = true;
    c->priority_changes = 0;
    c->preempt_gap = 0;
    c->spurious_one_in = 0;
    c->latency_ns = MILLISECOND;
    c->lookup_max_ns = 1;
    c->sync_max_ns = 1;
}

static void begin(const struct world_options *options, void (*driver)(void *arg), void *arg)
{
    world = (struct world){.options = *options};
    if (world.options.step_limit == 0)
        world.options.step_limit = DEFAULT_STEP_LIMIT;
    uint64_t state = options->seed * 0x2545f4914f6cdd1dULL;
    for (int i = 0; i < CHANCE_STREAMS; i++)
        world.chance[i] = chance_next(&state);
    run.driver = driver;
    run.arg = arg;
    world.character = draw_character();
    if (options->calm)
        calm_down(&world.character);
    world.call_ns = options->in_turn ? 0 : CALL_NS;
    if (options->in_turn)
        leave_nothing_to_chance(&world.character);
    lock_order_begin();
    net_begin();
    sched_begin();
    world.open = true;
}

static void take_apart(void)
{
    for (int i = 0; i < HOSTS_MAX; i++) {
        if (world.hosts[i].process != NULL)
            process_die(world.hosts[i].process, true);
        if (world.hosts[i].disk != NULL)
            disk_free(world.hosts[i].disk);
    }
    paths_forget();
    sched_end();
    net_end();
    world.open = false;
}

struct world_report world_run(const struct world_options *options, void (*driver)(void *arg),
                              void *arg)
{
    begin(options, driver, arg);
    sched_run(task_new(NULL, "driver", run_driver, NULL));
    world.report.transcript = world.hash;
    world.report.virtual_ns = world.now_ns;
    world.report.steps = world.steps;
    take_apart();
    return world.report;
}

/* ---- time ----------------------------------------------------------------------------------- */

int64_t world_now_ms(void)
{
    return world.now_ns / MILLISECOND;
}

void world_sleep_us(int64_t us)
{
    task_block(NULL, "driver sleeps", world.now_ns + us * MICROSECOND);
}

void world_sleep_ms(int64_t ms)
{
    world_sleep_us(ms * 1000);
}

bool world_wait_until(bool (*question)(void *arg), void *arg, int64_t timeout_ms)
{
    int64_t deadline_ns = world.now_ns + timeout_ms * MILLISECOND;
    while (!question(arg))
        if (task_block(&world.questions, "driver waits", deadline_ns))
            return question(arg);
    return true;
}

void world_notify(void)
{
    if (world.character.in_turn && world.questions.first != NULL)
        sched_preempt();
    wait_queue_wake_all(&world.questions);
}

void world_calm(void)
{
    world.character.sync_max_ns = MILLISECOND;
    world.character.lookup_max_ns = MILLISECOND;
    sched_calm();
}

/* The window's bytes go one way, and the room for more comes back. */
bool world_links_are_narrow(void)
{
    const int64_t round_trips_a_second = SECOND / (2 * world.character.latency_ns);
    return (int64_t)world.character.window * round_trips_a_second < NARROW_BYTES_A_SECOND;
}

/* ---- errors of the system ------------------------------------------------------------------- */

void world_inject(int host, enum injection what, unsigned times, unsigned one_in)
{
    struct injector *injector = &world.hosts[host].injectors[what];
    world.injecting -= injector->left > 0;
    world.injecting += times > 0;
    injector->left = times;
    injector->one_in = one_in;
}

unsigned world_injected(int host, enum injection what)
{
    return world.hosts[host].injectors[what].done;
}

bool inject_now(enum injection what)
{
    if (process_running() == NULL)
        return false;
    struct injector *injector = &host_running()->injectors[what];
    if (injector->left == 0 || !chance_one_in(CHANCE_INJECT, injector->one_in))
        return false;
    injector->left--;
    injector->done++;
    world.injecting -= injector->left == 0;
    show("injected error %d", (int)what);
    return true;
}
