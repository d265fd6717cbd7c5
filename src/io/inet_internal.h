/* For the modules of floor io that turn the system's addresses into ours. */
#ifndef ZK_IO_INET_INTERNAL_H
#define ZK_IO_INET_INTERNAL_H

#include "zk/io/inet.h"

struct sockaddr;

/* Sets family and ip. An IPv4 address that is written as an IPv6 one becomes a plain one, as
 * everywhere in Java. */
void inet_address_set_ip(struct inet_address *address, enum inet_family family, const uint8_t *ip);

/* Sets family and ip from a socket address; the port stays. A family that is not of IP changes
 * nothing. */
void inet_address_set_sockaddr_ip(struct inet_address *address, const struct sockaddr *from);

#endif
