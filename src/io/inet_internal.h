/* For the modules of floor io that turn the system's addresses into ours. */
#ifndef ZK_IO_INET_INTERNAL_H
#define ZK_IO_INET_INTERNAL_H

#include "zk/io/inet.h"

struct sockaddr;

/* Sets family and ip, without a zone. An IPv4 address that is written as an IPv6 one
 * (::ffff:1.2.3.4) becomes a plain IPv4 one, as everywhere in Java. */
void inet_address_set_ip(struct inet_address *address, enum inet_family family, const uint8_t *ip);

/* Sets the zone to that number; 0 means that there is none. */
void inet_address_set_scope(struct inet_address *address, uint32_t scope_id);

/* Copies all that a look-up finds: family, ip and zone. */
void inet_address_copy_ip(struct inet_address *address, const struct inet_address *from);

/* Finds the number of the interface with that name, if it has an address of the same kind: for a
 * link-local address a link-local one, for a site-local one a site-local one, for others any of
 * IPv6. Asks the system; does not block. Java: Inet6Address.deriveNumericScope() */
bool inet_zone_find(const char *name, const uint8_t *ip, uint32_t *ret_scope_id);

/* Returns the number of the interface that has this address, 0 if no interface of this machine has
 * it. Asks the system; does not block. */
uint32_t inet_zone_of_own(const uint8_t *ip);

/* Sets family, ip and zone from a socket address; the port stays. A family that is not of IP
 * changes nothing. */
void inet_address_set_sockaddr_ip(struct inet_address *address, const struct sockaddr *from);

#endif
