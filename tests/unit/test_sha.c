/* Hashes: the examples of FIPS 180-4, and texts of each length around the end of a block. */
#include "zk/base/sha.h"

#include <stdio.h>
#include <string.h>

#include "zk_test.h"

static void hex_of(const uint8_t *bytes, size_t length, char *ret_text)
{
    for (size_t i = 0; i < length; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}

static void expect_sha1(const char *text, const char *expected)
{
    uint8_t hash[ZK_SHA1_BYTES];
    char hex[2 * sizeof hash + 1];
    zk_sha1(text, strlen(text), hash);
    hex_of(hash, sizeof hash, hex);
    assert_string_equal(hex, expected);
}

static void expect_sha256(const char *text, const char *expected)
{
    uint8_t hash[ZK_SHA256_BYTES];
    char hex[2 * sizeof hash + 1];
    zk_sha256(text, strlen(text), hash);
    hex_of(hash, sizeof hash, hex);
    assert_string_equal(hex, expected);
}

static void sha1_is_that_of_the_standard(void **state)
{
    (void)state;
    expect_sha1("", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    expect_sha1("abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    expect_sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

static void sha256_is_that_of_the_standard(void **state)
{
    (void)state;
    expect_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* The hash of the hashes of "", "a", "aa" and so on, as other programs give it. */
static void a_text_may_end_anywhere_in_a_block(void **state)
{
    (void)state;
    char text[200];
    char all[2 * ZK_SHA1_BYTES * sizeof text + 1];
    memset(text, 'a', sizeof text);
    for (size_t length = 0; length < sizeof text; length++) {
        uint8_t hash[ZK_SHA1_BYTES];
        zk_sha1(text, length, hash);
        hex_of(hash, sizeof hash, all + 2 * sizeof hash * length);
    }
    expect_sha1(all, "cb062fe66512892ec8c722ee74ff9ac151cc4b61");
    expect_sha256(all, "2cd95d83ecf1d10c9cb6edec3f73b2a2f55656881339e596b5d74f507b173235");
}

static void base64_is_padded(void **state)
{
    (void)state;
    static const char *const PAIRS[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfb", "//77"}};
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        char text[16];
        zk_base64_encode((const uint8_t *)PAIRS[i][0], strlen(PAIRS[i][0]), text);
        assert_string_equal(text, PAIRS[i][1]);
    }
}

static void a_hash_is_known_by_the_names_that_a_jvm_knows(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum zk_hash_kind kind;
    } ROWS[] = {
        {"SHA1", ZK_HASH_SHA1},      {"SHA-1", ZK_HASH_SHA1},       {"sha", ZK_HASH_SHA1},
        {"sha-256", ZK_HASH_SHA256}, {"SHA-256", ZK_HASH_SHA256},   {"SHA256", ZK_HASH_UNKNOWN},
        {"SHA-2", ZK_HASH_UNKNOWN},  {"SHA-2566", ZK_HASH_UNKNOWN}, {"", ZK_HASH_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_int_equal(zk_hash_named(ROWS[i].name), ROWS[i].kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_known_by_the_names_that_a_jvm_knows),
        cmocka_unit_test(sha1_is_that_of_the_standard),
        cmocka_unit_test(sha256_is_that_of_the_standard),
        cmocka_unit_test(a_text_may_end_anywhere_in_a_block),
        cmocka_unit_test(base64_is_padded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
