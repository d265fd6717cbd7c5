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
#include "zk/runtime/thread.h"

enum {
    READY_ROOM = 256,
    /* The most updates in one round, so that many answers do not keep the requests waiting. */
    UPDATES_MAX = 1024,
    /* When the updates of one round have taken so long, no other is begun, because the sockets wait
     * meanwhile. If a client has asked for many long lists at once, each update of its connection
     * asks for the next one. */
    UPDATES_MS = 10,
    /* A client with so many requests outstanding does not wait for its answers. An application with
     * a few threads, each of which waits for its own answer, has fewer. */
    PATIENT_FROM = 8,
    /* Such a client's socket is read when so many requests have come, which is as many as are
     * handed on together anyway, or when PATIENT_MS have passed. That is about the time of an
     * fsync, which writes wait for in any case. */
    PATIENT_REQUESTS = BATCH_MAX,
    PATIENT_MS = 2,
    /* A client that once had PATIENT_FROM requests outstanding counts for so many reads as one that
     * does not wait. Where it shares the processors with the servers, they may answer each request
     * before it gets to send the next one, however many it has to send; then it has only one or two
     * outstanding. */
    KNOWN_READS = 1024,
    /* After so many connections have been read, the processors behind this thread are woken: the
     * first of these connections does not wait longer for that than the last one for its turn. */
    CNXNS_PER_WAKE = 16,
};

struct selector_thread {
    struct server_cnxn_factory *factory;
    int32_t id;
    struct selector *selector;
    struct zk_atomic_long live; /* connections that were handed over and whose socket is open */
    struct zk_atomic_long is_stopping;
    struct selector_ready ready[READY_ROOM]; /* the thread's alone, as is what follows */
    struct nio_server_cnxn *first_patient;
    int64_t patient_since_ms;
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
static void process_update(struct selector_thread *thread, struct nio_server_cnxn *cnxn);
static void settle_cnxn(struct selector_thread *thread, struct nio_server_cnxn *cnxn,
                        bool was_read);
static bool does_not_wait(struct nio_server_cnxn *cnxn, int64_t outstanding, bool was_read);
static void finish_cnxn(struct selector_thread *thread, struct nio_server_cnxn *cnxn);
static void become_patient(struct selector_thread *thread, struct nio_server_cnxn *cnxn);
static void become_impatient(struct selector_thread *thread, struct nio_server_cnxn *cnxn);
static void end_patience(struct selector_thread *thread);
static int patience_left_ms(const struct selector_thread *thread);

/* The factory's own stop does not end it: the accept thread may be about to hand over one more.
 * Java: SelectorThread.run() */
static void selector_thread_run(void *arg)
{
    struct selector_thread *thread = arg;
    while (zk_atomic_long_get(&thread->is_stopping) == 0 || zk_atomic_long_get(&thread->live) > 0) {
        int timeout_ms = thread->first_patient != NULL ? patience_left_ms(thread) : -1;
        size_t count = selector_select(thread->selector, timeout_ms, thread->ready, READY_ROOM);
        end_patience(thread);
        handle_ready(thread, count);
        process_updates(thread);
    }
}

/* Reads and writes the connections that are ready. Java: SelectorThread.select(), its loop */
static void handle_ready(struct selector_thread *thread, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        handle_io(thread, channel_attachment(thread->ready[i].channel), thread->ready[i].ops);
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
    if (thread->factory->worker_queue != NULL) {
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
        if (does_not_wait(cnxn, outstanding, was_read))
            become_patient(thread, cnxn);
        else if (outstanding == 0)
            become_impatient(thread, cnxn);
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
    become_impatient(thread, cnxn);
    selector_cancel(thread->selector, cnxn->channel);
    channel_close(cnxn->channel);
    zk_atomic_long_add(&thread->live, -1);
    server_cnxn_unref(&cnxn->base);
}

/* ---- patience -------------------------------------------------------------------------------- */

/* Returns whether the client goes on asking before it has its answers. outstanding: how many it has
 * asked for and not got; was_read: its connection has just been read. */
static bool does_not_wait(struct nio_server_cnxn *cnxn, int64_t outstanding, bool was_read)
{
    if (outstanding >= PATIENT_FROM)
        cnxn->known_reads = KNOWN_READS;
    else if (was_read && cnxn->known_reads > 0)
        cnxn->known_reads--;
    return outstanding > 0 && cnxn->known_reads > 0;
}

/* A client that does not wait for its answers sends request after request, and each would wake this
 * thread and those behind it. While some are outstanding, the next ones may gather. */
static void become_patient(struct selector_thread *thread, struct nio_server_cnxn *cnxn)
{
    if (cnxn->is_patient)
        return;
    if (thread->first_patient == NULL)
        thread->patient_since_ms = zk_elapsed_ms();
    cnxn->is_patient = true;
    cnxn->next_patient = thread->first_patient;
    thread->first_patient = cnxn;
    size_t bytes = PATIENT_REQUESTS * cnxn->frame_bytes;
    channel_set_low_water(cnxn->channel, bytes < IO_ROOM ? (int)bytes : IO_ROOM);
}

static void become_impatient(struct selector_thread *thread, struct nio_server_cnxn *cnxn)
{
    if (!cnxn->is_patient)
        return;
    struct nio_server_cnxn **link = &thread->first_patient;
    while (*link != cnxn)
        link = &(*link)->next_patient;
    *link = cnxn->next_patient;
    cnxn->is_patient = false;
    channel_set_low_water(cnxn->channel, 1);
}

/* When the time is over, what has gathered is read, however little it is: there may be a ping. */
static void end_patience(struct selector_thread *thread)
{
    if (thread->first_patient == NULL || patience_left_ms(thread) > 0)
        return;
    while (thread->first_patient != NULL)
        become_impatient(thread, thread->first_patient);
}

static int patience_left_ms(const struct selector_thread *thread)
{
    int64_t left_ms = thread->patient_since_ms + PATIENT_MS - zk_elapsed_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

/* ---- workers --------------------------------------------------------------------------------- */

/* Java: NIOServerCnxnFactory.IOWorkRequest.doWork() */
void nio_worker_thread_run(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    struct io_room *room = zk_xcalloc(1, sizeof *room);
    void *item;
    while (bq_poll(factory->worker_queue, INT64_MAX, &item) == 0) {
        struct nio_server_cnxn *cnxn = item;
        nio_server_cnxn_do_io(cnxn, cnxn->lent_ops, room);
        nio_server_cnxn_wake_processors(room);
        zk_atomic_long_set(&cnxn->lent_done, 1);
        channel_request_update(cnxn->channel);
        server_cnxn_unref(&cnxn->base);
    }
    free(room);
}
