#include "zk_test.h"

#include <stdio.h>

#include "zk/ensemble/multiple_addresses.h"

static struct inet_address address(const char *host, uint16_t port)
{
    struct inet_address literal;
    inet_address_literal(host, port, &literal);
    return literal;
}

static void add(struct multiple_addresses *addresses, const char *host, uint16_t port)
{
    struct inet_address literal = address(host, port);
    multiple_addresses_add(addresses, &literal);
}

static void an_empty_set_has_no_one(void **state)
{
    (void)state;
    struct multiple_addresses addresses = {0};
    struct zk_str text = {0};

    multiple_addresses_format(&addresses, &text);

    assert_null(multiple_addresses_get_one(&addresses));
    assert_string_equal(zk_str_text(&text), "");
    zk_str_done(&text);
    multiple_addresses_done(&addresses);
}

static void a_duplicate_is_not_kept(void **state)
{
    (void)state;
    struct multiple_addresses addresses = {0};

    add(&addresses, "127.0.0.1", 2888);
    add(&addresses, "127.1", 2888); /* the same address, written otherwise */
    add(&addresses, "127.0.0.1", 2889);

    assert_int_equal(addresses.count, 2);
    multiple_addresses_done(&addresses);
}

/* Captured from Java: the order in which a V2 initial message lists these three. */
static void addresses_are_listed_in_javas_hash_order(void **state)
{
    (void)state;
    struct multiple_addresses addresses = {0};
    struct zk_str text = {0};
    add(&addresses, "127.0.0.1", 24382);
    add(&addresses, "127.0.0.2", 24384);
    add(&addresses, "127.0.0.3", 24386);

    multiple_addresses_format(&addresses, &text);

    assert_string_equal(zk_str_text(&text), "127.0.0.2:24384|127.0.0.3:24386|127.0.0.1:24382");
    zk_str_done(&text);
    multiple_addresses_done(&addresses);
}

static void the_one_is_the_first_in_hash_order_not_in_the_line(void **state)
{
    (void)state;
    struct multiple_addresses addresses = {0};
    add(&addresses, "127.0.0.1", 24382);
    add(&addresses, "127.0.0.2", 24384);
    add(&addresses, "127.0.0.3", 24386);

    const struct inet_address *one = multiple_addresses_get_one(&addresses);

    assert_int_equal(one->port, 24384);
    multiple_addresses_done(&addresses);
}

static void sets_are_equal_in_any_order(void **state)
{
    (void)state;
    struct multiple_addresses a = {0};
    struct multiple_addresses b = {0};
    add(&a, "127.0.0.1", 1);
    add(&a, "::1", 2);
    add(&b, "0:0:0:0:0:0:0:1", 2);

    assert_false(multiple_addresses_equal(&a, &b));
    add(&b, "127.0.0.1", 1);
    assert_true(multiple_addresses_equal(&a, &b));
    add(&a, "127.0.0.1", 3);
    add(&b, "127.0.0.1", 4);
    assert_false(multiple_addresses_equal(&a, &b));
    multiple_addresses_done(&a);
    multiple_addresses_done(&b);
}

static void a_copy_lives_by_itself(void **state)
{
    (void)state;
    struct multiple_addresses a = {0};
    struct multiple_addresses b;
    add(&a, "127.0.0.1", 1);

    multiple_addresses_copy(&b, &a);
    add(&a, "127.0.0.1", 2);
    multiple_addresses_done(&a);

    assert_int_equal(b.count, 1);
    assert_int_equal(b.items[0].port, 1);
    multiple_addresses_done(&b);
}

/* D-31: one end has asked the name service, the other has not. */
static void a_name_that_is_not_looked_up_equals_itself_looked_up(void **state)
{
    (void)state;
    struct inet_address looked_up = address("127.0.0.1", 2888);
    snprintf(looked_up.host, sizeof(looked_up.host), "zk1.example");
    struct inet_address as_read = address("ZK1.example", 2888);
    struct inet_address other_port = address("zk1.example", 2889);
    struct inet_address other_name = address("zk2.example", 2888);

    assert_int_equal(as_read.family, INET_UNRESOLVED);
    assert_true(multiple_addresses_same_address(&looked_up, &as_read));
    assert_true(multiple_addresses_same_address(&as_read, &looked_up));
    assert_false(multiple_addresses_same_address(&looked_up, &other_port));
    assert_false(multiple_addresses_same_address(&looked_up, &other_name));
}

static void a_new_look_up_resolves_what_can_be_and_keeps_the_rest(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct multiple_addresses addresses = {0};
    add(&addresses, "localhost", 1);
    add(&addresses, "no-such-host.invalid", 2);
    add(&addresses, "127.0.0.9", 3);
    assert_int_equal(addresses.items[0].family, INET_UNRESOLVED);

    multiple_addresses_recreate(ctx, &addresses);

    assert_int_equal(addresses.count, 3);
    for (size_t i = 0; i < addresses.count; i++) {
        const struct inet_address *item = &addresses.items[i];
        if (item->port == 1)
            assert_string_equal(inet_ip_text(item).text, "127.0.0.1");
        else if (item->port == 2)
            assert_int_equal(item->family, INET_UNRESOLVED);
        else
            assert_int_equal(item->family, INET_V4);
    }
    multiple_addresses_done(&addresses);
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_has_no_one),
        cmocka_unit_test(a_duplicate_is_not_kept),
        cmocka_unit_test(addresses_are_listed_in_javas_hash_order),
        cmocka_unit_test(the_one_is_the_first_in_hash_order_not_in_the_line),
        cmocka_unit_test(sets_are_equal_in_any_order),
        cmocka_unit_test(a_copy_lives_by_itself),
        cmocka_unit_test(a_name_that_is_not_looked_up_equals_itself_looked_up),
        cmocka_unit_test(a_new_look_up_resolves_what_can_be_and_keeps_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
