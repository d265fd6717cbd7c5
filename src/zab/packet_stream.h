/* One connection between a leader and a learner as either end sees it: packets in, packets out,
 * each of them traced. Java has it as bufferedInput, bufferedOutput, ia and oa of
 * LearnerHandler, and leaderIs and leaderOs of Learner.
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

    struct zk_input *input; /* the reading half, down to received */
    struct jute_in in;
    int64_t received; /* packets: the trace's seq */

    struct zk_output *output; /* the writing half, down to sent */
    struct jute_out out;
    int64_t sent;
};

/* Shares sock. */
void packet_stream_init(struct packet_stream *stream, struct zk_context *ctx, struct sock *sock);
/* Zero-initialised is fine. */
void packet_stream_done(struct packet_stream *stream);

/* Java: Learner.readPacket(). Gives the next packet; peer is its sender's sid, for the trace.
 * Blocks on the socket. Errors: quorum_packet_read's. */
ZK_NODISCARD int packet_stream_read(struct packet_stream *stream, int64_t peer,
                                    struct quorum_packet **ret_packet);

/* Java: BinaryOutputArchive.writeRecord(). Into the buffer, which may have to be sent to make room:
 * blocks then. */
ZK_NODISCARD int packet_stream_write(struct packet_stream *stream, int64_t peer,
                                     const struct quorum_packet *packet);
ZK_NODISCARD int packet_stream_flush(struct packet_stream *stream);

/* Java: Learner.writePacket(packet, true). Write one packet without data or with it, and flush.
 * Shares data. */
ZK_NODISCARD int packet_stream_send(struct packet_stream *stream, int64_t peer, int32_t type,
                                    int64_t zxid, struct buf *data);

#endif
