/* The threads that wait for connections, and those that they may lend them to.
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
    /* Of one round; so many answers do not keep the requests waiting. */
    UPDATES_MAX = 1024,
    /* A client with so many requests outstanding, and from then on until there are so few, */
    PATIENT_FROM = 64,
    PATIENT_TO = 32,
    /* is read when so many bytes have come, some 50 creations of small nodes, */
    PATIENT_BYTES = 8192,
    /* or now and then, for among them may be a ping. */
    PATIENT_MS = 100,
};

struct selector_thread {
    struct server_cnxn_factory *factory;
    int32_t id;
    struct selector *selector;
    struct zk_atomic_long live; /* connections that were handed over and whose socket is open */
    struct zk_atomic_long is_stopping;
    struct selector_ready ready[READY_ROOM]; /* of the thread, as is what follows */
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

/* The first update finds a connection that is watched for nothing yet. */
void selector_thread_add_accepted_connection(struct nio_server_cnxn *cnxn)
{
    channel_request_update(cnxn->channel);
}

/* ---- one connection -------------------------------------------------------------------------- */

/* A client that does not wait for its answers sends request after request, and each would wake this
 * thread and those behind it. While many are outstanding, the next ones may gather: that delays
 * none of them by more than the time that those before them take anyway. */
static void become_patient(struct selector_thread *thread, struct nio_server_cnxn *cnxn)
{
    if (cnxn->is_patient)
        return;
    if (thread->first_patient == NULL)
        thread->patient_since_ms = zk_elapsed_ms();
    cnxn->is_patient = true;
    cnxn->next_patient = thread->first_patient;
    thread->first_patient = cnxn;
    channel_set_low_water(cnxn->channel, PATIENT_BYTES);
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

/* What has gathered is read, however little it is. */
static void end_patience(struct selector_thread *thread)
{
    if (thread->first_patient == NULL || zk_elapsed_ms() - thread->patient_since_ms < PATIENT_MS)
        return;
    while (thread->first_patient != NULL)
        become_impatient(thread, thread->first_patient);
}

/* It has been closed, or marked by a thread that must not close: its socket goes, and the
 * selector's reference. */
static void finish_cnxn(struct selector_thread *thread, struct nio_server_cnxn *cnxn)
{
    nio_server_cnxn_close(cnxn, DISCONNECT_REASON_UNKNOWN);
    become_impatient(thread, cnxn);
    selector_cancel(thread->selector, cnxn->channel);
    channel_close(cnxn->channel);
    zk_atomic_long_add(&thread->live, -1);
    server_cnxn_unref(&cnxn->base);
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

/* The connection is this thread's again: does it want more, or what does it wait for? */
static void settle_cnxn(struct selector_thread *thread, struct nio_server_cnxn *cnxn)
{
    if (!server_cnxn_is_stale(&cnxn->base)) {
        int32_t ops = nio_server_cnxn_interest_ops(cnxn);
        int64_t outstanding = server_cnxn_outstanding(&cnxn->base, 0);
        if (outstanding >= PATIENT_FROM)
            become_patient(thread, cnxn);
        else if (outstanding < PATIENT_TO)
            become_impatient(thread, cnxn);
        int r = selector_set_interest_ops(thread->selector, cnxn->channel, ops);
        if (r == 0)
            return;
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_IO_EXCEPTION);
    }
    /* The update that closing asks for ends it, unless that has come already. */
    channel_request_update(cnxn->channel);
}

/* Java: handleIO() */
static void handle_io(struct selector_thread *thread, struct nio_server_cnxn *cnxn, int32_t ops)
{
    if (thread->factory->worker_queue != NULL) {
        lend_to_worker(thread, cnxn, ops);
        return;
    }
    nio_server_cnxn_do_io(cnxn, ops, &thread->room);
    settle_cnxn(thread, cnxn);
}

/* Java: processAcceptedConnections(), processInterestOpsUpdateRequests() */
static void process_update(struct selector_thread *thread, struct nio_server_cnxn *cnxn)
{
    if (cnxn->is_lent) {
        if (zk_atomic_long_get(&cnxn->lent_done) == 0)
            return; /* the worker asks for another update at its end */
        cnxn->is_lent = false;
    }
    if (server_cnxn_is_stale(&cnxn->base))
        finish_cnxn(thread, cnxn);
    else if (nio_server_cnxn_has_work(cnxn))
        handle_io(thread, cnxn, 0);
    else
        settle_cnxn(thread, cnxn);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* The factory's own stop does not end it: the accept thread may be about to hand over one more.
 * Java: SelectorThread.run() */
static void selector_thread_run(void *arg)
{
    struct selector_thread *thread = arg;
    while (zk_atomic_long_get(&thread->is_stopping) == 0 || zk_atomic_long_get(&thread->live) > 0) {
        int timeout_ms = thread->first_patient != NULL ? PATIENT_MS : -1;
        size_t count = selector_select(thread->selector, timeout_ms, thread->ready, READY_ROOM);
        end_patience(thread);
        for (size_t i = 0; i < count; i++)
            handle_io(thread, channel_attachment(thread->ready[i].channel), thread->ready[i].ops);
        for (int i = 0; i < UPDATES_MAX; i++) {
            struct channel *channel = selector_next_update(thread->selector);
            if (channel == NULL)
                break;
            process_update(thread, channel_attachment(channel));
        }
    }
}

/* ---- workers --------------------------------------------------------------------------------- */

/* Java: NIOServerCnxnFactory.IOWorkRequest.doWork() */
void nio_worker_thread_run(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    struct io_room *room = zk_xmalloc(sizeof *room);
    void *item;
    while (bq_poll(factory->worker_queue, INT64_MAX, &item) == 0) {
        struct nio_server_cnxn *cnxn = item;
        nio_server_cnxn_do_io(cnxn, cnxn->lent_ops, room);
        zk_atomic_long_set(&cnxn->lent_done, 1);
        channel_request_update(cnxn->channel);
        server_cnxn_unref(&cnxn->base);
    }
    free(room);
}
