/* The initial message of the election port, both directions side by side.
 * Java: QuorumCnxManager.InitialMessage */
#include "zk/election/initial_message.h"
#include "election/initial_message_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zk/io/sock.h"

/* Servers from before 3.6 know only V1, which has room for one address. So V2 is sent only where
 * multiAddress.enabled says that all servers know it.
 * Java: QuorumCnxManager.startConnection(), its first lines */
struct buf *initial_message_format(int64_t sid, const struct multiple_addresses *election_addr,
                                   bool multi_address)
{
    struct zk_str text = {0};
    if (multi_address) {
        multiple_addresses_format(election_addr, &text);
    } else {
        zk_str_append(&text, inet_host_port_text(multiple_addresses_get_one(election_addr)).text);
    }

    struct buf *message = buf_new(20 + text.length);
    buf_put_long(message, multi_address ? INITIAL_MESSAGE_PROTOCOL_VERSION_V2
                                        : INITIAL_MESSAGE_PROTOCOL_VERSION_V1);
    buf_put_long(message, sid);
    buf_put_int(message, (int32_t)text.length);
    buf_put_bytes(message, zk_str_text(&text), text.length);
    zk_str_done(&text);
    return message;
}

/* Straight from the socket, and no byte too many: the far end may send its first notification right
 * behind this message, and RecvWorker, whose buffer is another one, must find it. */
static int read_long(struct sock *sock, int64_t *ret_value)
{
    uint8_t bytes[8];
    int r = sock_read_fully(sock, bytes, sizeof bytes);
    if (r < 0)
        return r;
    *ret_value = zk_load_long(bytes);
    return 0;
}

static int read_int(struct sock *sock, int32_t *ret_value)
{
    uint8_t bytes[4];
    int r = sock_read_fully(sock, bytes, sizeof bytes);
    if (r < 0)
        return r;
    *ret_value = zk_load_int(bytes);
    return 0;
}

/* Java: InitialMessage.parse() */
int initial_message_read(struct sock *sock, struct initial_message *ret_message,
                         struct zk_str *ret_error)
{
    struct initial_message message = {0};
    char text[INITIAL_MESSAGE_MAX_ADDRESSES];
    int64_t version = 0;
    int32_t length = 0;
    int r = read_long(sock, &version);
    if (r < 0)
        return r;
    /* A sid is not negative, and every version is: so both can stand in the same 8 bytes. */
    if (version >= 0) { /* a server from before 3.5: these 8 bytes are all it says */
        message.sid = version;
        goto done;
    }
    if (version != INITIAL_MESSAGE_PROTOCOL_VERSION_V1 &&
        version != INITIAL_MESSAGE_PROTOCOL_VERSION_V2) {
        zk_str_printf(ret_error, "Got unrecognized protocol version %" PRId64, version);
        return -EPROTO;
    }
    r = read_long(sock, &message.sid);
    if (r == 0)
        r = read_int(sock, &length);
    if (r < 0)
        return r;
    if (length <= 0 || length > INITIAL_MESSAGE_MAX_ADDRESSES) {
        zk_str_printf(ret_error, "Unreasonable buffer length: %" PRId32, length);
        return -EPROTO;
    }
    r = sock_read_fully(sock, text, (size_t)length); /* as many reads as it takes (D-9) */
    if (r == 0)
        r = initial_message_parse_addresses(text, (size_t)length, &message.election_addr,
                                            ret_error);
    if (r < 0)
        return r;
done:
    *ret_message = message;
    return 0;
}

/* One "host:port". A wildcard is no address to call back at (ZOOKEEPER-2164): it is left out. */
static int parse_address(const char *piece, struct multiple_addresses *addresses,
                         struct zk_str *ret_error)
{
    struct zk_strings parts = {0};
    const char *reason = NULL;
    struct inet_address address;
    int32_t port = 0;
    int r = zk_host_and_port(piece, &parts, &reason);
    if (r < 0 || parts.count != 2) {
        zk_str_printf(ret_error, "Badly formed address: %s", piece);
        r = -EPROTO;
        goto out;
    }
    if (!zk_parse_int(parts.items[1], &port)) {
        zk_str_printf(ret_error, "Bad port number: %s", parts.items[1]);
        r = -EPROTO;
        goto out;
    }
    if (port < 0 || port > 65535) { /* Java's listener dies of this (D-11) */
        zk_str_printf(ret_error, "Badly formed address: %s", piece);
        r = -EPROTO;
        goto out;
    }
    /* A name stays a name: whoever dials looks it up, when it is needed (D-19). */
    inet_address_literal(parts.items[0], (uint16_t)port, &address);
    if (!inet_address_is_wildcard(&address))
        multiple_addresses_add(addresses, &address);
out:
    zk_strings_done(&parts);
    return r;
}

/* One bad address refuses the caller, whatever others it has announced with it, as in Java. */
int initial_message_parse_addresses(const char *text, size_t length,
                                    struct multiple_addresses *ret_addr, struct zk_str *ret_error)
{
    struct zk_str copy = {0};
    struct zk_strings pieces = {0};
    struct multiple_addresses addresses = {0};
    int r = 0;
    zk_str_append_bytes(&copy, text, length);
    if (strlen(zk_str_text(&copy)) != length) { /* a zero byte: part of no address (D-70) */
        zk_str_printf(ret_error, "Badly formed address: %s", zk_str_text(&copy));
        r = -EPROTO;
        goto out;
    }
    zk_split(zk_str_text(&copy), '|', &pieces);
    for (size_t i = 0; i < pieces.count && r == 0; i++)
        r = parse_address(pieces.items[i], &addresses, ret_error);
    if (r == 0)
        *ret_addr = addresses;
    else
        multiple_addresses_done(&addresses);
out:
    zk_strings_done(&pieces);
    zk_str_done(&copy);
    return r;
}

void initial_message_done(struct initial_message *message)
{
    multiple_addresses_done(&message->election_addr);
}
