/* One connection between a leader and a learner as either end sees it: packets in, packets out,
 * each of them traced. Java has it as bufferedInput, bufferedOutput, ia and oa of LearnerHandler,
 * and as leaderIs and leaderOs of Learner.
 *
 * The two halves are independent: one thread may read while another writes. Each half belongs to
 * one thread at a time. */
#ifndef ZAB_PACKET_STREAM_H
#define ZAB_PACKET_STREAM_H

#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/io/stream.h"
#include "zk/jute/archive.h"
#include "zk/jute/quorum.h"

struct sock;
struct zk_context;

struct packet_stream {
    struct zk_context *ctx;
    struct sock *sock; /* a reference */

    /* The reading half. */
    struct zk_input *input;
    struct jute_in in;
    int64_t received; /* packets so far: the trace's seq */

    /* The writing half. */
    struct zk_output *output;
    struct jute_out out;
    int64_t sent;
};

/* Takes a reference of its own to sock. */
void packet_stream_init(struct packet_stream *stream, struct zk_context *ctx, struct sock *sock);
/* A stream that is all zero is fine, too. */
void packet_stream_done(struct packet_stream *stream);

/* From now on before_wait(arg) is called when all that has been received is read, before the
 * reading thread may block. */
void packet_stream_before_wait(struct packet_stream *stream, void (*before_wait)(void *arg),
                               void *arg);

/* As quorum_packet_read: replaces *packet by the next one. peer is its sender's sid, for the trace.
 * Blocks on the socket. */
ZK_NODISCARD int packet_stream_read(struct packet_stream *stream, int64_t peer,
                                    struct quorum_packet **packet);

/* Java: BinaryOutputArchive.writeRecord(). Appends to the buffer; blocks on the socket if the
 * buffer is full and must be sent first. packet stays the caller's. */
ZK_NODISCARD int packet_stream_write(struct packet_stream *stream, int64_t peer,
                                     const struct quorum_packet *packet);
/* Sends what has been written. Blocks on the socket. Errors: those of zk_output_flush. */
ZK_NODISCARD int packet_stream_flush(struct packet_stream *stream);

/* Writes one packet and flushes. data may be NULL, which is not the same as empty; it stays the
 * caller's. Blocks and errors as above. */
ZK_NODISCARD int packet_stream_send(struct packet_stream *stream, int64_t peer, int32_t type,
                                    int64_t zxid, struct buf *data);

#endif
