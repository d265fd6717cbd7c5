/* How many connections each address has. A value without a lock: its owner locks.
 * Java: NIOServerCnxnFactory.ipMap */
#ifndef CNXN_IP_MAP_H
#define CNXN_IP_MAP_H

#include <stddef.h>
#include <stdint.h>

struct inet_address;

struct ip_entry {
    uint8_t ip[16]; /* an IPv4 address has the first four */
    int32_t family; /* enum inet_family */
    int32_t count;
};

/* Zero-initialised it is empty. */
struct ip_map {
    struct ip_entry *entries; /* sorted */
    size_t count;
    size_t room;
};

/* Returns how many connections come from this address; its port does not matter. */
int32_t ip_map_get(const struct ip_map *map, const struct inet_address *from);
/* Counts one more from this address. */
void ip_map_add(struct ip_map *map, const struct inet_address *from);
/* Counts one fewer from an address that has at least one. An address that has none left is
 * forgotten, so the map is never larger than the table of connections. */
void ip_map_remove(struct ip_map *map, const struct inet_address *from);
void ip_map_done(struct ip_map *map);

#endif
