/* Addresses as Java has them: a host as it was configured, the IP that it was resolved to, if it
 * was, and a port.
 * Any thread; only inet_address_resolve blocks.
 * Java: java.net.InetSocketAddress, org.apache.zookeeper.common.NetUtils */
#ifndef ZK_IO_INET_H
#define ZK_IO_INET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"

struct zk_context;

enum inet_family {
    INET_UNRESOLVED,
    INET_V4,
    INET_V6,
};

/* A value: host is an array, so a copy owns nothing. */
struct inet_address {
    /* As it was configured; a literal in canonical form, without brackets; "" if only an IP is
     * known. */
    char host[256];
    /* host counts as a name although it looks like an IP: only in inet_address_any(). */
    bool named;
    enum inet_family family;
    uint8_t ip[16]; /* network order; 4 bytes for INET_V4 */
    /* What stands behind the % of an IPv6 address: the name of an interface, or its number; "" if
     * nothing does. */
    char zone[16];
    uint32_t scope_id; /* the number of that interface, for the system; 0 if there is none */
    uint16_t port;
};

/* Literals follow Java's rules: 127.1 is 127.0.0.1, leading zeros are decimal, an empty host is
 * loopback, fe80::1%eth0 needs an interface of that name that has an address of the same kind.
 * Names are looked up, which blocks, unless the context's cache has them (30 s; failures 10 s). An
 * unknown name is no error: the address is INET_UNRESOLVED. So is one whose host is longer than the
 * field. Java: new InetSocketAddress(host, port) */
void inet_address_resolve(struct zk_context *ctx, const char *host, uint16_t port,
                          struct inet_address *ret_address);

/* The same without a look-up: literals are resolved, names stay INET_UNRESOLVED. */
void inet_address_literal(const char *host, uint16_t port, struct inet_address *ret_address);

/* Returns the wildcard of a dual-stack listener. Its name is "0.0.0.0", so that its text is
 * "0.0.0.0/0.0.0.0:3881". Java: new InetSocketAddress(port) */
struct inet_address inet_address_any(uint16_t port);

/* Java: InetAddress.isAnyLocalAddress() */
bool inet_address_is_wildcard(const struct inet_address *address);

/* Resolved addresses are equal if IP and port are, whatever their zones are; unresolved ones if
 * name (in capitals or not) and port are. Java: InetSocketAddress.equals() */
bool inet_address_equal(const struct inet_address *a, const struct inet_address *b);
int32_t inet_address_hash(const struct inet_address *address); /* Java: hashCode() */

/* An address as text: a value, so that the usual use needs no buffer:
 * zk_log(ctx, ..., inet_text(&address).text). The longest one fits, whatever the host is. */
struct inet_text {
    char text[320];
};

/* Java: InetSocketAddress.toString(): "/127.0.0.1:3881", "name/1.2.3.4:3881",
 * "name/<unresolved>:3881" */
struct inet_text inet_text(const struct inet_address *address);
/* Java: NetUtils.formatInetAddr(), as of 3.8.0: the IP in numbers (IPv6 in brackets; the host if it
 * is unresolved), and ":port". */
struct inet_text inet_host_port_text(const struct inet_address *address);
/* Java: InetAddress.getHostAddress(): "127.0.0.1", "0:0:0:0:0:0:0:1"; the host if it is
 * unresolved. */
struct inet_text inet_ip_text(const struct inet_address *address);
/* Java: InetSocketAddress.getHostString(): the configured host; the IP if there is none. */
struct inet_text inet_host_text(const struct inet_address *address);

#endif
