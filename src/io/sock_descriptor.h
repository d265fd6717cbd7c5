/* For http_server.c, which gives the listener to a library. */
#ifndef IO_SOCK_DESCRIPTOR_H
#define IO_SOCK_DESCRIPTOR_H

struct sock;

/* Returns the descriptor, which stays the socket's. */
int sock_descriptor(const struct sock *sock);

#endif
