/* The threads that wait until connections can be read or written, and the workers to which they may
 * lend connections.
 *
 * A connection belongs to one selector thread for all its life. That thread reads and writes it, or
 * lends it to a worker: it watches the socket no more then, and takes the connection back when the
 * worker asks for an update. Whatever other threads want of a connection (its answers sent, its
 * reading resumed, its end) comes as an update, too; so no two threads touch one socket at a time,
 * and no lock guards it.
 *
 * Java: NIOServerCnxnFactory.SelectorThread, NIOServerCnxnFactory.IOWorkRequest */
#include <inttypes.h>
#include <stdlib.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "zk/base/alloc.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/thread.h"

enum {
    READY_ROOM = 256,
    /* The most updates in one round, so that many answers do not keep the requests waiting. */
    UPDATES_MAX = 1024,
    /* When the updates of one round have taken so long, no other is begun, because the sockets wait
     * meanwhile. If a client has asked for many long lists at once, each update of its connection
     * asks for the next one. */
    UPDATES_MS = 10,
    /* After so many connections have been read, the processors behind this thread are woken: the
     * first of these connections does not wait longer for that than the last one for its turn. */
    CNXNS_PER_WAKE = 16,
};

/* Connections whose requests gather; the one that has waited longest is the first. */
struct gathering {
    struct nio_server_cnxn *first;
    struct nio_server_cnxn *last;
};

struct selector_thread {
    struct server_cnxn_factory *factory;
    int32_t id;
    struct selector *selector;
    struct zk_atomic_long live; /* connections that were handed over and whose socket is open */
    struct zk_atomic_long is_stopping;
    struct selector_ready ready[READY_ROOM]; /* the thread's alone, as is what follows */
    struct gathering gathering;
    struct io_room room;
};

static void selector_thread_run(void *arg);

/* ---- life ------------------------------------------------------------------------------------ */

int selector_thread_new(struct server_cnxn_factory *factory, int32_t id,
                        struct selector_thread **ret_thread)
{
    struct selector *selector;
    int r = selector_new(factory->ctx, &selector);
    if (r < 0)
        return r;
    struct selector_thread *thread = zk_xcalloc(1, sizeof *thread);
    thread->factory = factory;
    thread->id = id;
    thread->selector = selector;
    zk_atomic_long_init(&thread->live, 0);
    zk_atomic_long_init(&thread->is_stopping, 0);
    *ret_thread = thread;
    return 0;
}

void selector_thread_free(struct selector_thread *thread)
{
    if (thread == NULL)
        return;
    selector_free(thread->selector);
    free(thread);
}

int selector_thread_start(struct selector_thread *thread)
{
    return zk_thread_group_start(thread->factory->selector_thread_group, selector_thread_run,
                                 thread, "NIOServerCxnFactory.SelectorThread-%" PRId64,
                                 (int64_t)thread->id);
}

void selector_thread_stop(struct selector_thread *thread)
{
    zk_atomic_long_set(&thread->is_stopping, 1);
    selector_wakeup(thread->selector);
}

struct selector *selector_thread_selector(struct selector_thread *thread)
{
    return thread->selector;
}

void selector_thread_expect_connection(struct selector_thread *thread)
{
    zk_atomic_long_add(&thread->live, 1);
}

/* The new socket is watched for nothing until the thread has processed this first update. */
void selector_thread_add_accepted_connection(struct nio_server_cnxn *cnxn)
{
    channel_request_update(cnxn->channel);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void handle_ready(struct selector_thread *thread, size_t count);
static void process_updates(struct selector_thread *thread);
static void handle_io(struct selector_thread *thread, struct nio_server_cnxn *cnxn, int32_t ops);
static void lend_to_worker(struct selector_thread *thread, struct nio_server_cnxn *cnxn,
                           int32_t ops);
static void nio_worker_thread_run(void *arg);
static void count_lent(struct server_cnxn_factory *factory);
static void process_update(struct selector_thread *thread, struct nio_server_cnxn *cnxn);
static void settle_cnxn(struct selector_thread *thread, struct nio_server_cnxn *cnxn,
                        bool was_read);
static void finish_cnxn(struct selector_thread *thread, struct nio_server_cnxn *cnxn);
static void let_requests_gather(struct selector_thread *thread, struct nio_server_cnxn *cnxn,
                                int requests);
static void stop_gathering(struct selector_thread *thread, struct nio_server_cnxn *cnxn);
static void set_low_water(struct nio_server_cnxn *cnxn, size_t bytes);
static void end_gathering(struct selector_thread *thread);
static void read_what_gathered(struct selector_thread *thread, struct nio_server_cnxn *cnxn,
                               bool is_late);
static int gathering_left_ms(const struct selector_thread *thread);

/* The factory's own stop does not end it: the accept thread may be about to hand over one more.
 * Java: SelectorThread.run() */
static void selector_thread_run(void *arg)
{
    struct selector_thread *thread = arg;
    while (zk_atomic_long_get(&thread->is_stopping) == 0 || zk_atomic_long_get(&thread->live) > 0) {
        int timeout_ms = gathering_left_ms(thread);
        size_t count = selector_select(thread->selector, timeout_ms, thread->ready, READY_ROOM);
        handle_ready(thread, count);
        end_gathering(thread);
        process_updates(thread);
    }
}

/* Reads and writes the connections that are ready. Java: SelectorThread.select(), its loop */
static void handle_ready(struct selector_thread *thread, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct nio_server_cnxn *cnxn = channel_attachment(thread->ready[i].channel);
        cnxn->is_late = false;
        handle_io(thread, cnxn, thread->ready[i].ops);
        if ((i + 1) % CNXNS_PER_WAKE == 0)
            nio_server_cnxn_wake_processors(&thread->room);
    }
    nio_server_cnxn_wake_processors(&thread->room);
}

/* Does what other threads have asked for of connections. */
static void process_updates(struct selector_thread *thread)
{
    int64_t end_ms = zk_elapsed_ms() + UPDATES_MS;
    for (int i = 0; i < UPDATES_MAX; i++) {
        struct channel *channel = selector_next_update(thread->selector);
        if (channel == NULL)
            break;
        process_update(thread, channel_attachment(channel));
        nio_server_cnxn_wake_processors(&thread->room);
        if (zk_elapsed_ms() >= end_ms)
            break;
    }
}

/* ---- one connection -------------------------------------------------------------------------- */

/* Java: handleIO() */
static void handle_io(struct selector_thread *thread, struct nio_server_cnxn *cnxn, int32_t ops)
{
    bool is_lent = thread->factory->worker_queue != NULL;
    /* To be lent ends the gathering, and each answer or event that leaves would make it begin anew.
     * So what has gathered by now is read on the same occasion. */
    if (is_lent && cnxn->wanted > 1 && (ops & OP_READ) == 0) {
        ops |= nio_server_cnxn_interest_ops(cnxn) & OP_READ;
        cnxn->is_late = false;
    }
    if (is_lent || (ops & OP_READ) != 0)
        stop_gathering(thread, cnxn);
    if (is_lent) {
        lend_to_worker(thread, cnxn, ops);
        return;
    }
    nio_server_cnxn_do_io(cnxn, ops, &thread->room);
    settle_cnxn(thread, cnxn, (ops & OP_READ) != 0);
}

/* Java: WorkerService.schedule() */
static void lend_to_worker(struct selector_thread *thread, struct nio_server_cnxn *cnxn,
                           int32_t ops)
{
    int r = selector_set_interest_ops(thread->selector, cnxn->channel, 0);
    (void)r; /* taking a descriptor out of the set cannot fail */
    cnxn->is_lent = true;
    cnxn->lent_ops = ops;
    zk_atomic_long_set(&cnxn->lent_done, 0);
    server_cnxn_ref(&cnxn->base);
    count_lent(thread->factory);
    bq_put(thread->factory->worker_queue, cnxn);
}

/* Java: processAcceptedConnections(), processInterestOpsUpdateRequests() */
static void process_update(struct selector_thread *thread, struct nio_server_cnxn *cnxn)
{
    bool was_read = false;
    if (cnxn->is_lent) {
        if (zk_atomic_long_get(&cnxn->lent_done) == 0)
            return; /* the worker asks for another update at its end */
        cnxn->is_lent = false;
        was_read = (cnxn->lent_ops & OP_READ) != 0;
    }
    if (server_cnxn_is_stale(&cnxn->base))
        finish_cnxn(thread, cnxn);
    else if (nio_server_cnxn_has_work(cnxn))
        handle_io(thread, cnxn, 0);
    else
        settle_cnxn(thread, cnxn, was_read);
}

/* Called when a connection has been read and written, and is this thread's again: decides what its
 * socket is watched for from now on. */
static void settle_cnxn(struct selector_thread *thread, struct nio_server_cnxn *cnxn, bool was_read)
{
    if (!server_cnxn_is_stale(&cnxn->base)) {
        int32_t ops = nio_server_cnxn_interest_ops(cnxn);
        int64_t outstanding = server_cnxn_outstanding(&cnxn->base, 0);
        const struct client_read read = {zk_elapsed_us(), cnxn->frames_read, outstanding,
                                         cnxn->is_late};
        let_requests_gather(thread, cnxn,
                            was_read ? client_habit_after_read(&cnxn->habit, &read)
                                     : client_habit_after_answers(&cnxn->habit, outstanding));
        int r = selector_set_interest_ops(thread->selector, cnxn->channel, ops);
        if (r == 0)
            return;
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_IO_EXCEPTION);
    }
    /* The connection is finished when its next update is processed. The one that
     * nio_server_cnxn_close has asked for may have come already, so another one is asked for. */
    channel_request_update(cnxn->channel);
}

/* Ends a connection that has been closed, or marked as stale by a thread that must not close it:
 * closes the socket, and gives the selector's reference back. */
static void finish_cnxn(struct selector_thread *thread, struct nio_server_cnxn *cnxn)
{
    nio_server_cnxn_close(cnxn, DISCONNECT_REASON_UNKNOWN);
    stop_gathering(thread, cnxn);
    nio_server_cnxn_tell_figures(cnxn);
    nio_server_cnxn_end_kept(cnxn);
    selector_cancel(thread->selector, cnxn->channel);
    channel_close(cnxn->channel);
    zk_atomic_long_add(&thread->live, -1);
    server_cnxn_unref(&cnxn->base);
}

/* ---- gathering ------------------------------------------------------------------------------- */

/* A client that does not wait for its answers sends request after request, and each would wake this
 * thread and those behind it. So the next ones may gather: the connection is read again when so
 * many have come, or when its time is over. 1: they do not gather, and the connection is read as
 * soon as anything comes. A wait that has begun, and was not ended by a read, goes on. */
static void let_requests_gather(struct selector_thread *thread, struct nio_server_cnxn *cnxn,
                                int requests)
{
    if (requests == cnxn->wanted && requests > 1)
        return;
    stop_gathering(thread, cnxn);
    if (requests == 1) {
        set_low_water(cnxn, 1);
        return;
    }
    set_low_water(cnxn, (size_t)requests * cnxn->frame_bytes);
    struct gathering *gathering = &thread->gathering;
    cnxn->wanted = requests;
    cnxn->gathers_since_us = zk_elapsed_us();
    cnxn->previous_gathering = gathering->last;
    cnxn->next_gathering = NULL;
    *(gathering->last != NULL ? &gathering->last->next_gathering : &gathering->first) = cnxn;
    gathering->last = cnxn;
}

static void stop_gathering(struct selector_thread *thread, struct nio_server_cnxn *cnxn)
{
    if (cnxn->wanted == 1)
        return;
    struct gathering *gathering = &thread->gathering;
    struct nio_server_cnxn *previous = cnxn->previous_gathering;
    struct nio_server_cnxn *next = cnxn->next_gathering;
    *(previous != NULL ? &previous->next_gathering : &gathering->first) = next;
    *(next != NULL ? &next->previous_gathering : &gathering->last) = previous;
    cnxn->wanted = 1;
}

/* Requests are nearly of one length, and to follow each byte of difference would cost a system call
 * for each read. */
static void set_low_water(struct nio_server_cnxn *cnxn, size_t bytes)
{
    int low_water = bytes < IO_ROOM ? (int)bytes : IO_ROOM;
    if (low_water > 1 && abs(low_water - cnxn->low_water) <= low_water / 4)
        return;
    if (low_water != cnxn->low_water)
        channel_set_low_water(cnxn->channel, low_water);
    cnxn->low_water = low_water;
}

/* When the time of the first is over, what has gathered is read, however little it is: there may be
 * a ping. All others of its kind are read with it: so they cost one wake-up, here and behind. */
static void end_gathering(struct selector_thread *thread)
{
    const struct gathering *gathering = &thread->gathering;
    const struct nio_server_cnxn *last = gathering->last;
    if (last == NULL)
        return;
    int64_t late_us = zk_elapsed_us() - CLIENT_HABIT_WAIT_US;
    if (gathering->first->gathers_since_us > late_us)
        return;
    struct nio_server_cnxn *cnxn;
    do {
        cnxn = gathering->first;
        read_what_gathered(thread, cnxn, cnxn->gathers_since_us <= late_us);
    } while (cnxn != last);
    nio_server_cnxn_wake_processors(&thread->room);
}

/* Afterwards it is in no list, or the last of one. */
static void read_what_gathered(struct selector_thread *thread, struct nio_server_cnxn *cnxn,
                               bool is_late)
{
    int32_t ops = nio_server_cnxn_interest_ops(cnxn) & OP_READ;
    cnxn->is_late = is_late;
    if (ops != 0)
        handle_io(thread, cnxn, ops);
    else
        let_requests_gather(thread, cnxn, 1);
}

/* Returns for how many milliseconds the thread may sleep; -1: for ever. They are rounded up: behind
 * a sleep that ends too early another one would come. */
static int gathering_left_ms(const struct selector_thread *thread)
{
    const struct nio_server_cnxn *cnxn = thread->gathering.first;
    if (cnxn == NULL)
        return -1;
    int64_t left_us = cnxn->gathers_since_us + CLIENT_HABIT_WAIT_US - zk_elapsed_us();
    return left_us > 0 ? (int)((left_us + 999) / 1000) : 0;
}

/* ---- workers --------------------------------------------------------------------------------- */

int nio_worker_thread_start(struct server_cnxn_factory *factory)
{
    int64_t number = zk_atomic_long_add(&factory->worker_count, 1);
    int r = 0;
    if (number <= factory->num_worker_threads) /* else another selector has started the last one */
        r = zk_thread_group_start(factory->worker_group, nio_worker_thread_run, factory,
                                  "NIOWorkerThread-%" PRId64, number);
    if (number > factory->num_worker_threads || r < 0)
        zk_atomic_long_add(&factory->worker_count, -1);
    return r;
}

/* Counts a connection as lent, and starts a worker for it if all others have one. If the system
 * gives no more threads, it waits for one of those that there are. Java's pool starts a thread for
 * each task, also beside idle ones, until it has as many as it may have. */
static void count_lent(struct server_cnxn_factory *factory)
{
    int64_t lent = zk_atomic_long_add(&factory->lent_count, 1);
    int64_t count = zk_atomic_long_get(&factory->worker_count);
    if (lent <= count || count >= factory->num_worker_threads)
        return;
    bool is_known = zk_thread_group_ran_short(factory->worker_group);
    if (nio_worker_thread_start(factory) < 0 && !is_known)
        zk_log(factory->ctx, ZK_LOG_NO_THREAD_FOR_WORKER, count);
}

/* If one of several sleeping workers does not run although its process does (a debugger holds that
 * thread alone), all clients wait until it does: a signal of glibc's condition waits for whoever
 * the signals before have woken. So it is with Java's queue of workers, as was seen there, too.
 * Java: NIOServerCnxnFactory.IOWorkRequest.doWork() */
static void nio_worker_thread_run(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    struct io_room *room = zk_xcalloc(1, sizeof *room);
    void *item;
    while (bq_poll(factory->worker_queue, INT64_MAX, &item) == 0) {
        struct nio_server_cnxn *cnxn = item;
        nio_server_cnxn_do_io(cnxn, cnxn->lent_ops, room);
        nio_server_cnxn_wake_processors(room);
        zk_atomic_long_add(&factory->lent_count, -1);
        zk_atomic_long_set(&cnxn->lent_done, 1);
        channel_request_update(cnxn->channel);
        server_cnxn_unref(&cnxn->base);
    }
    free(room);
}
