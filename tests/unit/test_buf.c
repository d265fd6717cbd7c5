#include "zk_test.h"

#include <errno.h>

#include "zk/base/buf.h"

static void numbers_are_stored_big_endian(void **state)
{
    (void)state;
    struct buf *buf = buf_new(0);

    buf_put_byte(buf, 0xab);
    buf_put_int(buf, -2);
    buf_put_long(buf, 0x0102030405060708);
    buf_put_bytes(buf, "xy", 2);

    const uint8_t expected[] = {0xab, 0xff, 0xff, 0xff, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8, 'x', 'y'};
    assert_int_equal(buf->length, sizeof expected);
    assert_memory_equal(buf->bytes, expected, sizeof expected);
    buf_unref(buf);
}

static void what_was_put_is_read_back(void **state)
{
    (void)state;
    struct buf *buf = buf_new(4);
    buf_put_byte(buf, 7);
    buf_put_int(buf, INT32_MIN);
    buf_put_long(buf, INT64_MIN);
    buf_put_long(buf, INT64_MAX);
    buf_put_bytes(buf, "abc", 3);
    struct buf_reader reader = buf_reader_of(buf);
    int32_t number;
    int64_t small, big;
    const uint8_t *byte = NULL;
    const uint8_t *text = NULL;

    assert_int_equal(buf_get_view(&reader, 1, &byte), 0);
    assert_int_equal(buf_get_int(&reader, &number), 0);
    assert_int_equal(buf_get_long(&reader, &small), 0);
    assert_int_equal(buf_get_long(&reader, &big), 0);
    assert_int_equal(buf_get_view(&reader, 3, &text), 0);

    assert_int_equal(*byte, 7);
    assert_true(number == INT32_MIN && small == INT64_MIN && big == INT64_MAX);
    assert_memory_equal(text, "abc", 3);
    assert_int_equal(reader.position, buf->length);
    buf_unref(buf);
}

static void reading_past_the_end_is_an_error_and_consumes_nothing(void **state)
{
    (void)state;
    struct buf *buf = buf_new_copy("abc", 3);
    struct buf_reader reader = buf_reader_of(buf);
    int32_t number = 9;
    int64_t big = 9;
    const uint8_t *view = NULL;

    assert_int_equal(buf_get_int(&reader, &number), -EPROTO);
    assert_int_equal(buf_get_long(&reader, &big), -EPROTO);
    assert_int_equal(buf_get_view(&reader, 4, &view), -EPROTO);
    assert_int_equal(buf_get_view(&reader, SIZE_MAX, &view), -EPROTO);

    assert_true(number == 9 && big == 9 && view == NULL);
    assert_int_equal(reader.position, 0);
    assert_int_equal(buf_get_view(&reader, 3, &view), 0);
    buf_unref(buf);
}

static void a_view_borrows_in_place(void **state)
{
    (void)state;
    struct buf *buf = buf_new_copy("hello", 5);
    struct buf_reader reader = buf_reader_of(buf);
    const uint8_t *view = NULL;

    assert_int_equal(buf_get_view(&reader, 2, &view), 0);
    assert_ptr_equal(view, buf->bytes);
    assert_int_equal(buf_get_view(&reader, 0, &view), 0);
    assert_int_equal(reader.position, 2);
    buf_unref(buf);
}

static void it_grows_and_keeps_its_bytes(void **state)
{
    (void)state;
    struct buf *buf = buf_new(0);
    for (int32_t i = 0; i < 10000; i++)
        buf_put_int(buf, i);

    struct buf_reader reader = buf_reader_of(buf);
    for (int32_t i = 0; i < 10000; i++) {
        int32_t number = -1;
        assert_int_equal(buf_get_int(&reader, &number), 0);
        assert_int_equal(number, i);
    }
    buf_unref(buf);
}

static void the_last_reference_frees(void **state)
{
    (void)state;
    struct buf *buf = buf_new_copy("x", 1);

    struct buf *second = buf_ref(buf);
    buf_unref(buf);

    assert_int_equal(second->bytes[0], 'x'); /* the sanitizer watches */
    buf_unref(second);
    buf_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_stored_big_endian),
        cmocka_unit_test(what_was_put_is_read_back),
        cmocka_unit_test(reading_past_the_end_is_an_error_and_consumes_nothing),
        cmocka_unit_test(a_view_borrows_in_place),
        cmocka_unit_test(it_grows_and_keeps_its_bytes),
        cmocka_unit_test(the_last_reference_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
