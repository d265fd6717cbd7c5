/* The first bytes of an election connection. Java: InitialMessage,
 * CnxManagerTest.testInitialMessage */
#include "election/initial_message_internal.h"
#include "zk/election/initial_message.h"

#include <errno.h>
#include <stdlib.h>

#include "golden.h"
#include "zk/base/alloc.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk_test.h"

/* --- writing: golden bytes --- */

static void assert_formats_as(const char *golden, int64_t sid, bool multi_address,
                              const char *const *hosts, const uint16_t *ports, size_t count)
{
    struct multiple_addresses addresses = {0};
    for (size_t i = 0; i < count; i++) {
        struct inet_address address;
        inet_address_literal(hosts[i], ports[i], &address);
        multiple_addresses_add(&addresses, &address);
    }
    struct buf *message = initial_message_format(sid, &addresses, multi_address);
    golden_assert_equal(golden, message->bytes, message->length);
    buf_unref(message);
    multiple_addresses_done(&addresses);
}

/* CNX-02 */
static void cnx_02_version_1_is_written_as_java_writes_it(void **state)
{
    (void)state;
    assert_formats_as("initial_message_v1", 1, false, (const char *[]){"127.0.0.1"},
                      (uint16_t[]){24381}, 1);
}

static void an_ipv6_address_is_written_in_brackets_and_uncompressed(void **state)
{
    (void)state;
    assert_formats_as("initial_message_v1_ipv6", 2, false, (const char *[]){"::1"},
                      (uint16_t[]){24382}, 1);
}

/* CNX-02 */
static void cnx_02_multi_address_writes_version_2_even_for_one_address(void **state)
{
    (void)state;
    assert_formats_as("initial_message_v2_single", 2, true, (const char *[]){"127.0.0.1"},
                      (uint16_t[]){24382}, 1);
}

static void several_addresses_stand_in_the_order_of_javas_hash(void **state)
{
    (void)state;
    assert_formats_as("initial_message_v2_three", 2, true,
                      (const char *[]){"127.0.0.1", "127.0.0.2", "127.0.0.3"},
                      (uint16_t[]){24382, 24384, 24386}, 3);
}

static void version_1_of_a_server_with_several_addresses_names_the_first_of_javas_hash(void **state)
{
    (void)state;
    struct multiple_addresses addresses = {0};
    struct inet_address address;
    inet_address_literal("127.0.0.1", 24382, &address);
    multiple_addresses_add(&addresses, &address);
    inet_address_literal("127.0.0.2", 24384, &address);
    multiple_addresses_add(&addresses, &address);

    struct buf *message = initial_message_format(2, &addresses, false);

    assert_int_equal(message->length, 20 + 15);
    assert_memory_equal(message->bytes + 20, "127.0.0.2:24384", 15);
    buf_unref(message);
    multiple_addresses_done(&addresses);
}

/* --- the text of the addresses --- */

static int parse(const char *text, struct multiple_addresses *ret_addresses, char **ret_error)
{
    struct zk_str error = {0};
    int r = initial_message_parse_addresses(text, strlen(text), ret_addresses, &error);
    *ret_error = zk_str_take(&error);
    return r;
}

static void assert_parses(const char *text, const char *const *expected, size_t count)
{
    struct multiple_addresses addresses = {0};
    char *error = NULL;
    assert_int_equal(parse(text, &addresses, &error), 0);
    assert_int_equal(addresses.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(inet_host_port_text(&addresses.items[i]).text, expected[i]);
    }
    free(error);
    multiple_addresses_done(&addresses);
}

static void assert_refused(const char *text, const char *words)
{
    struct multiple_addresses addresses = {0};
    char *error = NULL;
    assert_int_equal(parse(text, &addresses, &error), -EPROTO);
    assert_string_equal(error, words);
    assert_int_equal(addresses.count, 0);
    free(error);
}

/* CNX-02 */
static void cnx_02_one_or_several_addresses_are_understood(void **state)
{
    (void)state;
    assert_parses("127.0.0.1:3888", (const char *[]){"127.0.0.1:3888"}, 1);
    assert_parses("127.0.0.1:3888|10.0.0.2:3889",
                  (const char *[]){"127.0.0.1:3888", "10.0.0.2:3889"}, 2);
    assert_parses("[::1]:3888", (const char *[]){"[0:0:0:0:0:0:0:1]:3888"}, 1);
    assert_parses("[0:0:0:0:0:0:0:1]:3888|127.0.0.1:1",
                  (const char *[]){"[0:0:0:0:0:0:0:1]:3888", "127.0.0.1:1"}, 2);
}

static void the_same_address_twice_is_one(void **state)
{
    (void)state;
    assert_parses("127.0.0.1:3888|127.0.0.1:3888", (const char *[]){"127.0.0.1:3888"}, 1);
}

static void what_java_accepts_by_accident_is_accepted(void **state)
{
    (void)state;
    assert_parses(":3888", (const char *[]){"127.0.0.1:3888"}, 1); /* no host: loopback */
    assert_parses("127.0.0.1:+3888", (const char *[]){"127.0.0.1:3888"}, 1);
    assert_parses("127.0.0.1:3888|", (const char *[]){"127.0.0.1:3888"}, 1);
    assert_parses("127.0.0.1:3888::", (const char *[]){"127.0.0.1:3888"}, 1);
    assert_parses("[::1]x3888", (const char *[]){"[0:0:0:0:0:0:0:1]:3888"}, 1);
    assert_parses("127.0.0.1:0", (const char *[]){"127.0.0.1:0"}, 1);
    assert_parses("127.0.0.1:65535", (const char *[]){"127.0.0.1:65535"}, 1);
}

/* CNX-02 */
static void cnx_02_a_wildcard_is_accepted_and_yields_no_address(void **state)
{
    (void)state;
    assert_parses("0.0.0.0:3888", NULL, 0);
    assert_parses("[::]:3888", NULL, 0);
    assert_parses("0.0.0.0:3888|127.0.0.1:3889", (const char *[]){"127.0.0.1:3889"}, 1);
    assert_parses("|", NULL, 0);
    assert_parses("|||", NULL, 0);
}

static void a_name_is_kept_and_not_looked_up(void **state)
{
    (void)state;
    struct multiple_addresses addresses = {0};
    char *error = NULL;
    assert_int_equal(parse("localhost:3888", &addresses, &error), 0);
    assert_int_equal(addresses.count, 1);
    assert_int_equal(addresses.items[0].family, INET_UNRESOLVED);
    assert_string_equal(addresses.items[0].host, "localhost");
    free(error);
    multiple_addresses_done(&addresses);
}

static void bytes_that_are_not_utf_8_are_a_name_that_nobody_has(void **state)
{
    (void)state;
    struct multiple_addresses addresses = {0};
    char *error = NULL;
    assert_int_equal(parse("\xff\xfe\x80:3888", &addresses, &error), 0);
    assert_int_equal(addresses.count, 1);
    assert_int_equal(addresses.items[0].family, INET_UNRESOLVED);
    free(error);
    multiple_addresses_done(&addresses);
}

/* CNX-02 */
static void cnx_02_what_is_not_exactly_host_and_port_is_refused(void **state)
{
    (void)state;
    assert_refused("", "Badly formed address: ");
    assert_refused("127.0.0.1", "Badly formed address: 127.0.0.1");
    assert_refused("127.0.0.1:", "Badly formed address: 127.0.0.1:");
    assert_refused("127.0.0.1:1:2", "Badly formed address: 127.0.0.1:1:2");
    assert_refused(":", "Badly formed address: :");
    assert_refused("::1:3888", "Badly formed address: ::1:3888");
    assert_refused("[::1", "Badly formed address: [::1");
    assert_refused("[::1]", "Badly formed address: [::1]");
    assert_refused("[::1]:", "Badly formed address: [::1]:");
    assert_refused("|127.0.0.1:1", "Badly formed address: ");
    assert_refused("127.0.0.1:1||127.0.0.1:2", "Badly formed address: ");
    assert_refused("127.0.0.1:1|x", "Badly formed address: x");
}

static void a_port_that_is_no_number_is_refused(void **state)
{
    (void)state;
    assert_refused("127.0.0.1:abc", "Bad port number: abc");
    assert_refused("127.0.0.1: 3888", "Bad port number:  3888");
    assert_refused("127.0.0.1:3888 ", "Bad port number: 3888 ");
    assert_refused("127.0.0.1:2147483648", "Bad port number: 2147483648");
    assert_refused("127.0.0.1:0x10", "Bad port number: 0x10");
}

/* CNX-09 */
static void cnx_09_a_port_out_of_range_is_a_badly_formed_address(void **state)
{
    (void)state;
    assert_refused("127.0.0.1:70000", "Badly formed address: 127.0.0.1:70000");
    assert_refused("127.0.0.1:65536", "Badly formed address: 127.0.0.1:65536");
    assert_refused("127.0.0.1:-1", "Badly formed address: 127.0.0.1:-1");
    assert_refused(":-1", "Badly formed address: :-1");
}

static void a_text_with_a_zero_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = "127.0.0.1:3888\0|127.0.0.1:x";
    struct multiple_addresses addresses = {0};
    struct zk_str error = {0};
    assert_int_equal(initial_message_parse_addresses(text, sizeof text - 1, &addresses, &error),
                     -EPROTO);
    assert_non_null(strstr(zk_str_text(&error), "Badly formed address"));
    assert_int_equal(addresses.count, 0);
    zk_str_done(&error);
}

/* Every text of up to three characters of those that mean something: nothing may crash, and what is
 * accepted has a port. */
static void every_short_text_is_accepted_or_refused(void **state)
{
    (void)state;
    static const char alphabet[] = {':', '|', '[', ']', '1', '-', 'a', '\0', (char)0xff};
    enum { LETTERS = sizeof alphabet, TEXTS = LETTERS * LETTERS * LETTERS };
    for (size_t length = 0; length <= 3; length++) {
        for (size_t i = 0; i < TEXTS; i++) {
            char text[3] = {alphabet[i % LETTERS], alphabet[i / LETTERS % LETTERS],
                            alphabet[i / LETTERS / LETTERS]};
            struct multiple_addresses addresses = {0};
            struct zk_str error = {0};
            int r = initial_message_parse_addresses(text, length, &addresses, &error);
            assert_true(r == 0 || (r == -EPROTO && addresses.count == 0 && error.length > 0));
            zk_str_done(&error);
            multiple_addresses_done(&addresses);
        }
    }
}

/* --- reading from a socket --- */

struct wire {
    struct zk_context *ctx;
    struct sock *writer;
    struct sock *reader;
};

static int setup(void **state)
{
    struct wire *wire = zk_xcalloc(1, sizeof *wire);
    struct inet_address address = test_loopback(0);
    struct sock *listener = NULL;
    wire->ctx = test_context();
    assert_int_equal(sock_listen(wire->ctx, &address, 1, &listener), 0);
    address.port = sock_local(listener)->port;
    assert_int_equal(sock_new(wire->ctx, INET_V4, &wire->writer), 0);
    assert_int_equal(sock_connect(wire->writer, &address, TEST_PATIENCE_MS), 0);
    assert_int_equal(sock_accept(listener, &wire->reader), 0);
    sock_unref(listener);
    sock_set_no_delay(wire->writer, true);
    sock_set_deadline(wire->reader, zk_deadline_ms(TEST_PATIENCE_MS));
    *state = wire;
    return 0;
}

static int teardown(void **state)
{
    struct wire *wire = *state;
    sock_unref(wire->writer);
    sock_unref(wire->reader);
    zk_context_free(wire->ctx);
    free(wire);
    return 0;
}

static struct buf *header(int64_t version, int64_t sid, int32_t length)
{
    struct buf *buf = buf_new(64);
    buf_put_long(buf, version);
    buf_put_long(buf, sid);
    buf_put_int(buf, length);
    return buf;
}

static void send_and_free(struct wire *wire, struct buf *bytes)
{
    assert_int_equal(sock_write_fully(wire->writer, bytes->bytes, bytes->length), 0);
    buf_unref(bytes);
}

static int read_message(struct wire *wire, struct initial_message *ret_message, char **ret_error)
{
    struct zk_str error = {0};
    int r = initial_message_read(wire->reader, ret_message, &error);
    *ret_error = zk_str_take(&error);
    return r;
}

static void assert_read_refused(struct wire *wire, struct buf *bytes, const char *words)
{
    struct initial_message message = {0};
    char *error = NULL;
    send_and_free(wire, bytes);
    assert_int_equal(read_message(wire, &message, &error), -EPROTO);
    assert_string_equal(error, words);
    free(error);
}

static void what_java_wrote_is_read(void **state)
{
    static const struct {
        const char *golden;
        int64_t sid;
        size_t addresses;
    } cases[] = {
        {"initial_message_v1", 1, 1},
        {"initial_message_v1_ipv6", 2, 1},
        {"initial_message_v2_single", 2, 1},
        {"initial_message_v2_three", 2, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct initial_message message = {0};
        char *error = NULL;
        send_and_free(*state, golden_read(cases[i].golden));
        assert_int_equal(read_message(*state, &message, &error), 0);
        assert_int_equal(message.sid, cases[i].sid);
        assert_int_equal(message.election_addr.count, cases[i].addresses);
        initial_message_done(&message);
        free(error);
    }
}

/* CNX-02: version 1 with several addresses */
static void cnx_02_version_1_may_announce_several_addresses(void **state)
{
    struct initial_message message = {0};
    char *error = NULL;
    struct buf *bytes = header(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 3, 29);
    buf_put_bytes(bytes, "127.0.0.1:3888|127.0.0.2:3889", 29);
    send_and_free(*state, bytes);

    assert_int_equal(read_message(*state, &message, &error), 0);

    assert_int_equal(message.election_addr.count, 2);
    initial_message_done(&message);
    free(error);
}

static void read_in_two_pieces(struct wire *wire, const struct buf *bytes, size_t split)
{
    struct initial_message message = {0};
    char *error = NULL;
    assert_int_equal(sock_write_fully(wire->writer, bytes->bytes, split), 0);
    assert_int_equal(sock_write_fully(wire->writer, bytes->bytes + split, bytes->length - split),
                     0);
    assert_int_equal(read_message(wire, &message, &error), 0);
    assert_int_equal(message.sid, 1);
    assert_int_equal(message.election_addr.count, 1);
    initial_message_done(&message);
    free(error);
}

/* CNX-04: split at any byte (a reading thread that already waits: see cnx_04 of the manager) */
static void cnx_04_a_message_split_at_any_byte_is_read(void **state)
{
    struct buf *bytes = golden_read("initial_message_v1");
    for (size_t split = 0; split <= bytes->length; split++)
        read_in_two_pieces(*state, bytes, split);
    buf_unref(bytes);
}

static void eight_bytes_that_are_not_negative_are_a_whole_message_of_an_old_server(void **state)
{
    struct initial_message message = {0};
    char *error = NULL;
    struct buf *bytes = buf_new(8);
    buf_put_long(bytes, 7);
    send_and_free(*state, bytes);

    assert_int_equal(read_message(*state, &message, &error), 0);

    assert_int_equal(message.sid, 7);
    assert_int_equal(message.election_addr.count, 0);
    free(error);
}

/* CNX-02 */
static void cnx_02_any_other_version_is_refused(void **state)
{
    assert_read_refused(*state, header(-65530, 1, 15), "Got unrecognized protocol version -65530");
}

static void minus_one_is_no_version(void **state)
{
    assert_read_refused(*state, header(-1, 1, 15), "Got unrecognized protocol version -1");
}

/* CNX-02 */
static void cnx_02_unreasonable_lengths_are_refused(void **state)
{
    (void)state;
    static const struct {
        int32_t length;
        const char *words;
    } cases[] = {
        {0, "Unreasonable buffer length: 0"},
        {-1, "Unreasonable buffer length: -1"},
        {INT32_MIN, "Unreasonable buffer length: -2147483648"},
        {2049, "Unreasonable buffer length: 2049"},
        {1048576, "Unreasonable buffer length: 1048576"},
        {INT32_MAX, "Unreasonable buffer length: 2147483647"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_read_refused(*state, header(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 1, cases[i].length),
                            cases[i].words);
}

/* CNX-02: leading zeros make a port as long as one likes */
static void cnx_02_a_text_of_2048_bytes_is_accepted(void **state)
{
    struct initial_message message = {0};
    char *error = NULL;
    char text[INITIAL_MESSAGE_MAX_ADDRESSES + 1];
    memset(text, '0', sizeof text);
    memcpy(text, "127.0.0.1:", 10);
    memcpy(text + INITIAL_MESSAGE_MAX_ADDRESSES - 4, "3888", 4);
    struct buf *bytes =
        header(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 1, INITIAL_MESSAGE_MAX_ADDRESSES);
    buf_put_bytes(bytes, text, INITIAL_MESSAGE_MAX_ADDRESSES);
    send_and_free(*state, bytes);

    assert_int_equal(read_message(*state, &message, &error), 0);

    assert_int_equal(message.election_addr.count, 1);
    assert_int_equal(message.election_addr.items[0].port, 3888);
    initial_message_done(&message);
    free(error);
}

/* CNX-02: for each byte that may be the last one */
static void cnx_02_a_message_shorter_than_announced_is_an_end_of_stream(void **state)
{
    (void)state;
    struct buf *whole = golden_read("initial_message_v1");
    for (size_t length = 0; length < whole->length; length++) {
        void *wire_state = NULL;
        struct initial_message message = {0};
        char *error = NULL;
        setup(&wire_state);
        struct wire *wire = wire_state;
        assert_int_equal(sock_write_fully(wire->writer, whole->bytes, length), 0);
        sock_unref(wire->writer);
        wire->writer = NULL;
        assert_int_equal(read_message(wire, &message, &error), -EPIPE);
        assert_string_equal(error, "");
        free(error);
        teardown(&wire_state);
    }
    buf_unref(whole);
}

/* Half of a message, then silence: the deadline ends it. */
static void a_message_that_does_not_go_on_times_out(void **state)
{
    struct wire *wire = *state;
    struct initial_message message = {0};
    char *error = NULL;
    send_and_free(wire, header(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 1, 15));
    sock_set_deadline(wire->reader, zk_elapsed_ms() + 20);

    assert_int_equal(read_message(wire, &message, &error), -ETIMEDOUT);

    free(error);
}

static void bytes_behind_the_message_are_left_for_the_frames(void **state)
{
    struct wire *wire = *state;
    struct initial_message message = {0};
    char *error = NULL;
    char behind[5] = {0};
    struct buf *bytes = golden_read("initial_message_v1");
    buf_put_bytes(bytes, "frame", 5);
    send_and_free(wire, bytes);

    assert_int_equal(read_message(wire, &message, &error), 0);

    assert_int_equal(sock_read_fully(wire->reader, behind, sizeof behind), 0);
    assert_memory_equal(behind, "frame", 5);
    initial_message_done(&message);
    free(error);
}

#define WIRED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cnx_02_version_1_is_written_as_java_writes_it),
        cmocka_unit_test(an_ipv6_address_is_written_in_brackets_and_uncompressed),
        cmocka_unit_test(cnx_02_multi_address_writes_version_2_even_for_one_address),
        cmocka_unit_test(several_addresses_stand_in_the_order_of_javas_hash),
        cmocka_unit_test(
            version_1_of_a_server_with_several_addresses_names_the_first_of_javas_hash),
        cmocka_unit_test(cnx_02_one_or_several_addresses_are_understood),
        cmocka_unit_test(the_same_address_twice_is_one),
        cmocka_unit_test(what_java_accepts_by_accident_is_accepted),
        cmocka_unit_test(cnx_02_a_wildcard_is_accepted_and_yields_no_address),
        cmocka_unit_test(a_name_is_kept_and_not_looked_up),
        cmocka_unit_test(bytes_that_are_not_utf_8_are_a_name_that_nobody_has),
        cmocka_unit_test(cnx_02_what_is_not_exactly_host_and_port_is_refused),
        cmocka_unit_test(a_port_that_is_no_number_is_refused),
        cmocka_unit_test(cnx_09_a_port_out_of_range_is_a_badly_formed_address),
        cmocka_unit_test(a_text_with_a_zero_byte_is_refused),
        cmocka_unit_test(every_short_text_is_accepted_or_refused),
        WIRED(what_java_wrote_is_read),
        WIRED(cnx_02_version_1_may_announce_several_addresses),
        WIRED(cnx_04_a_message_split_at_any_byte_is_read),
        WIRED(eight_bytes_that_are_not_negative_are_a_whole_message_of_an_old_server),
        WIRED(cnx_02_any_other_version_is_refused),
        WIRED(minus_one_is_no_version),
        WIRED(cnx_02_a_text_of_2048_bytes_is_accepted),
        WIRED(a_message_that_does_not_go_on_times_out),
        WIRED(bytes_behind_the_message_are_left_for_the_frames),
        cmocka_unit_test(cnx_02_a_message_shorter_than_announced_is_an_end_of_stream),
        WIRED(cnx_02_unreasonable_lengths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
