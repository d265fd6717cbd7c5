/* Many connections that one thread serves: non-blocking channels, and the selector that tells which
 * of them may be read or written. Java: java.nio.channels.SocketChannel, SelectionKey, Selector;
 * NIOServerCnxn.outgoingBuffers
 *
 * A selector belongs to one thread, which waits in selector_select. A channel, too, belongs to one
 * thread at a time, which reads and writes it: the selector's thread, or a worker thread to which
 * the selector's thread has lent it. Below, this is "the thread that has the channel". Any other
 * thread may append bytes to what the channel is to send, ask for an update and shut the channel
 * down. An update makes the selector's thread look at the channel; it is woken only if it sleeps,
 * and many updates wake it once.
 *
 * Locks: each channel has one for what is to be sent (ZK_RANK_CNXN_OUTPUT), which may be taken
 * while locks of any floor above io are held; each selector has one for its updates
 * (ZK_RANK_SELECTOR). Neither is held during a system call that moves bytes. */
#ifndef ZK_IO_SELECTOR_H
#define ZK_IO_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/io/inet.h"

struct channel;
struct selector;
struct sock;
struct zk_context;

/* Java: SelectionKey.OP_READ, OP_WRITE */
enum {
    OP_READ = 1,
    OP_WRITE = 4,
};

/* ---- channels -------------------------------------------------------------------------------- */

/* Blocks until a caller comes at the listener; waits and fails as sock_accept does. *ret_channel
 * has TCP_NODELAY on, as every connection of the client port has. The caller frees it. */
ZK_NODISCARD int channel_accept(struct sock *listener, struct channel **ret_channel);
/* Closes the channel, unless it is closed already, and frees it. NULL is fine. */
void channel_free(struct channel *channel);

void channel_set_keep_alive(struct channel *channel, bool on);
/* The channel is ready for reading when so many bytes have come, or the stream has ended; 1: at the
 * first byte. For the thread that has the channel. The new limit counts at once, for bytes that
 * have come already, too. */
void channel_set_low_water(struct channel *channel, int bytes);
/* Sets what channel_attachment returns, for the thread that selects; it stays the caller's. Call it
 * before the channel's first update. Java: SelectionKey.attach() */
void channel_attach(struct channel *channel, void *attachment);
void *channel_attachment(const struct channel *channel);
struct inet_address channel_remote(const struct channel *channel);

/* Reads at most room bytes with one system call; *ret_count is 0 at the end of the stream. For the
 * thread that has the channel. Errors: -EAGAIN, there are none; -ECONNRESET ... */
ZK_NODISCARD int channel_read(struct channel *channel, void *ret_bytes, size_t room,
                              size_t *ret_count);

/* Ends both directions: the far end sees the end of the stream, and what has not been sent is
 * forgotten. Any thread. */
void channel_shutdown(struct channel *channel);
/* Gives the descriptor back. Bytes that have come and were not read are read and dropped first;
 * otherwise the system would reset the connection, and the far end might lose what was sent to it.
 * For the thread that has the channel, after selector_cancel. Afterwards no call but channel_free
 * does anything with the channel. */
void channel_close(struct channel *channel);

/* ---- what is to be sent ---------------------------------------------------------------------- */

/* A piece of one packet. */
struct channel_piece {
    const void *bytes;
    size_t length;
};

/* Appends a packet, which is copied. It is dropped if the channel has been shut down, or is to be
 * closed when all before it has been sent. Asks for an update unless one is due already. Any
 * thread. Returns how many bytes wait to be sent. */
size_t channel_append(struct channel *channel, const struct channel_piece *pieces, size_t count);
/* The same, but without asking for an update: the caller does so (channel_request_update) when it
 * has appended all that it has. */
size_t channel_append_quietly(struct channel *channel, const struct channel_piece *pieces,
                              size_t count);
/* Has the connection closed when everything that was appended before has been sent: channel_flush
 * says when. Asks for an update. Any thread. Java: ServerCnxnFactory.closeConn */
void channel_append_close(struct channel *channel);
/* Returns how many bytes wait to be sent. Any thread. */
size_t channel_pending(struct channel *channel);
/* Returns for how long the far end has taken nothing of what waits for it; 0: it takes, or nothing
 * waits. Any thread. */
int64_t channel_blocked_ms(struct channel *channel);
/* Returns whether somebody has appended what has not been sent. Any thread. */
bool channel_has_output(struct channel *channel);

/* Sends what waits, with as few system calls as the system allows; *ret_packets is how many packets
 * have been sent to their end. For the thread that has the channel. max_write is the most bytes of
 * one system call. Errors: -EAGAIN, the far end takes no more for now; -ESHUTDOWN, everything has
 * been sent and the connection is to be closed; -EPIPE ... */
ZK_NODISCARD int channel_flush(struct channel *channel, size_t max_write, int64_t *ret_packets);

/* ---- selectors ------------------------------------------------------------------------------- */

/* Errors: -EMFILE, the system gives no more descriptors; -ENOMEM. */
ZK_NODISCARD int selector_new(struct zk_context *ctx, struct selector **ret_selector);
/* Frees the selector, of which no channel may be watched any more. NULL is fine. */
void selector_free(struct selector *selector);

/* From now on updates of the channel go to this selector. Call it before the channel's first
 * update. */
void selector_adopt(struct selector *selector, struct channel *channel);
/* Watches the channel for ops from now on; 0: for nothing. For the selector's thread. Errors:
 * -ENOMEM, -ENOSPC. Java: SelectableChannel.register(), SelectionKey.interestOps() */
ZK_NODISCARD int selector_set_interest_ops(struct selector *selector, struct channel *channel,
                                           int32_t ops);
/* Returns what the channel is watched for. Any thread. */
int32_t channel_interest_ops(const struct channel *channel);
/* Stops watching the channel, and forgets the update that is due for it and any that is asked for
 * later. For the selector's thread. Java: SelectionKey.cancel() */
void selector_cancel(struct selector *selector, struct channel *channel);

struct selector_ready {
    struct channel *channel;
    int32_t ops; /* an error of the connection counts as all that it is watched for */
};

/* Waits until channels are ready, an update is due, or selector_wakeup was called, but at most
 * timeout_ms (-1: for ever). Writes the channels that are ready, at most room of them, and returns
 * how many. For the selector's thread. Java: Selector.select() */
size_t selector_select(struct selector *selector, int timeout_ms, struct selector_ready *ret_ready,
                       size_t room);
/* Asks for an update of the channel. Any thread. */
void channel_request_update(struct channel *channel);
/* Returns the next channel for which an update is due, or NULL. For the selector's thread. */
struct channel *selector_next_update(struct selector *selector);
/* Makes a selector_select under way, or else the next one, return. Any thread.
 * Java: Selector.wakeup() */
void selector_wakeup(struct selector *selector);

#endif
