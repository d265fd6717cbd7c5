/* Addresses: literals are read by Java's rules here, names are looked up in inet_cache.c. */
#include "zk/io/inet.h"

#include <stdlib.h>
#include <string.h>

#include "io/inet_cache.h"
#include "io/inet_internal.h"
#include "zk/base/buf.h"
#include "zk/base/java_order.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"
#include "zk/runtime/context.h"

enum {
    V4_BYTES = 4,
    V6_BYTES = 16,
    V4_TEXT_MAX = 15, /* Java takes nothing longer for an IPv4 literal */
    ZONE_MAX = sizeof((struct inet_address *)0)->zone,
    /* "<unresolved>" and a port; "[", eight groups, "%", a zone, "]" and a port. */
    WITH_PORT_MAX = 2 + 8 * 4 + 7 + ZONE_MAX + 1 + 5,
};

_Static_assert(sizeof((struct inet_address *)0)->host + 1 + WITH_PORT_MAX <=
                   sizeof((struct inet_text *)0)->text,
               "the longest text fits");

/* ---- parts of texts -------------------------------------------------------------------------- */

/* Each connection is named in some five texts, and vsnprintf takes 1,300 instructions for one where
 * these take 100. Both functions return where the next part begins, and end nothing with a zero
 * byte. */
static char *put_number(char *to, unsigned number, unsigned base)
{
    char digits[10];
    size_t count = 0;
    do
        digits[count++] = "0123456789abcdef"[number % base];
    while ((number /= base) > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

static char *put_text(char *to, const char *text)
{
    const size_t length = strlen(text);
    memcpy(to, text, length);
    return to + length;
}

/* ---- literals -------------------------------------------------------------------------------- */

/* Reads one to four decimal numbers in the first length letters. The last one fills all bytes that
 * are left, so that 127.1 is 127.0.0.1. Leading zeros mean nothing. Java:
 * IPAddressUtil.textToNumericFormatV4() */
static bool parse_v4(const char *text, size_t length, uint8_t *ret_ip)
{
    uint8_t ip[V4_BYTES] = {0};
    uint64_t number = 0;
    size_t place = 0;
    bool digits = false;

    if (length > V4_TEXT_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            number = 10 * number + (uint64_t)(text[i] - '0');
            digits = true;
        } else if (text[i] == '.' && digits && number <= UINT8_MAX && place < V4_BYTES - 1) {
            ip[place++] = (uint8_t)number;
            number = 0;
            digits = false;
        } else {
            return false;
        }
    }
    size_t left = V4_BYTES - place;
    if (!digits || number >> (8 * left) != 0)
        return false;
    for (size_t i = 0; i < left; i++)
        ip[V4_BYTES - 1 - i] = (uint8_t)(number >> (8 * i));
    memcpy(ret_ip, ip, V4_BYTES);
    return true;
}

/* Reads one group of hex digits; leading zeros mean nothing. Returns where it ends, NULL if there
 * is none or it is too big. */
static const char *parse_v6_group(const char *text, uint32_t *ret_group)
{
    const char *start = text;
    uint32_t group = 0;
    for (; zk_hex_digit(*text) >= 0; text++) {
        group = group << 4 | (uint32_t)zk_hex_digit(*text);
        if (group > UINT16_MAX)
            return NULL;
    }
    *ret_group = group;
    return text > start ? text : NULL;
}

/* Reads the IPv4 tail of an IPv6 literal: all four numbers must be there. */
static bool parse_v4_tail(const char *text, uint8_t *ret_ip)
{
    size_t dots = 0;
    for (const char *c = text; *c != '\0'; c++)
        dots += *c == '.';
    return dots == V4_BYTES - 1 && parse_v4(text, strlen(text), ret_ip);
}

/* Java: IPAddressUtil.textToNumericFormatV6() */
static bool parse_v6(const char *text, uint8_t *ret_ip)
{
    uint8_t ip[V6_BYTES] = {0};
    size_t used = 0;
    size_t gap = SIZE_MAX; /* where "::" stood */

    if (text[0] == ':' && text[1] != ':')
        return false;
    if (text[0] == ':')
        text++; /* the other colon opens the gap */
    while (*text != '\0') {
        uint32_t group;
        if (*text == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = used;
            text++;
            continue;
        }
        const char *end = parse_v6_group(text, &group);
        if (end != NULL && *end == '.' && used + V4_BYTES <= V6_BYTES) {
            if (!parse_v4_tail(text, ip + used))
                return false;
            used += V4_BYTES;
            break;
        }
        if (end == NULL || used + 2 > V6_BYTES || (*end != '\0' && *end != ':'))
            return false;
        if (end[0] == ':' && end[1] == '\0')
            return false;
        ip[used++] = (uint8_t)(group >> 8);
        ip[used++] = (uint8_t)group;
        text = *end == ':' ? end + 1 : end;
    }
    if (gap == SIZE_MAX ? used != V6_BYTES : used == V6_BYTES)
        return false;
    if (gap != SIZE_MAX) {
        memmove(ip + V6_BYTES - (used - gap), ip + gap, used - gap);
        memset(ip + gap, 0, V6_BYTES - used);
    }
    memcpy(ret_ip, ip, V6_BYTES);
    return true;
}

static bool is_v4_mapped(const uint8_t *ip)
{
    static const uint8_t prefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(ip, prefix, sizeof prefix) == 0;
}

void inet_address_set_ip(struct inet_address *address, enum inet_family family, const uint8_t *ip)
{
    memset(address->ip, 0, sizeof address->ip);
    inet_address_set_scope(address, 0);
    if (family == INET_V6 && is_v4_mapped(ip)) {
        family = INET_V4;
        ip += V6_BYTES - V4_BYTES;
    }
    address->family = family;
    memcpy(address->ip, ip, family == INET_V4 ? V4_BYTES : V6_BYTES);
}

void inet_address_set_scope(struct inet_address *address, uint32_t scope_id)
{
    char *end = address->zone;
    address->scope_id = scope_id;
    if (scope_id != 0)
        end = put_number(end, scope_id, 10);
    *end = '\0';
}

void inet_address_copy_ip(struct inet_address *address, const struct inet_address *from)
{
    address->family = from->family;
    memcpy(address->ip, from->ip, sizeof address->ip);
    memcpy(address->zone, from->zone, sizeof address->zone);
    address->scope_id = from->scope_id;
}

/* Returns whether host is made of numbers as C writes them (0x7f.1), which the system's resolver
 * would take for an IPv4 address. Java refuses them as ambiguous:
 * IPAddressUtil.isBsdParsableV4() */
static bool is_c_numbers(const char *host)
{
    for (;;) {
        char *end;
        if (*host < '0' || *host > '9')
            return false;
        strtoull(host, &end, 0);
        if (*end == '\0')
            return true;
        if (*end != '.')
            return false;
        host = end + 1;
    }
}

/* What a host text turned out to be. */
enum host_kind {
    HOST_LITERAL,
    HOST_NAME,
    HOST_MALFORMED, /* looks like a literal and is none: it is not looked up */
};

/* Makes the literal's canonical form the host. */
static void set_canonical(struct inet_address *address)
{
    zk_text_copy(address->host, sizeof address->host, inet_ip_text(address).text);
}

/* Reads a zone that is a number. It need not be that of an interface. What is larger than Java's
 * int is no number. Java: InetAddress.checkNumericZone() */
static bool parse_zone_number(const char *zone, uint32_t *ret_scope_id)
{
    uint32_t number = 0;
    const char *c = zone;
    for (; *c >= '0' && *c <= '9'; c++) {
        const uint32_t digit = (uint32_t)(*c - '0');
        if (number > (INT32_MAX - digit) / 10)
            return false;
        number = 10 * number + digit;
    }
    *ret_scope_id = number;
    return c > zone && (*c == '\0' || *c == ']');
}

/* Reads the zone of an IPv6 address. An IPv4 address that is written as an IPv6 one has none. */
static bool set_zone(struct inet_address *address, const char *zone)
{
    uint32_t scope_id;
    if (address->family != INET_V6)
        return false;
    if (parse_zone_number(zone, &scope_id)) {
        inet_address_set_scope(address, scope_id);
        if (scope_id == 0)
            zk_text_copy(address->zone, sizeof address->zone, "0");
        return true;
    }
    if (strlen(zone) >= sizeof address->zone || !inet_zone_find(zone, address->ip, &scope_id))
        return false;
    zk_text_copy(address->zone, sizeof address->zone, zone);
    address->scope_id = scope_id;
    return true;
}

/* Reads an IPv6 literal with brackets or without, and with a zone or without. */
static bool parse_v6_host(const char *host, size_t length, struct inet_address *address)
{
    char bare[sizeof((struct inet_address *)0)->host];
    uint8_t ip[V6_BYTES];
    const bool has_brackets = host[0] == '[';
    if (has_brackets && (length <= 2 || host[length - 1] != ']'))
        return false;
    zk_text_copy(bare, has_brackets ? length - 1 : sizeof bare, has_brackets ? host + 1 : host);
    char *zone = strchr(bare, '%');
    if (zone != NULL)
        *zone++ = '\0';
    if (!parse_v6(bare, ip))
        return false;
    struct inet_address found = *address;
    inet_address_set_ip(&found, INET_V6, ip);
    if (zone != NULL && !set_zone(&found, zone))
        return false;
    *address = found;
    return true;
}

/* Does the part that needs no resolver. Java: InetAddress.getAllByName() */
static enum host_kind address_from_host(const char *host, uint16_t port,
                                        struct inet_address *ret_address)
{
    struct inet_address address = {.family = INET_UNRESOLVED, .port = port};
    static const uint8_t loopback[] = {127, 0, 0, 1};
    uint8_t ip[V4_BYTES];
    enum host_kind kind = HOST_LITERAL;
    const size_t length = strlen(host);

    zk_text_copy(address.host, sizeof address.host, host);
    if (length >= sizeof address.host) {
        kind = HOST_MALFORMED;
    } else if (length == 0) {
        inet_address_set_ip(&address, INET_V4, loopback);
        zk_text_copy(address.host, sizeof address.host, "localhost");
    } else if (parse_v4(host, length, ip)) {
        inet_address_set_ip(&address, INET_V4, ip);
        set_canonical(&address);
    } else if (parse_v6_host(host, length, &address)) {
        set_canonical(&address);
    } else if (host[0] == '[' || strchr(host, ':') != NULL || is_c_numbers(host)) {
        kind = HOST_MALFORMED;
    } else {
        kind = HOST_NAME;
    }
    *ret_address = address;
    return kind;
}

void inet_address_literal(const char *host, uint16_t port, struct inet_address *ret_address)
{
    address_from_host(host, port, ret_address);
}

void inet_address_resolve(struct zk_context *ctx, const char *host, uint16_t port,
                          struct inet_address *ret_address)
{
    if (address_from_host(host, port, ret_address) == HOST_NAME)
        inet_cache_resolve(zk_context_statics(ctx, inet_cache_new, inet_cache_free), ret_address);
}

struct inet_address inet_address_any(uint16_t port)
{
    return (struct inet_address){.host = "0.0.0.0", .named = true, .family = INET_V4, .port = port};
}

/* ---- questions ------------------------------------------------------------------------------- */

bool inet_address_is_wildcard(const struct inet_address *address)
{
    return address->family != INET_UNRESOLVED && zk_all_zero(address->ip, V6_BYTES);
}

bool inet_address_equal(const struct inet_address *a, const struct inet_address *b)
{
    if (a->family != b->family || a->port != b->port)
        return false;
    if (a->family == INET_UNRESOLVED)
        return strcasecmp(a->host, b->host) == 0;
    return memcmp(a->ip, b->ip, a->family == INET_V4 ? V4_BYTES : V6_BYTES) == 0;
}

static uint32_t load_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Returns the sum of four words. Each is made of four bytes, which have a sign in Java.
 * Java: Inet6Address.hashCode() */
static uint32_t hash_of_v6(const uint8_t *ip)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < V6_BYTES; i += 4) {
        uint32_t word = 0;
        for (size_t j = 0; j < 4; j++)
            word = (word << 8) + (uint32_t)(int32_t)(int8_t)ip[i + j];
        hash += word;
    }
    return hash;
}

/* The hash of an unresolved name in small letters; in host names only ASCII letters have two forms.
 * Java: String.toLowerCase().hashCode() */
static uint32_t hash_of_name(const char *host)
{
    char lower[sizeof((struct inet_address *)0)->host];
    size_t length = 0;
    for (; host[length] != '\0' && length + 1 < sizeof lower; length++) {
        char c = host[length];
        lower[length] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    lower[length] = '\0';
    return (uint32_t)java_string_hash(lower);
}

int32_t inet_address_hash(const struct inet_address *address)
{
    uint32_t hash = 0;
    switch (address->family) {
    case INET_UNRESOLVED:
        hash = hash_of_name(address->host);
        break;
    case INET_V4:
        hash = load_word(address->ip);
        break;
    case INET_V6:
        hash = hash_of_v6(address->ip);
        break;
    }
    return (int32_t)(hash + address->port);
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Writes the IP in numbers; the host if it is unresolved. Returns where the next part begins. */
static char *put_ip(char *to, const struct inet_address *address)
{
    const uint8_t *ip = address->ip;
    switch (address->family) {
    case INET_UNRESOLVED:
        to = put_text(to, address->host);
        break;
    case INET_V4:
        for (size_t i = 0; i < V4_BYTES; i++) {
            if (i > 0)
                *to++ = '.';
            to = put_number(to, ip[i], 10);
        }
        break;
    case INET_V6:
        for (size_t i = 0; i < V6_BYTES; i += 2) {
            if (i > 0)
                *to++ = ':';
            to = put_number(to, (unsigned)ip[i] << 8 | ip[i + 1], 16);
        }
        if (address->zone[0] != '\0') {
            *to++ = '%';
            to = put_text(to, address->zone);
        }
        break;
    }
    return to;
}

struct inet_text inet_ip_text(const struct inet_address *address)
{
    struct inet_text ret;
    *put_ip(ret.text, address) = '\0';
    return ret;
}

/* "10.0.0.3:3881", "[0:0:0:0:0:0:0:1]:3881" */
static char *put_with_port(char *to, const struct inet_address *address, const char *ip)
{
    if (address->family == INET_V6)
        *to++ = '[';
    to = put_text(to, ip);
    if (address->family == INET_V6)
        *to++ = ']';
    *to++ = ':';
    return put_number(to, address->port, 10);
}

struct inet_text inet_text(const struct inet_address *address)
{
    struct inet_text ret;
    const bool unresolved = address->family == INET_UNRESOLVED;
    const struct inet_text ip = inet_ip_text(address);
    /* A literal has no name in Java. The wildcard that Java makes itself has one, though it looks
     * like an IP. */
    const bool named = unresolved || address->named || strcmp(address->host, ip.text) != 0;
    char *to = put_text(ret.text, named ? address->host : "");
    *to++ = '/';
    *put_with_port(to, address, unresolved ? "<unresolved>" : ip.text) = '\0';
    return ret;
}

struct inet_text inet_host_text(const struct inet_address *address)
{
    struct inet_text ret;
    if (address->host[0] == '\0')
        return inet_ip_text(address);
    zk_text_copy(ret.text, sizeof ret.text, address->host);
    return ret;
}

struct inet_text inet_host_port_text(const struct inet_address *address)
{
    struct inet_text ret;
    *put_with_port(ret.text, address, inet_ip_text(address).text) = '\0';
    return ret;
}
