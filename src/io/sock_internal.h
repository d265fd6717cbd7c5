/* What a channel of a selector shares with sockets that block. */
#ifndef IO_SOCK_INTERNAL_H
#define IO_SOCK_INTERNAL_H

#include "zk/base/attrs.h"

struct inet_address;
struct sock;
struct zk_context;

/* The part of sock_accept that waits; errors as there. The caller closes *ret_fd, which is
 * non-blocking. */
ZK_NODISCARD int sock_accept_fd(struct sock *listener, int *ret_fd,
                                struct inet_address *ret_caller);
struct zk_context *sock_ctx(const struct sock *sock);

#endif
