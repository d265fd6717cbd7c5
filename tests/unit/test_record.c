/* The one codec of all records, over every record that there is. Java: the tests of jute's
 * compiler, SerializationPerfTest */
#include "zk/jute/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "zk/jute/data.h"
#include "zk/jute/persistence.h"
#include "zk/jute/proto.h"
#include "zk/jute/quorum.h"
#include "zk/jute/txn.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

/* A record that has a member of each type, and lists in lists. */
struct everything {
    int32_t small;
    struct ustring text;
    struct zk_acl acl;
    struct buf *bytes;
    struct zk_acl_list acls;
    int64_t large;
    bool flag;
    struct ustring_list texts;
};

static const struct jute_field everything_fields[] = {
    JUTE_FIELD(everything, small, "small"),
    JUTE_FIELD(everything, text, "text"),
    JUTE_NESTED(everything, acl, "acl", &zk_acl_record),
    JUTE_FIELD(everything, bytes, "bytes"),
    JUTE_VECTOR(everything, acls, "acls", &zk_acl_record),
    JUTE_FIELD(everything, large, "large"),
    JUTE_FIELD(everything, flag, "flag"),
    JUTE_VECTOR(everything, texts, "texts", &ustring_record),
};
static const struct jute_record everything_record =
    JUTE_RECORD(everything, "Everything", everything_fields);

static const struct jute_record *const records[] = {
    &zk_id_record,
    &zk_acl_record,
    &zk_acl_list_record,
    &stat_persisted_record,
    &zk_stat_record,
    &client_info_record,
    &quorum_packet_record,
    &learner_info_record,
    &file_header_record,
    &txn_header_record,
    &txn_digest_record,
    &create_txn_v0_record,
    &create_txn_record,
    &create_ttl_txn_record,
    &create_container_txn_record,
    &delete_txn_record,
    &set_data_txn_record,
    &check_version_txn_record,
    &set_acl_txn_record,
    &create_session_txn_record,
    &close_session_txn_record,
    &error_txn_record,
    &sub_txn_record,
    &multi_txn_record,
    &connect_request_record,
    &connect_response_record,
    &request_header_record,
    &reply_header_record,
    &multi_header_record,
    &create_request_record,
    &create_ttl_request_record,
    &delete_request_record,
    &set_data_request_record,
    &set_acl_request_record,
    &check_version_request_record,
    &reconfig_request_record,
    &sync_request_record,
    &create_response_record,
    &create2_response_record,
    &set_data_response_record,
    &set_acl_response_record,
    &sync_response_record,
    &error_response_record,
    &exists_request_record,
    &exists_response_record,
    &get_data_request_record,
    &get_data_response_record,
    &get_acl_request_record,
    &get_acl_response_record,
    &get_children_request_record,
    &get_children_response_record,
    &get_children2_request_record,
    &get_children2_response_record,
    &get_ephemerals_request_record,
    &get_ephemerals_response_record,
    &get_all_children_number_request_record,
    &get_all_children_number_response_record,
    &who_am_i_response_record,
    &auth_packet_record,
    &set_watches_record,
    &set_watches2_record,
    &add_watch_request_record,
    &check_watches_request_record,
    &remove_watches_request_record,
    &watcher_event_record,
    &everything_record,
};
enum { RECORDS = sizeof records / sizeof records[0] };

/* ---- values for any record ------------------------------------------------------------------ */

/* Puts something that is not zero into every field; each call another number. */
static void fill(const struct jute_record *record, void *value, int *number)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct jute_field *field = &record->fields[i];
        void *member = (char *)value + field->offset;
        char text[24];
        snprintf(text, sizeof text, "text %d", ++*number);
        switch (field->type) {
        case JUTE_TYPE_INT:
            *(int32_t *)member = *number;
            break;
        case JUTE_TYPE_LONG:
            *(int64_t *)member = INT64_C(0x100000000) + *number;
            break;
        case JUTE_TYPE_BOOLEAN:
            *(bool *)member = true;
            break;
        case JUTE_TYPE_USTRING:
            *(struct ustring *)member = ustring_of(text);
            break;
        case JUTE_TYPE_BUFFER:
            *(struct buf **)member = buf_new_copy(text, strlen(text));
            break;
        case JUTE_TYPE_RECORD:
            fill(field->record, member, number);
            break;
        case JUTE_TYPE_VECTOR:
            for (int j = 0; j < 9; j++) /* more than the first two rooms hold */
                fill(field->record, jute_list_add(field->record, member), number);
            break;
        }
    }
}

static void *filled(const struct jute_record *record)
{
    int number = 0;
    void *value = calloc(1, record->size);
    fill(record, value, &number);
    return value;
}

static void drop(const struct jute_record *record, void *value)
{
    jute_done(record, value);
    free(value);
}

static int read_from(const struct jute_record *record, const struct buf *bytes, size_t length,
                     void *ret_value)
{
    struct zk_context *ctx = test_context();
    struct jute_in in = jute_in_of_bytes(ctx, bytes->bytes, length);
    int r = jute_read(&in, record, ret_value);
    zk_context_free(ctx);
    return r;
}

/* ---- the codec ------------------------------------------------------------------------------ */

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < RECORDS; i++) {
        void *value = filled(records[i]);
        void *read = calloc(1, records[i]->size);
        struct buf *bytes = jute_to_buf(records[i], value);
        assert_int_equal(jute_size(records[i], value), bytes->length);

        assert_int_equal(read_from(records[i], bytes, bytes->length, read), 0);

        assert_true(jute_equal(records[i], value, read));
        struct buf *again = jute_to_buf(records[i], read);
        assert_int_equal(again->length, bytes->length);
        assert_memory_equal(again->bytes, bytes->bytes, bytes->length);
        buf_unref(again);
        buf_unref(bytes);
        drop(records[i], read);
        drop(records[i], value);
    }
}

/* The sanitizers watch that nothing stays behind. */
static void a_record_that_is_cut_anywhere_owns_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < RECORDS; i++) {
        void *value = filled(records[i]);
        struct buf *bytes = jute_to_buf(records[i], value);
        for (size_t length = 0; length < bytes->length; length++) {
            void *read = calloc(1, records[i]->size);
            assert_int_equal(read_from(records[i], bytes, length, read), -EPIPE);
            free(read); /* without jute_done */
        }
        buf_unref(bytes);
        drop(records[i], value);
    }
}

static void a_copy_is_equal_and_lives_by_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < RECORDS; i++) {
        void *value = filled(records[i]);
        void *copy = calloc(1, records[i]->size);
        struct buf *bytes = jute_to_buf(records[i], value);

        jute_copy(records[i], copy, value);

        assert_true(jute_equal(records[i], value, copy));
        drop(records[i], value);
        struct buf *again = jute_to_buf(records[i], copy);
        assert_int_equal(again->length, bytes->length);
        assert_memory_equal(again->bytes, bytes->bytes, bytes->length);
        buf_unref(again);
        buf_unref(bytes);
        drop(records[i], copy);
    }
}

/* Change one byte of what is written: whatever is read then is not equal. */
static void records_that_differ_in_one_byte_are_not_equal(void **state)
{
    (void)state;
    size_t read_count = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        void *value = filled(records[i]);
        struct buf *bytes = jute_to_buf(records[i], value);
        for (size_t at = 0; at < bytes->length; at++) {
            void *other = calloc(1, records[i]->size);
            bytes->bytes[at] ^= 1;
            if (read_from(records[i], bytes, bytes->length, other) == 0) {
                assert_false(jute_equal(records[i], value, other));
                read_count++;
            }
            bytes->bytes[at] ^= 1;
            drop(records[i], other);
        }
        buf_unref(bytes);
        drop(records[i], value);
    }
    assert_true(read_count > 100);
}

/* Null and empty are two things in each of the three types that can be null. */
static void null_is_not_empty(void **state)
{
    (void)state;
    struct everything null = {0};
    struct everything empty = {.text = ustring_of(""), .bytes = buf_new(0), .acls.present = true};
    assert_false(jute_equal(&everything_record, &null, &empty));
    struct everything *both[] = {&null, &empty};
    for (size_t i = 0; i < 2; i++) {
        struct everything read = {0};
        struct everything copy = {0};
        struct buf *bytes = jute_to_buf(&everything_record, both[i]);
        assert_int_equal(read_from(&everything_record, bytes, bytes->length, &read), 0);
        jute_copy(&everything_record, &copy, &read);
        assert_true(jute_equal(&everything_record, both[i], &copy));
        assert_int_equal(copy.text.text != NULL, i == 1);
        assert_int_equal(copy.bytes != NULL, i == 1);
        assert_int_equal(copy.acls.present, i == 1);
        buf_unref(bytes);
        jute_done(&everything_record, &read);
        jute_done(&everything_record, &copy);
    }
    jute_done(&everything_record, &empty);
}

/* D-35: two billion empty ids would be told in 16 gigabytes, and no limit of one string would stop
 * them. */
static void the_elements_of_one_list_share_the_limit(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "jute.maxbuffer", "100"); /* 1124 with the extra: 93 empty ACLs */
    for (int32_t count = 93; count <= 94; count++) {
        struct zk_acl_list sent = {0};
        for (int32_t i = 0; i < count; i++)
            jute_list_add(&zk_acl_record, &sent);
        struct buf *bytes = jute_to_buf(&zk_acl_list_record, &sent);
        struct jute_in in = jute_in_of_bytes(ctx, bytes->bytes, bytes->length);
        struct zk_acl_list list = {0};
        assert_int_equal(jute_read(&in, &zk_acl_list_record, &list), count == 93 ? 0 : -EPROTO);
        assert_int_equal(list.count, count == 93 ? 93 : 0);
        jute_done(&zk_acl_list_record, &list);
        jute_done(&zk_acl_list_record, &sent);
        buf_unref(bytes);
    }
    zk_context_free(ctx);
}

/* ---- the book ------------------------------------------------------------------------------- */

static void append_type(struct zk_str *text, const struct jute_field *field)
{
    static const char *const names[] = {
        [JUTE_TYPE_INT] = "int",         [JUTE_TYPE_LONG] = "long",
        [JUTE_TYPE_BOOLEAN] = "boolean", [JUTE_TYPE_USTRING] = "ustring",
        [JUTE_TYPE_BUFFER] = "buffer",
    };
    if (field->type == JUTE_TYPE_RECORD)
        zk_str_append(text, field->record->name);
    else if (field->type == JUTE_TYPE_VECTOR)
        zk_str_printf(text, "vector of %s", field->record->name);
    else
        zk_str_append(text, names[field->type]);
}

/* 0: it depends on the value. */
static size_t width_of(const struct jute_field *field)
{
    switch (field->type) {
    case JUTE_TYPE_INT:
        return 4;
    case JUTE_TYPE_LONG:
        return 8;
    case JUTE_TYPE_BOOLEAN:
        return 1;
    default:
        return 0;
    }
}

static void append_table(struct zk_str *text, const struct jute_record *record)
{
    size_t offset = 0;
    bool fixed = true;
    zk_str_printf(text, "\n## %s\n\n| offset | bytes | type | field |\n|---|---|---|---|\n",
                  record->name);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct jute_field *field = &record->fields[i];
        size_t width = width_of(field);
        zk_str_append(text, "| ");
        if (fixed)
            zk_str_printf(text, "%zu", offset);
        zk_str_append(text, " | ");
        if (width > 0)
            zk_str_printf(text, "%zu", width);
        else
            zk_str_append(text, field->type == JUTE_TYPE_RECORD ? "" : "4 + n");
        zk_str_append(text, " | ");
        append_type(text, field);
        zk_str_printf(text, " | %s |\n", field->name);
        fixed = fixed && width > 0;
        offset += width;
    }
}

/* RECORDS.md is what the tables say. After a change of a table: ZK_WRITE_RECORDS=1 and this test
 * writes it anew. */
static void the_book_of_records_is_what_the_tables_say(void **state)
{
    (void)state;
    static const char path[] = GOLDEN_DIR "/../../include/zk/jute/RECORDS.md";
    struct zk_str text = {0};
    zk_str_append(
        &text,
        "# Records\n\nThe bytes of each jute record that this peer reads or writes, made of the "
        "tables in src/jute by the\ntest test_record. Types are explained in archive.h: all "
        "numbers are big-endian, a ustring or\nbuffer is its length (4 bytes, -1 for null) and "
        "its bytes, a vector its count (-1 for null) and\nits elements.\n");
    for (size_t i = 0; i < RECORDS - 1; i++)
        append_table(&text, records[i]);
    if (getenv("ZK_WRITE_RECORDS") != NULL)
        test_write_file(path, zk_str_text(&text));
    char *book = test_read_file(path);
    assert_string_equal(book, zk_str_text(&text));
    free(book);
    zk_str_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_record_that_is_cut_anywhere_owns_nothing),
        cmocka_unit_test(a_copy_is_equal_and_lives_by_itself),
        cmocka_unit_test(records_that_differ_in_one_byte_are_not_equal),
        cmocka_unit_test(null_is_not_empty),
        cmocka_unit_test(the_elements_of_one_list_share_the_limit),
        cmocka_unit_test(the_book_of_records_is_what_the_tables_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
