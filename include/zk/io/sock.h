/* TCP sockets. Calls block. Any thread may wake a socket, which ends the calls of all threads on
 * it. Each user holds a reference, and the last one closes, so that no descriptor is closed while
 * another thread may be blocked on it. Java: java.net.Socket, ServerSocket */
#ifndef ZK_IO_SOCK_H
#define ZK_IO_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/io/inet.h"

struct zk_context;
struct sock;

/* Makes a socket that is not connected yet, so that another thread can wake it while sock_connect
 * blocks. Errors: -EMFILE ... */
ZK_NODISCARD int sock_new(struct zk_context *ctx, enum inet_family family, struct sock **ret_sock);

/* Connects. Blocks at most timeout_ms (0 does not mean for ever, as it does in Java; INT64_MAX
 * does). May be called once for each sock. Errors: -ECONNREFUSED; -ETIMEDOUT; -ECANCELED, it was
 * woken; -EDESTADDRREQ, the address is unresolved; -EAFNOSUPPORT, it is of another family than the
 * socket; -EADDRNOTAVAIL, no local port is left; others. Java: Socket.connect(address, timeout) */
ZK_NODISCARD int sock_connect(struct sock *sock, const struct inet_address *address,
                              int64_t timeout_ms);

/* How many callers may wait until a listener accepts them (D-91). Java's 50 are too few: the system
 * drops the next caller's packet, and the caller tries again only after a second. Linux takes no
 * more than net.core.somaxconn, which is 4,096 by default. */
enum { SOCK_BACKLOG = 4096 };

/* Binds with SO_REUSEADDR and listens: on a dual-stack socket where the machine has IPv6, as Java
 * does, else on IPv4. If the port is 0 the system chooses one, which sock_local() tells.
 * Errors: -EADDRINUSE; -EADDRNOTAVAIL, the address is not this machine's; -EDESTADDRREQ, it is
 * unresolved; -EACCES; others. Java: ServerSocket.bind() */
ZK_NODISCARD int sock_listen(struct zk_context *ctx, const struct inet_address *address,
                             int backlog, struct sock **ret_sock);

/* Blocks until a caller comes. *ret_sock has TCP_NODELAY off and no timeout. A caller that has
 * given up meanwhile is passed over. While the system is short of descriptors, buffers or memory,
 * which other connections will give back, the call logs that once and tries again every
 * SOCK_ACCEPT_PAUSE_MS; the callers wait in the kernel (D-63). Errors: -ECANCELED, the listener was
 * woken; others, after which the listener is of no use. Java: accept() */
ZK_NODISCARD int sock_accept(struct sock *listener, struct sock **ret_sock);
enum { SOCK_ACCEPT_PAUSE_MS = 100 };

struct sock *sock_ref(struct sock *sock);
/* The last one closes. NULL is fine. */
void sock_unref(struct sock *sock);

/* Makes every present and future call on the socket fail at once with -ECANCELED, in all threads;
 * the far end sees the end of the stream. Never blocks. Java: Socket.close() by another thread */
void sock_wake(struct sock *sock);

void sock_set_no_delay(struct sock *sock, bool on);
void sock_set_keep_alive(struct sock *sock, bool on);
/* Sets the longest pause of one read; 0: no limit. For the thread that reads, or before another one
 * knows the socket. Java: setSoTimeout() */
void sock_set_timeout(struct sock *sock, int64_t timeout_ms);
/* Sets how long one write waits while the far end takes no byte; 0: no limit. Call it before
 * another thread writes. Java has no such limit. */
void sock_set_write_timeout(struct sock *sock, int64_t timeout_ms);
/* Sets the end of a whole conversation: reads fail with -ETIMEDOUT when zk_elapsed_ms() reaches it,
 * however slowly the bytes come. INT64_MAX: no end. The timeout of sock_set_timeout holds beside
 * it, and the same threads may call it. */
void sock_set_deadline(struct sock *sock, int64_t deadline_ms);

/* Reads all length bytes. Errors: -EPIPE, the stream ends before; -ETIMEDOUT; -ECONNRESET;
 * -ECANCELED, it was woken. */
ZK_NODISCARD int sock_read_fully(struct sock *sock, void *ret_bytes, size_t length);
/* Reads at most room bytes with one call; *ret_count is 0 at the end of the stream. */
ZK_NODISCARD int sock_read_some(struct sock *sock, void *ret_bytes, size_t room, size_t *ret_count);
/* Writes all bytes, with one system call as long as the system takes them. Blocks while the far end
 * does not read. Errors: -ETIMEDOUT, the write timeout; -EPIPE; -ECONNRESET; -ECANCELED. */
ZK_NODISCARD int sock_write_fully(struct sock *sock, const void *bytes, size_t length);

/* The two ends, which are fixed when the connection is made. They stay the socket's. */
const struct inet_address *sock_local(const struct sock *sock);
const struct inet_address *sock_remote(const struct sock *sock);
/* Returns "127.0.0.1:51121-127.0.0.1:3881", the dialling end first on both sides, "" before there
 * is a connection: the trace's conn. It stays the socket's. */
const char *sock_conn_text(const struct sock *sock);

#endif
