/* Zones of IPv6 addresses: which interface is meant by fe80::1%eth0.
 * Java: java.net.Inet6Address, and what its JVM does before it gives an address to the system */
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "io/inet_internal.h"

/* Returns the IPv6 address of this entry; NULL if it has none. */
static const struct sockaddr_in6 *address_of_interface(const struct ifaddrs *entry,
                                                       struct sockaddr_in6 *room)
{
    if (entry->ifa_addr == NULL || entry->ifa_addr->sa_family != AF_INET6)
        return NULL;
    memcpy(room, entry->ifa_addr, sizeof *room);
    return room;
}

static bool is_link_local(const uint8_t *ip)
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

static bool is_site_local(const uint8_t *ip)
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0xc0;
}

bool inet_zone_find(const char *name, const uint8_t *ip, uint32_t *ret_scope_id)
{
    struct ifaddrs *entries;
    uint32_t scope_id = 0;
    if (getifaddrs(&entries) < 0)
        return false;
    for (const struct ifaddrs *entry = entries; entry != NULL && scope_id == 0;
         entry = entry->ifa_next) {
        struct sockaddr_in6 room;
        const struct sockaddr_in6 *own = address_of_interface(entry, &room);
        if (own == NULL || strcmp(entry->ifa_name, name) != 0)
            continue;
        const uint8_t *own_ip = own->sin6_addr.s6_addr;
        if ((!is_link_local(ip) || is_link_local(own_ip)) &&
            (!is_site_local(ip) || is_site_local(own_ip)))
            scope_id = if_nametoindex(name);
    }
    freeifaddrs(entries);
    if (scope_id == 0)
        return false;
    *ret_scope_id = scope_id;
    return true;
}

uint32_t inet_zone_of_own(const uint8_t *ip)
{
    struct ifaddrs *entries;
    uint32_t scope_id = 0;
    if (!is_link_local(ip) || getifaddrs(&entries) < 0)
        return 0;
    for (const struct ifaddrs *entry = entries; entry != NULL && scope_id == 0;
         entry = entry->ifa_next) {
        struct sockaddr_in6 room;
        const struct sockaddr_in6 *own = address_of_interface(entry, &room);
        if (own != NULL && memcmp(own->sin6_addr.s6_addr, ip, sizeof own->sin6_addr) == 0)
            scope_id = own->sin6_scope_id;
    }
    freeifaddrs(entries);
    return scope_id;
}
