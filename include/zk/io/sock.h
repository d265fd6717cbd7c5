/* TCP. Calls block, are waked by shutdown, and the last reference closes.
 * Any thread may wake a socket; nobody closes one that another thread may be blocked on: each user
 * holds a reference.
 * Java: java.net.Socket, ServerSocket */
#ifndef ZK_IO_SOCK_H
#define ZK_IO_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/io/inet.h"

struct zk_context;
struct sock;

/* Make a socket that can be waked while sock_connect blocks. Errors: -errno (EMFILE ...). */
ZK_NODISCARD int sock_new(struct zk_context *ctx, enum inet_family family, struct sock **ret_sock);

/* Java: Socket.connect(address, timeout). Blocks at most timeout_ms; 0 is not "for ever" as in
 * Java. Once for a sock. Errors: -ECONNREFUSED, -ETIMEDOUT, -ECANCELED (waked), -EDESTADDRREQ (an
 * unresolved address), -EAFNOSUPPORT (one of another family than the socket's), -EADDRNOTAVAIL (no
 * local port is left), ... */
ZK_NODISCARD int sock_connect(struct sock *sock, const struct inet_address *address,
                              int64_t timeout_ms);

/* How many callers may wait until a listener accepts them (D-91). Java's 50 are too few: the system
 * drops the next caller's packet, and the caller tries again only after a second. Linux takes no
 * more than net.core.somaxconn, which is 4,096 by default. */
enum { SOCK_BACKLOG = 4096 };

/* Java: ServerSocket.bind() with SO_REUSEADDR. A dual-stack socket where the machine has IPv6, as
 * Java's; else IPv4. For port 0 the system chooses one: sock_local() tells. Errors: -EADDRINUSE,
 * -EADDRNOTAVAIL (not this machine's), -EDESTADDRREQ (an unresolved address), -EACCES, ... */
ZK_NODISCARD int sock_listen(struct zk_context *ctx, const struct inet_address *address,
                             int backlog, struct sock **ret_sock);

/* Java: accept(). Blocks until a caller comes or the listener is waked (-ECANCELED). Handles EINTR
 * and ECONNABORTED itself; -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM are the caller's to wait out.
 * ret_sock has TCP_NODELAY off, no timeout. */
ZK_NODISCARD int sock_accept(struct sock *listener, struct sock **ret_sock);

struct sock *sock_ref(struct sock *sock);
void sock_unref(struct sock *sock); /* NULL is fine; the last one closes */

/* Make every present and future call on it fail at once (-ECANCELED), in all threads; the far end
 * sees the end of the stream. Java: Socket.close() by another thread. */
void sock_wake(struct sock *sock);

void sock_set_no_delay(struct sock *sock, bool on);
void sock_set_keep_alive(struct sock *sock, bool on);
/* Both by the thread that reads, or before another one knows the socket.
 * Java: setSoTimeout(). The longest pause of one read; 0: for ever. */
void sock_set_timeout(struct sock *sock, int64_t timeout_ms);
/* One end for a whole conversation: reads fail with -ETIMEDOUT when zk_elapsed_ms() reaches it,
 * however the bytes drip. INT64_MAX: none. The timeout above holds beside it. */
void sock_set_deadline(struct sock *sock, int64_t deadline_ms);

/* All length bytes. Errors: -EPIPE end of stream before the last byte, -ETIMEDOUT, -ECONNRESET,
 * -ECANCELED (waked). */
ZK_NODISCARD int sock_read_fully(struct sock *sock, void *ret_bytes, size_t length);
/* One read of at least one byte: *ret_count is 0 at the end of the stream. */
ZK_NODISCARD int sock_read_some(struct sock *sock, void *ret_bytes, size_t room, size_t *ret_count);
/* One send() call for all bytes as long as the kernel takes them. Blocks while the far end does not
 * read. */
ZK_NODISCARD int sock_write_fully(struct sock *sock, const void *bytes, size_t length);

/* The two ends, fixed when the connection was made. */
const struct inet_address *sock_local(const struct sock *sock);
const struct inet_address *sock_remote(const struct sock *sock);
/* "127.0.0.1:51121-127.0.0.1:3881", the dialling end first on both sides: the trace's conn.
 * Borrowed. */
const char *sock_conn_text(const struct sock *sock);

/* The older form of zk_error_text(); it goes when nobody calls it any more. */
const char *sock_error_text(int error, char *buffer, size_t size);

#endif
