/* The first bytes on an accepted election connection, through a real socket: what is read is all
 * that belongs to the message and not a byte more, because frames follow. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "election/initial_message_internal.h"
#include "fuzz.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/election/initial_message.h"
#include "zk/io/sock.h"
#include "zk/runtime/context.h"

enum {
    INPUT_LIMIT = 4096, /* what surely fits into the kernel's buffers */
    HEADER = 20,
};

/* A connection that has said these bytes and then nothing more. *ret_far is the end that spoke. */
static struct sock *connection_that_says(struct zk_context *ctx, const uint8_t *bytes,
                                         size_t length, int *ret_far)
{
    struct inet_address loopback;
    struct sock *listener;
    struct sock *sock;
    inet_address_literal("127.0.0.1", 0, &loopback);
    zk_assert(sock_listen(ctx, &loopback, 1, &listener) == 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(sock_local(listener)->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int far = socket(AF_INET, SOCK_STREAM, 0);
    zk_assert(far >= 0);
    zk_assert(connect(far, (const struct sockaddr *)&address, sizeof address) == 0);
    zk_assert(send(far, bytes, length, MSG_NOSIGNAL) == (ssize_t)length);
    zk_assert(shutdown(far, SHUT_WR) == 0);
    zk_assert(sock_accept(listener, &sock) == 0);
    sock_unref(listener);
    *ret_far = far;
    return sock;
}

/* Closed by a reset: no port may stay in TIME_WAIT, there are thousands of us a second. */
static void hang_up(int far)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(far, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(far);
}

/* What the header alone decides. True: everything; *ret_consumed is what must have been read. */
static bool decided_by_header(const uint8_t *bytes, size_t length, int *ret_result,
                              size_t *ret_consumed)
{
    int64_t version = length >= 8 ? zk_load_long(bytes) : 0;
    bool known = version == INITIAL_MESSAGE_PROTOCOL_VERSION_V1 ||
                 version == INITIAL_MESSAGE_PROTOCOL_VERSION_V2;
    int32_t text_length = length >= HEADER ? zk_load_int(bytes + 16) : 0;
    *ret_consumed = length;
    *ret_result = -EPIPE;
    if (length < 8)
        return true;
    if (version >= 0 || !known) {
        *ret_result = known || version >= 0 ? 0 : -EPROTO;
        *ret_consumed = 8;
        return true;
    }
    if (length < HEADER)
        return true;
    if (text_length <= 0 || text_length > INITIAL_MESSAGE_MAX_ADDRESSES) {
        *ret_result = -EPROTO;
        *ret_consumed = HEADER;
        return true;
    }
    if (length < HEADER + (size_t)text_length)
        return true;
    *ret_consumed = HEADER + (size_t)text_length;
    return false;
}

static bool is_same_set(const struct multiple_addresses *a, const struct multiple_addresses *b)
{
    return a->count == b->count && multiple_addresses_equal(a, b);
}

/* What we would send for these addresses is read back as the same. */
static void check_round_trip(const struct initial_message *message, bool multi_address)
{
    for (size_t i = 0; i < message->election_addr.count; i++) {
        if (!fuzz_is_plain(&message->election_addr.items[i]))
            return;
    }
    struct multiple_addresses again = {0};
    struct zk_str error = {0};
    struct buf *bytes =
        initial_message_format(message->sid, &message->election_addr, multi_address);
    zk_assert(zk_load_long(bytes->bytes) == (multi_address ? INITIAL_MESSAGE_PROTOCOL_VERSION_V2
                                                           : INITIAL_MESSAGE_PROTOCOL_VERSION_V1));
    zk_assert(zk_load_long(bytes->bytes + 8) == message->sid);
    zk_assert(zk_load_int(bytes->bytes + 16) == (int32_t)(bytes->length - HEADER));
    zk_assert(initial_message_parse_addresses((const char *)bytes->bytes + HEADER,
                                              bytes->length - HEADER, &again, &error) == 0);
    if (multi_address)
        zk_assert(is_same_set(&again, &message->election_addr));
    else
        zk_assert(again.count == 1 &&
                  inet_address_equal(&again.items[0],
                                     multiple_addresses_get_one(&message->election_addr)));
    multiple_addresses_done(&again);
    buf_unref(bytes);
    zk_str_done(&error);
}

static void check_rest(struct sock *sock, const uint8_t *rest, size_t length)
{
    uint8_t read[INPUT_LIMIT];
    size_t count;
    if (length > 0)
        zk_assert(sock_read_fully(sock, read, length) == 0 && memcmp(read, rest, length) == 0);
    zk_assert(sock_read_some(sock, read, 1, &count) == 0 && count == 0);
}

static void check_message(const struct initial_message *message, const uint8_t *bytes)
{
    int64_t version = zk_load_long(bytes);
    zk_assert(message->sid == (version >= 0 ? version : zk_load_long(bytes + 8)));
    zk_assert(version < 0 || message->election_addr.count == 0);
    for (size_t i = 0; i < message->election_addr.count; i++)
        zk_assert(!inet_address_is_wildcard(&message->election_addr.items[i]));
    if (message->election_addr.count > 0) {
        check_round_trip(message, true);
        check_round_trip(message, false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length > INPUT_LIMIT)
        return 0;
    struct zk_context *ctx = fuzz_context();
    struct initial_message message = {0};
    struct zk_str error = {0};
    int expected;
    size_t consumed;
    int far;
    struct sock *sock = connection_that_says(ctx, bytes, length, &far);
    bool decided = decided_by_header(bytes, length, &expected, &consumed);

    int r = initial_message_read(sock, &message, &error);

    zk_assert(decided ? r == expected : r == 0 || r == -EPROTO);
    zk_assert((r == -EPROTO) == (error.length > 0));
    check_rest(sock, bytes + consumed, length - consumed);
    if (r == 0)
        check_message(&message, bytes);
    initial_message_done(&message);
    zk_str_done(&error);
    sock_unref(sock);
    hang_up(far);
    zk_context_free(ctx);
    return 0;
}

#ifdef ZK_FUZZ
/* Most of what can be wrong is in the text: keep the header good half of the time. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned int seed)
{
    length = LLVMFuzzerMutate(bytes, length, room);
    if (length > HEADER && seed % 2 == 0) {
        zk_store_long(bytes, seed % 4 == 0 ? INITIAL_MESSAGE_PROTOCOL_VERSION_V1
                                           : INITIAL_MESSAGE_PROTOCOL_VERSION_V2);
        zk_store_int(bytes + 16, (int32_t)(length - HEADER));
    }
    return length;
}
#endif
