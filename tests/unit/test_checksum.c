/* Adler-32 and CRC-32, whichever library computes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "zk/base/checksum.h"

enum { LENGTH_MAX = 700 };

/* RFC 1950, byte by byte. */
static uint32_t plain_adler32(const uint8_t *bytes, size_t length)
{
    uint32_t a = 1;
    uint32_t b = 0;
    for (size_t i = 0; i < length; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* RFC 1952, bit by bit. */
static uint32_t plain_crc32(const uint8_t *bytes, size_t length)
{
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ ((sum & 1) != 0 ? 0xedb88320 : 0);
    }
    return ~sum;
}

static void fill(uint8_t *bytes)
{
    for (size_t i = 0; i < LENGTH_MAX; i++)
        bytes[i] = (uint8_t)(i * i + 7 * i + 3);
}

static void the_sums_of_known_texts_are_those_of_the_standards(void **state)
{
    (void)state;

    assert_int_equal(zk_adler32(ZK_ADLER32_OF_NOTHING, "Wikipedia", 9), 0x11e60398);
    assert_int_equal(zk_crc32(ZK_CRC32_OF_NOTHING, "123456789", 9), 0xcbf43926);
}

static void bytes_of_every_length_sum_up_as_they_do_one_by_one(void **state)
{
    (void)state;
    uint8_t bytes[LENGTH_MAX];
    fill(bytes);

    for (size_t length = 0; length <= LENGTH_MAX; length++) {
        assert_int_equal(zk_adler32(ZK_ADLER32_OF_NOTHING, bytes, length),
                         plain_adler32(bytes, length));
        assert_int_equal(zk_crc32(ZK_CRC32_OF_NOTHING, bytes, length), plain_crc32(bytes, length));
    }
}

static void a_sum_goes_on_from_the_one_before(void **state)
{
    (void)state;
    uint8_t bytes[LENGTH_MAX];
    fill(bytes);

    for (size_t first = 0; first <= LENGTH_MAX; first += 13) {
        uint32_t adler = zk_adler32(ZK_ADLER32_OF_NOTHING, bytes, first);
        uint32_t crc = zk_crc32(ZK_CRC32_OF_NOTHING, bytes, first);

        assert_int_equal(zk_adler32(adler, bytes + first, LENGTH_MAX - first),
                         plain_adler32(bytes, LENGTH_MAX));
        assert_int_equal(zk_crc32(crc, bytes + first, LENGTH_MAX - first),
                         plain_crc32(bytes, LENGTH_MAX));
    }
}

static void no_bytes_change_no_sum(void **state)
{
    (void)state;

    assert_int_equal(zk_adler32(0x11e60398, NULL, 0), 0x11e60398);
    assert_int_equal(zk_crc32(0xcbf43926, NULL, 0), 0xcbf43926);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sums_of_known_texts_are_those_of_the_standards),
        cmocka_unit_test(bytes_of_every_length_sum_up_as_they_do_one_by_one),
        cmocka_unit_test(a_sum_goes_on_from_the_one_before),
        cmocka_unit_test(no_bytes_change_no_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
