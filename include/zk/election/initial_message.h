/* The first bytes on an election connection: the side that dials says who it is.
 * Java: QuorumCnxManager.InitialMessage
 *
 *   off  size  field            value
 *   0    8     protocolVersion  -65536, or -65535 if the sender has multiAddress enabled
 *   8    8     sid              the sender's
 *   16   4     length           of the address text, 1..2048
 *   20   n     addresses        "host:port", several joined by '|'; IPv6 in brackets
 *
 * First 8 bytes that are not negative are a whole message: the sid of a server from before 3.5. */
#ifndef ZK_ELECTION_INITIAL_MESSAGE_H
#define ZK_ELECTION_INITIAL_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/ensemble/multiple_addresses.h"

struct sock;
struct zk_context;

#define INITIAL_MESSAGE_PROTOCOL_VERSION_V1 INT64_C(-65536)
#define INITIAL_MESSAGE_PROTOCOL_VERSION_V2 INT64_C(-65535)

enum {
    /* Java: InitialMessage.parse(): maxBuffer */
    INITIAL_MESSAGE_MAX_ADDRESSES = 2048,
};

struct initial_message {
    int64_t sid;
    /* The announced addresses without wildcards; names are not looked up. Empty: none is usable.
     * The message owns them. */
    struct multiple_addresses election_addr;
};

/* Returns the whole message; the caller unrefs it, and sends it in one write, because Java 3.8.0
 * reads the address with a single read. */
struct buf *initial_message_format(int64_t sid, const struct multiple_addresses *election_addr,
                                   bool multi_address);

/* Reads one from sock, with as many reads as it takes. Blocks up to the socket's deadline. Errors:
 * -EPROTO, it is malformed, and *ret_error, which stays the caller's, tells in Java's words what is
 * wrong; -EPIPE, -ETIMEDOUT and others of the socket, which leave *ret_error untouched.
 * Java: InitialMessage.parse(), and the read of the first long in handleConnection() */
ZK_NODISCARD int initial_message_read(struct sock *sock, struct initial_message *ret_message,
                                      struct zk_str *ret_error);

void initial_message_done(struct initial_message *message);

#endif
