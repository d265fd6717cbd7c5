#include "zk_test.h"

#include <stdio.h>

#include "outside.h"
#include "zk/io/inet.h"
#include "zk/runtime/thread.h"

static int setup(void **state)
{
    *state = test_context();
    return 0;
}

static int teardown(void **state)
{
    zk_context_free(*state);
    return 0;
}

static void literals_follow_the_rules_of_java(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"127.0.0.1", "127.0.0.1"},
        {"127.1", "127.0.0.1"},
        {"1", "0.0.0.1"},
        {"4294967295", "255.255.255.255"},
        {"1.16777215", "1.255.255.255"},
        {"1.2.65535", "1.2.255.255"},
        {"0177.0.0.1", "177.0.0.1"}, /* leading zeros are decimal */
        {"000000000000001", "0.0.0.1"},
        {"", "127.0.0.1"},
        {"::1", "0:0:0:0:0:0:0:1"},
        {"[::1]", "0:0:0:0:0:0:0:1"},
        {"::", "0:0:0:0:0:0:0:0"},
        {"1::", "1:0:0:0:0:0:0:0"},
        {"2001:DB8::a:0:ff", "2001:db8:0:0:0:a:0:ff"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"00001::", "1:0:0:0:0:0:0:0"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"::ffff:10.0.0.1", "10.0.0.1"}, /* an IPv4 address in IPv6 clothes */
        {"::10.0.0.1", "0:0:0:0:0:0:a00:1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct inet_address address;
        inet_address_literal(cases[i][0], 1, &address);
        const struct inet_text ip = inet_ip_text(&address);
        if (address.family == INET_UNRESOLVED || strcmp(ip.text, cases[i][1]) != 0)
            fail_msg("\"%s\" gave \"%s\", not \"%s\"", cases[i][0], ip.text, cases[i][1]);
    }
}

static void what_is_no_literal_stays_unresolved(void **state)
{
    (void)state;
    static const char *const names[] = {
        "256.0.0.1",
        "1.2.3.4.5",
        "1.2.3.",
        ".1.2.3",
        "1..2",
        "4294967296",
        "1.16777216",
        "0000000000000001",
        "name",
        "1.2.3.x",
        "-1",
        " 1",
        "[1.2.3.4]",
        "[",
        "[]",
        "[::1",
        ":",
        ":::",
        "1:",
        ":1",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8:9",
        "1::2::3",
        "12345::",
        "::1.2.3",
        "::1.2.3.4.5",
        "::1.2.3.256",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::g",
        "1:2:3:4:5:6:7:8:",
        "127.0.0.1%lo",
        "[::1]%lo",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct inet_address address;
        inet_address_literal(names[i], 7, &address);
        if (address.family != INET_UNRESOLVED)
            fail_msg("\"%s\" is a literal", names[i]);
        assert_string_equal(address.host, names[i]);
        assert_int_equal(address.port, 7);
    }
}

static void an_interface_or_its_number_is_a_zone(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *text; /* OpenJDK 17: new InetSocketAddress(host, 3881).toString() */
        uint32_t scope_id;
    } cases[] = {
        {"::1%lo", "/[0:0:0:0:0:0:0:1%lo]:3881", 1},
        {"[::1%lo]", "/[0:0:0:0:0:0:0:1%lo]:3881", 1},
        {"fe80::7%d0", "/[fe80:0:0:0:0:0:0:7%d0]:3881", 3},
        {"[fe80::8%d0]", "/[fe80:0:0:0:0:0:0:8%d0]:3881", 3},
        {"2001:db8::5%d0", "/[2001:db8:0:0:0:0:0:5%d0]:3881", 3},
        {"::%d0", "/[0:0:0:0:0:0:0:0%d0]:3881", 3},
        {"fe80::7%3", "/[fe80:0:0:0:0:0:0:7%3]:3881", 3},
        {"fe80::7%09", "/[fe80:0:0:0:0:0:0:7%9]:3881", 9}, /* it need not be there */
        {"::1%0", "/[0:0:0:0:0:0:0:1%0]:3881", 0},
        {"::1%2147483647", "/[0:0:0:0:0:0:0:1%2147483647]:3881", INT32_MAX},
        {"::1%1]", "/[0:0:0:0:0:0:0:1%1]:3881", 1},
        {"fe80::7", "/[fe80:0:0:0:0:0:0:7]:3881", 0},
        {"fe80::7%lo", "fe80::7%lo/<unresolved>:3881", 0}, /* lo has no link-local address */
        {"fec0::5%d0", "fec0::5%d0/<unresolved>:3881", 0},
        {"fe80::7%D0", "fe80::7%D0/<unresolved>:3881", 0},
        {"::1%d1", "::1%d1/<unresolved>:3881", 0},
        {"::1%", "::1%/<unresolved>:3881", 0},
        {"[::1%]", "[::1%]/<unresolved>:3881", 0},
        {"::1%lo]", "::1%lo]/<unresolved>:3881", 0},
        {"::1%1x", "::1%1x/<unresolved>:3881", 0},
        {"::1%2147483648", "::1%2147483648/<unresolved>:3881", 0},
        {"::1%a_name_of_16_byt", "::1%a_name_of_16_byt/<unresolved>:3881", 0},
        {"::ffff:127.0.0.1%lo", "::ffff:127.0.0.1%lo/<unresolved>:3881", 0},
        {"::ffff:127.0.0.1%1", "::ffff:127.0.0.1%1/<unresolved>:3881", 0},
    };
    outside_interface("lo", 1, "::1");
    outside_interface("d0", 3, "fe80::7");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct inet_address address;
        inet_address_literal(cases[i].host, 3881, &address);
        assert_string_equal(inet_text(&address).text, cases[i].text);
        assert_int_equal(address.scope_id, cases[i].scope_id);
    }
    outside_restore(NULL);
}

static void an_address_with_a_zone_can_be_written_and_read_again(void **state)
{
    (void)state;
    struct inet_address address, again;
    outside_interface("lo", 1, "::1");
    inet_address_literal("[::1%lo]", 3881, &address);

    assert_string_equal(inet_host_port_text(&address).text, "[0:0:0:0:0:0:0:1%lo]:3881");
    assert_string_equal(inet_host_text(&address).text, "0:0:0:0:0:0:0:1%lo");
    inet_address_literal(inet_host_text(&address).text, 3881, &again);
    assert_memory_equal(&again, &address, sizeof again);
    outside_restore(NULL);
}

static void zones_do_not_make_addresses_differ(void **state)
{
    (void)state;
    struct inet_address one, other;
    inet_address_literal("::1%1", 24382, &one);
    inet_address_literal("::1", 24382, &other);

    assert_true(inet_address_equal(&one, &other));
    assert_int_equal(inet_address_hash(&one), inet_address_hash(&other));
}

static void texts_are_those_of_java(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *text;        /* InetSocketAddress.toString() */
        const char *host_string; /* getHostString() */
        const char *formatted;   /* NetUtils.formatInetAddr() */
    } cases[] = {
        {"127.1", "/127.0.0.1:3881", "127.0.0.1", "127.0.0.1:3881"},
        {"::1", "/[0:0:0:0:0:0:0:1]:3881", "0:0:0:0:0:0:0:1", "[0:0:0:0:0:0:0:1]:3881"},
        {"zoo1", "zoo1/<unresolved>:3881", "zoo1", "zoo1:3881"},
        {"", "localhost/127.0.0.1:3881", "localhost", "127.0.0.1:3881"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct inet_address address;
        inet_address_literal(cases[i].host, 3881, &address);
        assert_string_equal(inet_text(&address).text, cases[i].text);
        assert_string_equal(inet_host_text(&address).text, cases[i].host_string);
        assert_string_equal(inet_host_port_text(&address).text, cases[i].formatted);
    }
}

static void an_address_without_a_host_shows_its_ip(void **state)
{
    (void)state;
    struct inet_address address = {.family = INET_V4, .ip = {10, 0, 0, 7}, .port = 5};

    assert_string_equal(inet_text(&address).text, "/10.0.0.7:5");
    assert_string_equal(inet_host_text(&address).text, "10.0.0.7");
}

static void numbers_of_each_length_are_written(void **state)
{
    (void)state;
    static const uint16_t ports[] = {0, 9, 10, 99, 100, 999, 1000, 9999, 10000, 65535};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        const uint8_t byte = (uint8_t)(ports[i] < 256 ? ports[i] : 255);
        struct inet_address address = {.family = INET_V4, .port = ports[i]};
        char expected[64];
        memset(address.ip, byte, 4);
        snprintf(expected, sizeof expected, "%u.%u.%u.%u:%u", byte, byte, byte, byte, ports[i]);
        assert_string_equal(inet_host_port_text(&address).text, expected);
    }
}

static void the_longest_host_fits_into_the_text(void **state)
{
    (void)state;
    struct inet_address address;
    char host[sizeof address.host];
    memset(host, 'h', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    inet_address_literal(host, 65535, &address);

    const struct inet_text text = inet_text(&address);

    assert_int_equal(strlen(text.text), strlen(host) + strlen("/<unresolved>:65535"));
    assert_int_equal(strlen(inet_host_port_text(&address).text), strlen(host) + strlen(":65535"));
}

static void the_wildcard_of_java_has_a_name(void **state)
{
    (void)state;
    struct inet_address any = inet_address_any(2888);
    struct inet_address literal;

    assert_string_equal(inet_text(&any).text, "0.0.0.0/0.0.0.0:2888");
    inet_address_literal("0.0.0.0", 2888, &literal);
    assert_string_equal(inet_text(&literal).text, "/0.0.0.0:2888");
    assert_true(inet_address_equal(&any, &literal));
}

static void wildcards_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool wildcard;
    } cases[] = {
        {"0.0.0.0", true},   {"::", true},   {"127.0.0.1", false}, {"::1", false},
        {"10.0.0.1", false}, {"::2", false}, {"name", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct inet_address address;
        inet_address_literal(cases[i].host, 1, &address);
        assert_int_equal(inet_address_is_wildcard(&address), cases[i].wildcard);
    }
}

static bool equal(const char *host_a, uint16_t port_a, const char *host_b, uint16_t port_b)
{
    struct inet_address a, b;
    inet_address_literal(host_a, port_a, &a);
    inet_address_literal(host_b, port_b, &b);
    return inet_address_equal(&a, &b);
}

static void resolved_addresses_are_equal_by_ip_and_port(void **state)
{
    (void)state;
    assert_true(equal("127.1", 1, "127.0.0.1", 1));
    assert_true(equal("", 1, "127.0.0.1", 1));
    assert_false(equal("127.0.0.1", 1, "127.0.0.1", 2));
    assert_false(equal("127.0.0.1", 1, "127.0.0.2", 1));
    assert_false(equal("::1", 1, "127.0.0.1", 1));
}

static void unresolved_addresses_are_equal_by_name_in_any_case(void **state)
{
    (void)state;
    assert_true(equal("Zoo1", 1, "zOO1", 1));
    assert_false(equal("zoo1", 1, "zoo1", 2));
    assert_false(equal("zoo1", 1, "zoo2", 1));
    assert_false(equal("zoo1", 1, "127.0.0.1", 1));
}

static void hashes_are_those_of_java(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        int32_t hash; /* OpenJDK 17: new InetSocketAddress(host, 24382).hashCode() */
    } cases[] = {
        {"127.0.0.1", 2130730815},     {"255.255.255.255", 24381},
        {"2001:db8::1", 536964087},    {"fe80::ffff:ffff:ffff:ffff", -75604676},
        {"Zoo1.invalid", -1509294626},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct inet_address address;
        inet_address_literal(cases[i].host, 24382, &address);
        assert_int_equal(inet_address_hash(&address), cases[i].hash);
    }
}

static void a_name_is_looked_up(void **state)
{
    struct inet_address address;

    inet_address_resolve(*state, "localhost", 3881, &address);
    assert_string_equal(inet_text(&address).text,
                        "localhost/127.0.0.1:3881"); /* IPv4 before IPv6 */
}

static void look_up_localhost(void *arg)
{
    struct inet_address address;
    inet_address_resolve(arg, "localhost", 3881, &address);
}

static void the_stack_of_a_thread_is_enough_for_a_look_up(void **state)
{
    struct zk_thread_group *group = zk_thread_group_new(*state);

    assert_int_equal(zk_thread_group_start(group, look_up_localhost, *state, "resolver"), 0);

    zk_thread_group_free(group); /* an overflow would have ended the process */
}

static void numbers_as_c_writes_them_are_not_looked_up(void **state)
{
    static const char *const hosts[] = {"0x7f000001", "0x7f.1", "1.2.3.0x4", "0000000000000001"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct inet_address address;
        inet_address_resolve(*state, hosts[i], 1, &address);
        assert_int_equal(address.family, INET_UNRESOLVED);
    }
}

static void an_unknown_name_is_no_error(void **state)
{
    struct inet_address address;

    for (int i = 0; i < 2; i++) { /* the second answer is the cache's */
        inet_address_resolve(*state, "no-such-host.invalid", 3881, &address);
        assert_string_equal(inet_text(&address).text, "no-such-host.invalid/<unresolved>:3881");
    }
}

static void one_name_with_two_ports_keeps_both_ports(void **state)
{
    struct inet_address first, second;

    inet_address_resolve(*state, "localhost", 1, &first);
    inet_address_resolve(*state, "LocalHost", 2, &second);

    assert_int_equal(first.port, 1);
    assert_int_equal(second.port, 2);
    assert_string_equal(second.host, "LocalHost");
    assert_int_equal(second.family, INET_V4);
}

/* Is the answer not in the cache? (It is afterwards.) */
static bool is_asked_for(struct zk_context *ctx, const char *name)
{
    struct inet_address address;
    int asked = outside_names_asked();
    inet_address_resolve(ctx, name, 1, &address);
    return outside_names_asked() > asked;
}

/* (D-67) Strangers can make us look up any number of names. */
static void a_full_cache_forgets_what_would_be_forgotten_first(void **state)
{
    enum { CACHE_LIMIT = 1024 };
    char name[64];
    outside_name("kept.zk.test", "127.0.0.2"); /* good for 30 s; what nobody knows for 10 s */
    assert_true(is_asked_for(*state, "kept.zk.test"));
    assert_true(is_asked_for(*state, "first.zk.test"));
    outside_let_time_pass(1);
    for (int i = 0; i < CACHE_LIMIT - 1; i++) {
        snprintf(name, sizeof name, "%d.zk.test", i);
        assert_true(is_asked_for(*state, name));
    }

    assert_false(is_asked_for(*state, "kept.zk.test"));
    assert_false(is_asked_for(*state, "1000.zk.test"));
    assert_true(is_asked_for(*state, "first.zk.test"));
    outside_restore(NULL);
}

static void a_host_that_is_too_long_is_unresolved(void **state)
{
    struct inet_address address;
    char host[400];
    memset(host, '1', sizeof host - 1);
    host[sizeof host - 1] = '\0';

    inet_address_resolve(*state, host, 1, &address);

    assert_int_equal(address.family, INET_UNRESOLVED);
    assert_int_equal(strlen(address.host), sizeof address.host - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_follow_the_rules_of_java),
        cmocka_unit_test(what_is_no_literal_stays_unresolved),
        cmocka_unit_test(an_interface_or_its_number_is_a_zone),
        cmocka_unit_test(an_address_with_a_zone_can_be_written_and_read_again),
        cmocka_unit_test(zones_do_not_make_addresses_differ),
        cmocka_unit_test(texts_are_those_of_java),
        cmocka_unit_test(an_address_without_a_host_shows_its_ip),
        cmocka_unit_test(numbers_of_each_length_are_written),
        cmocka_unit_test(the_longest_host_fits_into_the_text),
        cmocka_unit_test(the_wildcard_of_java_has_a_name),
        cmocka_unit_test(wildcards_are_known),
        cmocka_unit_test(resolved_addresses_are_equal_by_ip_and_port),
        cmocka_unit_test(unresolved_addresses_are_equal_by_name_in_any_case),
        cmocka_unit_test(hashes_are_those_of_java),
        cmocka_unit_test_setup_teardown(a_name_is_looked_up, setup, teardown),
        cmocka_unit_test_setup_teardown(the_stack_of_a_thread_is_enough_for_a_look_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(numbers_as_c_writes_them_are_not_looked_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_unknown_name_is_no_error, setup, teardown),
        cmocka_unit_test_setup_teardown(one_name_with_two_ports_keeps_both_ports, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_cache_forgets_what_would_be_forgotten_first, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_host_that_is_too_long_is_unresolved, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
