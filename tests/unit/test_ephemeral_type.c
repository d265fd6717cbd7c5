/* What the owner of a node says of it. Java: EphemeralTypeTest */
#include "zk/tree/ephemeral_type.h"

#include "zk_test.h"

#define TTL_MAX ((INT64_C(1) << 40) - 1)
#define SESSION INT64_C(0x100001d3f490000)

static const struct ephemeral_types PLAIN = {0};
static const struct ephemeral_types EXTENDED = {.extended = true};
static const struct ephemeral_types EMULATING = {.extended = true, .emulate353 = true};

static void nobody_a_session_and_a_container_are_what_they_are_in_every_mode(void **state)
{
    (void)state;
    const struct ephemeral_types *const modes[] = {&PLAIN, &EXTENDED, &EMULATING};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(ephemeral_type_get(modes[i], 0), EPHEMERAL_TYPE_VOID);
        assert_int_equal(ephemeral_type_get(modes[i], 1), EPHEMERAL_TYPE_NORMAL);
        assert_int_equal(ephemeral_type_get(modes[i], SESSION), EPHEMERAL_TYPE_NORMAL);
        assert_int_equal(ephemeral_type_get(modes[i], CONTAINER_EPHEMERAL_OWNER),
                         EPHEMERAL_TYPE_CONTAINER);
    }
}

static void a_ttl_is_one_with_extended_types_only(void **state)
{
    (void)state;
    static const int64_t ttls_ms[] = {1, 2, 1000, TTL_MAX - 1, TTL_MAX};
    for (size_t i = 0; i < sizeof ttls_ms / sizeof ttls_ms[0]; i++) {
        int64_t owner = ephemeral_type_ttl_to_owner(ttls_ms[i]);
        assert_true(ephemeral_type_owner_to_ttl(owner) == ttls_ms[i]);
        assert_int_equal(ephemeral_type_get(&PLAIN, owner), EPHEMERAL_TYPE_NORMAL);
        assert_int_equal(ephemeral_type_get(&EXTENDED, owner), EPHEMERAL_TYPE_TTL);
        assert_int_equal(ephemeral_type_get(&EMULATING, owner), EPHEMERAL_TYPE_TTL);
    }
}

/* 3.5.3 took the highest bit alone for the mark of a TTL. */
static void ttls_of_3_5_3_are_read_when_it_is_emulated(void **state)
{
    (void)state;
    static const int64_t ttls_ms[] = {1, 1000, TTL_MAX};
    for (size_t i = 0; i < sizeof ttls_ms / sizeof ttls_ms[0]; i++) {
        int64_t owner = INT64_MIN | ttls_ms[i];
        assert_int_equal(ephemeral_type_get(&EMULATING, owner), EPHEMERAL_TYPE_TTL);
        assert_int_equal(ephemeral_type_get(&EXTENDED, owner), EPHEMERAL_TYPE_NORMAL);
        assert_int_equal(ephemeral_type_get(&PLAIN, owner), EPHEMERAL_TYPE_NORMAL);
    }
}

/* Java throws an exception (EphemeralType.get()). */
static void an_extended_owner_that_is_no_ttl_counts_as_nobody(void **state)
{
    (void)state;
    int64_t reserved = ephemeral_type_ttl_to_owner(1) | (INT64_C(1) << 40);
    assert_int_equal(ephemeral_type_get(&EXTENDED, reserved), EPHEMERAL_TYPE_VOID);
    assert_int_equal(ephemeral_type_get(&PLAIN, reserved), EPHEMERAL_TYPE_NORMAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_a_session_and_a_container_are_what_they_are_in_every_mode),
        cmocka_unit_test(a_ttl_is_one_with_extended_types_only),
        cmocka_unit_test(ttls_of_3_5_3_are_read_when_it_is_emulated),
        cmocka_unit_test(an_extended_owner_that_is_no_ttl_counts_as_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
