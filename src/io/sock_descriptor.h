/* For the modules of floor io that hand a socket on. */
#ifndef IO_SOCK_DESCRIPTOR_H
#define IO_SOCK_DESCRIPTOR_H

struct sock;

/* Returns the descriptor, which stays the socket's. */
int sock_descriptor(const struct sock *sock);

#endif
