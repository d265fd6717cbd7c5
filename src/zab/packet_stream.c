/* Packets on a connection between leader and learner. No thread and no lock of its own: see
 * packet_stream.h for who may use which half. */
#include "zab/packet_stream.h"

#include <string.h>

#include "zab/zab_trace.h"
#include "zk/io/sock.h"

/* Where Java has 8 KiB. A write of 100 bytes takes 250 bytes with its COMMIT, so a burst of a
 * hundred comes, and leaves, with one system call. The memory is touched only as far as a burst
 * goes. */
enum { PACKET_BUFFER = 32 * 1024 };

void packet_stream_init(struct packet_stream *stream, struct zk_context *ctx, struct sock *sock)
{
    memset(stream, 0, sizeof *stream);
    stream->ctx = ctx;
    stream->sock = sock_ref(sock);
    stream->input = zk_input_new_sock(sock);
    zk_input_set_buffer(stream->input, PACKET_BUFFER);
    stream->in = jute_in_of(ctx, stream->input);
    stream->output = zk_output_new_sock(sock);
    zk_output_set_buffer(stream->output, PACKET_BUFFER);
    stream->out = jute_out_of(stream->output);
}

void packet_stream_done(struct packet_stream *stream)
{
    if (stream->sock == NULL)
        return;
    zk_input_free(stream->input);
    zk_output_free(stream->output);
    sock_unref(stream->sock);
    memset(stream, 0, sizeof *stream);
}

void packet_stream_before_wait(struct packet_stream *stream, void (*before_wait)(void *arg),
                               void *arg)
{
    zk_input_before_wait(stream->input, before_wait, arg);
}

int packet_stream_read(struct packet_stream *stream, int64_t peer, struct quorum_packet **packet)
{
    int r = quorum_packet_read(&stream->in, packet);
    if (r < 0)
        return r;
    stream->received++;
    zab_trace_received(stream, peer, *packet);
    return 0;
}

int packet_stream_write(struct packet_stream *stream, int64_t peer,
                        const struct quorum_packet *packet)
{
    stream->sent++;
    /* Before the bytes leave, so that no trace shows a receive ahead of its send. */
    zab_trace_sent(stream, peer, packet);
    quorum_packet_write(&stream->out, packet);
    return stream->out.error;
}

int packet_stream_flush(struct packet_stream *stream)
{
    return jute_out_flush(&stream->out);
}

int packet_stream_send(struct packet_stream *stream, int64_t peer, int32_t type, int64_t zxid,
                       struct buf *data)
{
    struct quorum_packet *packet = quorum_packet_new(type, zxid, data);
    int r = packet_stream_write(stream, peer, packet);
    quorum_packet_free(packet);
    return r < 0 ? r : packet_stream_flush(stream);
}
