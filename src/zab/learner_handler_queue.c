/* What waits for one learner, and the thread that sends it.
 *
 * Thread: Sender-<remote> writes from the queue, so that a learner that reads slowly holds up
 * neither its own handler nor anybody else. Whoever has something for the learner only puts it
 * there. What waits is counted under the handler's lock, and bounded by its bytes (D-43).
 *
 * Java: LearnerHandler, its queuedPackets */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "zab/learner_handler_internal.h"
#include "zab/learner_master.h"
#include "zk/base/error.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_metrics.h"

/* Bytes besides a packet's data: for the packet and the queue's node, and what Java counts. */
enum { ELEMENT_SIZE = 128, JAVA_ELEMENT_SIZE = 28 };

/* Java: markerPacketInterval */
enum { MARKER_PACKET_INTERVAL = 1000 };

static int take_packets(struct learner_handler *handler, struct bq_batch *batch);
static void note_sending(struct learner_handler *handler, const struct quorum_packet *packet);
static void tell_metrics(struct learner_handler *handler);
static void sender_run(void *arg);
static int64_t packet_size(const struct quorum_packet *packet);
static void plant_marker_locked(struct learner_handler *handler) REQUIRES(&handler->mu);

static void free_packet(void *item)
{
    quorum_packet_free(item);
}

void learner_handler_make_queue(struct learner_handler *handler)
{
    char queue_name[sizeof handler->remote_address.text + 16];
    snprintf(queue_name, sizeof queue_name, "queuedPackets-%s", handler->remote_address.text);
    /* Limited by bytes, where packets are put into it, and not by their number. */
    handler->queued_packets = bq_new(handler->ctx, queue_name, SIZE_MAX, free_packet);
    handler->queued_bytes_limit = LEARNER_HANDLER_QUEUED_BYTES;
}

/* ---- the Sender thread ----------------------------------------------------------------------- */

/* In a burst the queue is locked once, and the socket written to once, for many packets.
 * Java: sendPackets() */
static int send_packets(struct learner_handler *handler)
{
    int r = 0;
    struct bq_batch batch = {0};
    while (r == 0 && (r = take_packets(handler, &batch)) == 0) {
        struct quorum_packet *packet;
        while (r == 0 && (packet = bq_batch_next(&batch)) != NULL) {
            note_sending(handler, packet);
            r = packet_stream_write(&handler->stream, handler->sid, packet);
            quorum_packet_free(packet);
        }
        tell_metrics(handler);
    }
    bq_batch_done(&batch);
    return r;
}

/* Takes all that waits in the queue. What has been written goes out when there is no more, and not
 * before: whoever queues packets while others are written would have each of them sent alone. */
static int take_packets(struct learner_handler *handler, struct bq_batch *batch)
{
    int r = bq_poll_all(handler->queued_packets, 0, batch);
    if (r != -ETIMEDOUT)
        return r;
    r = packet_stream_flush(&handler->stream);
    return r < 0 ? r : bq_take_all(handler->queued_packets, batch);
}

/* The packet has left the queue. From now on the learner owes an ACK for it if it is a PROPOSAL:
 * the time in the queue is not the learner's fault. */
static void note_sending(struct learner_handler *handler, const struct quorum_packet *packet)
{
    zk_mutex_lock(&handler->mu);
    handler->queued_bytes -= packet_size(packet);
    handler->queued_packets_count--;
    avg_min_max_counter_add(&handler->qp_size, handler->queued_packets_count);
    if (handler->packets_to_marker > 0 && --handler->packets_to_marker == 0)
        avg_min_max_counter_add(&handler->qp_time_ms, zk_elapsed_ms() - handler->marker_since_ms);
    handler->packets_sent++;
    if (packet->zxid > 0)
        handler->last_zxid = packet->zxid;
    if (packet->type == LEADER_PROPOSAL)
        sync_limit_check_update_proposal(&handler->sync_limit_check, packet->zxid, zk_elapsed_ms());
    zk_mutex_unlock(&handler->mu);
}

/* The figures are handed over once a batch, so a burst costs one lock for many packets. */
static void tell_metrics(struct learner_handler *handler)
{
    struct server_metrics *metrics = handler->master->metrics;
    server_metrics_merge_of(metrics, SERVER_METRICS_LEARNER_HANDLER_QP_SIZE, handler->sid,
                            &handler->qp_size);
    server_metrics_merge_of(metrics, SERVER_METRICS_LEARNER_HANDLER_QP_TIME_MS, handler->sid,
                            &handler->qp_time_ms);
    handler->qp_size = (struct avg_min_max_counter){0};
    handler->qp_time_ms = (struct avg_min_max_counter){0};
}

/* Java: startSendingPackets() */
int learner_handler_start_sending_packets(struct learner_handler *handler)
{
    learner_handler_ref(handler); /* the Sender's */
    int r = zk_thread_group_start(handler->master->threads, sender_run, handler, "Sender-%s",
                                  handler->remote_address.text);
    if (r != -ECANCELED)
        zk_atomic_long_set(&handler->master->lacks_senders, r < 0);
    if (r < 0) {
        learner_handler_unref(handler);
        return r;
    }
    zk_mutex_lock(&handler->mu);
    handler->sending_thread_started = true;
    zk_mutex_unlock(&handler->mu);
    return 0;
}

/* It ends when the queue is closed: what still waits there was for a connection that is gone.
 * (In Java a part of startSendingPackets().) */
static void sender_run(void *arg)
{
    struct learner_handler *handler = arg;
    int r = send_packets(handler);
    if (r != -ECANCELED)
        zk_log(handler->ctx, ZK_LOG_SENDING_PACKETS, handler->sid, zk_error_text(r).text);
    /* Wakes the handler's thread out of its read: what cannot be written to is lost. */
    learner_handler_shutdown(handler);
    learner_handler_unref(handler);
}

/* ---- the queue ------------------------------------------------------------------------------- */

/* Java: queuePacket() */
void learner_handler_queue_packet(struct learner_handler *handler, struct quorum_packet *packet)
{
    learner_handler_queue_packet_quietly(handler, packet);
    learner_handler_wake(handler);
}

void learner_handler_wake(struct learner_handler *handler)
{
    bq_wake(handler->queued_packets);
}

/* Of every thousandth packet the time in the queue is measured. Java puts a packet of its own
 * behind it, which is never sent. */
static void plant_marker_locked(struct learner_handler *handler)
{
    zk_mutex_assert_held(&handler->mu);
    if (handler->packet_counter++ % MARKER_PACKET_INTERVAL != 0 || handler->packets_to_marker > 0)
        return;
    handler->packets_to_marker = handler->queued_packets_count;
    handler->marker_since_ms = zk_elapsed_ms();
}

/* A packet for which there is no room ends the connection: to leave one out would tear a hole into
 * the stream, and the learner would never know (D-43). */
void learner_handler_queue_packet_quietly(struct learner_handler *handler,
                                          struct quorum_packet *packet)
{
    int64_t size = packet_size(packet);
    zk_mutex_lock(&handler->mu);
    bool room = handler->queued_bytes + size <= handler->queued_bytes_limit;
    if (room) {
        handler->queued_bytes += size;
        handler->queued_packets_count++;
        plant_marker_locked(handler);
    }
    bool alive = handler->alive;
    int64_t sid = handler->sid;
    int64_t limit = handler->queued_bytes_limit;
    zk_mutex_unlock(&handler->mu);
    if (room) {
        /* Outside mu. Proposals and commits stay in order, because the leader's lock is held around
         * this call. */
        bq_put_quietly(handler->queued_packets, packet);
        return;
    }
    quorum_packet_free(packet);
    if (!alive)
        return; /* it was said once */
    zk_log(handler->ctx, ZK_LOG_LEARNER_QUEUE_FULL, sid, limit);
    learner_handler_shutdown(handler);
}

void learner_handler_queue_sync_packet(struct learner_handler *handler,
                                       struct quorum_packet *packet)
{
    zk_mutex_lock(&handler->mu);
    handler->queued_bytes_limit += packet_size(packet);
    zk_mutex_unlock(&handler->mu);
    learner_handler_queue_packet(handler, packet);
}

void learner_handler_clear_queue(struct learner_handler *handler)
{
    /* One by one, because the trace has each element that leaves the queue. */
    void *packet;
    while (bq_poll(handler->queued_packets, 0, &packet) == 0)
        quorum_packet_free(packet);
    zk_mutex_lock(&handler->mu);
    handler->queued_bytes = 0;
    handler->queued_packets_count = 0;
    handler->packet_counter = 0;
    handler->packets_to_marker = 0;
    handler->queued_bytes_limit = LEARNER_HANDLER_QUEUED_BYTES;
    zk_mutex_unlock(&handler->mu);
}

/* What a packet takes in memory while it waits. Java: packetSize() */
static int64_t packet_size(const struct quorum_packet *packet)
{
    return ELEMENT_SIZE + (packet->data != NULL ? (int64_t)packet->data->length : 0);
}

int64_t learner_handler_java_queued_bytes_locked(const struct learner_handler *handler)
{
    zk_mutex_assert_held(&handler->mu);
    return handler->queued_bytes -
           handler->queued_packets_count * (ELEMENT_SIZE - JAVA_ELEMENT_SIZE);
}
