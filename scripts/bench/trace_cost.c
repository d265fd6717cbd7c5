/* What the trace costs: nanoseconds of processor time for an event, off and on.
 *
 *     trace_cost EVENTS FILE
 *
 * The events are those that an election writes most. Off, a loop around an event is held against
 * the same loop around nothing. On, every line goes to FILE, and the kernel's time counts; the
 * writer is one of as many threads as a peer of three has, and the last that the registry finds.
 * Prints one JSON object; the bench reads it.
 *
 * Exit: 0 measured, 1 FILE cannot be written, 2 wrong usage. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "zk/runtime/context.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"

enum { THREADS = 18, OFF_LOOPS = 100 };

static const char conn[] = "127.0.0.1:47008-127.0.0.1:28067";
static const char notification[] =
    "{\"state\":\"LOOKING\",\"leader\":1,\"zxid\":\"0x0\",\"round\":1,\"epoch\":0}";

static void event_enq(struct zk_context *ctx, int64_t i)
{
    zk_trace_enq(ctx, "queueSendMap[2]", i, 1, 0);
}

static void event_deq(struct zk_context *ctx, int64_t i)
{
    zk_trace_deq(ctx, "queueSendMap[2]", i, 0);
}

static void event_send(struct zk_context *ctx, int64_t i)
{
    zk_trace_send(ctx, 2, conn, i, "NOTIFICATION", notification);
}

static void event_tally(struct zk_context *ctx, int64_t i)
{
    const int64_t have[] = {1, 2, 3};
    zk_trace_tally(ctx, i, have, 3, true);
}

static void event_wait(struct zk_context *ctx, int64_t i)
{
    zk_trace_wait(ctx, i, "a quorum agrees; one more look for a better vote");
}

typedef void event_function(struct zk_context *ctx, int64_t i);

static const struct {
    const char *name;
    event_function *event;
} EVENTS[] = {
    {"enq", event_enq},     {"deq", event_deq},   {"send", event_send},
    {"tally", event_tally}, {"wait", event_wait},
};
enum { EVENT_KINDS = sizeof EVENTS / sizeof EVENTS[0] };

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* One pass of the loop. event is read anew each time, so that nothing is moved out of it. */
static double loop_ns(struct zk_context *ctx, event_function *event, int64_t loops)
{
    event_function *volatile called = event;
    int64_t began = cpu_ns();
    for (int64_t i = 0; i < loops; i++)
        called(ctx, i);
    return (double)(cpu_ns() - began) / (double)loops;
}

static void nothing(struct zk_context *ctx, int64_t i)
{
    (void)ctx;
    (void)i;
}

static void print_off(int64_t events)
{
    const struct zk_context_options options = zk_context_options_default();
    struct zk_context *ctx = zk_context_new(&options);
    const int64_t loops = events * OFF_LOOPS;
    loop_ns(ctx, event_send, loops); /* warm */
    double empty_ns = loop_ns(ctx, nothing, loops);
    printf("{\"events\": %" PRId64 ", \"off_ns\": %.2f", events,
           loop_ns(ctx, event_send, loops) - empty_ns);
    zk_context_free(ctx);
}

/* --- a crowd of threads that only are there --- */

struct crowd {
    struct zk_mutex mutex;
    struct zk_cond done;
    bool over; /* guarded by mutex */
};

static void stand_by(void *arg)
{
    struct crowd *crowd = arg;
    zk_mutex_lock(&crowd->mutex);
    while (!crowd->over)
        zk_cond_wait(&crowd->done, &crowd->mutex);
    zk_mutex_unlock(&crowd->mutex);
}

static void disperse(struct crowd *crowd, struct zk_thread_group *group)
{
    zk_mutex_lock(&crowd->mutex);
    crowd->over = true;
    zk_cond_broadcast(&crowd->done);
    zk_mutex_unlock(&crowd->mutex);
    zk_thread_group_free(group);
}

static void print_on(int64_t events, int fd)
{
    struct zk_context_options options = zk_context_options_default();
    options.trace_fd = fd;
    struct zk_context *ctx = zk_context_new(&options);
    struct zk_thread_group *group = zk_thread_group_new(ctx);
    struct crowd crowd = {.over = false};
    zk_mutex_init(&crowd.mutex, ctx, "crowd", 110 /* that of a queue */);
    zk_cond_init(&crowd.done);
    for (int i = 1; i < THREADS; i++)
        if (zk_thread_group_start(group, stand_by, &crowd, "SendWorker:%d", i) < 0)
            fprintf(stderr, "trace_cost: the system gives only %d threads\n", i);

    loop_ns(ctx, event_send, events / 10); /* warm */
    for (size_t kind = 0; kind < EVENT_KINDS; kind++)
        printf(", \"%s_ns\": %.0f", EVENTS[kind].name, loop_ns(ctx, EVENTS[kind].event, events));
    printf("}\n");

    disperse(&crowd, group);
    zk_cond_destroy(&crowd.done);
    zk_mutex_destroy(&crowd.mutex);
    zk_context_free(ctx);
}

int main(int argc, char **argv)
{
    int64_t events = argc == 3 ? strtoll(argv[1], NULL, 10) : 0;
    if (events <= 0) {
        fprintf(stderr, "Usage: trace_cost EVENTS FILE\n");
        return 2;
    }
    int fd = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        fprintf(stderr, "trace_cost: cannot write %s\n", argv[2]);
        return 1;
    }
    print_off(events);
    print_on(events, fd);
    close(fd);
    return 0;
}
