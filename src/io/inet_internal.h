/* Between the modules of floor io that make addresses out of the system's. */
#ifndef ZK_IO_INET_INTERNAL_H
#define ZK_IO_INET_INTERNAL_H

#include "zk/io/inet.h"

struct sockaddr;

/* Set family and ip; an IPv4 address in IPv6 clothes becomes plain, as everywhere in Java. */
void inet_address_set_ip(struct inet_address *address, enum inet_family family, const uint8_t *ip);

/* The IP of a socket address; port stays. Other families than the two of IP change nothing. */
void inet_address_set_sockaddr_ip(struct inet_address *address, const struct sockaddr *from);

#endif
