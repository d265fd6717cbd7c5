/* Transactions as bytes, and back; among them what Java 3.8.0 wrote into its log. Java:
 * SerializeUtilsTest */
#include "zk/jute/txn_log_entry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

/* ---- helpers --------------------------------------------------------------------------------- */

static struct buf *bytes_of_hex(const char *hex)
{
    struct buf *bytes = buf_new(64);
    for (const char *c = hex; *c != '\0'; c++) {
        if (*c == ' ')
            continue;
        buf_put_byte(bytes, (uint8_t)(zk_hex_digit(c[0]) << 4 | zk_hex_digit(c[1])));
        c++;
    }
    return bytes;
}

static int decode(struct buf *bytes, struct txn_log_entry **ret_entry)
{
    struct zk_context *ctx = test_context();
    int r = txn_log_entry_decode(ctx, bytes, ret_entry);
    zk_context_free(ctx);
    return r;
}

static struct txn_log_entry *decode_hex(const char *hex)
{
    struct txn_log_entry *entry = NULL;
    struct buf *bytes = bytes_of_hex(hex);
    assert_int_equal(decode(bytes, &entry), 0);
    assert_ptr_equal(entry->bytes, bytes);
    buf_unref(bytes);
    return entry;
}

static void assert_refused(const struct txn_header *header, union txn_record *record)
{
    struct txn_log_entry *refused = NULL;
    struct txn_log_entry *entry = txn_log_entry_new(header, record, NULL);
    assert_int_equal(decode(entry->bytes, &refused), -EPROTO);
    assert_null(refused);
    txn_log_entry_unref(entry);
}

/* The same entry, made anew of its parts. */
static struct txn_log_entry *made_again(const struct txn_log_entry *entry)
{
    union txn_record record = {0};
    if (entry->has_record)
        jute_copy(txn_record_of_type(entry->header.type), &record, &entry->record);
    return txn_log_entry_new(&entry->header, entry->has_record ? &record : NULL,
                             entry->has_digest ? &entry->digest : NULL);
}

static void assert_makes_the_same_bytes(const struct txn_log_entry *entry)
{
    struct txn_log_entry *again = made_again(entry);
    assert_int_equal(again->bytes->length, entry->bytes->length);
    assert_memory_equal(again->bytes->bytes, entry->bytes->bytes, entry->bytes->length);
    txn_log_entry_unref(again);
}

/* ---- what Java wrote ------------------------------------------------------------------------- */

static const char CREATE_SESSION[] =
    "0100000ece4a0000 00000000 0000000100000001 000001a204e22756 fffffff6 00000fa0 00000002"
    "0000000051c6d660";
static const char CREATE[] =
    "0100000ece4a0000 00000003 0000000100000002 000001a204e22772 00000001 00000002 2f74 00000000"
    "00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00 00000001 00000002"
    "00000001e4004153";
static const char ERROR[] =
    "0100000ece4a0000 00000008 0000000100000007 000001a204e2279d ffffffff ffffff9b";

static void a_create_session_of_java_is_read_and_made_to_the_byte(void **state)
{
    (void)state;
    struct txn_log_entry *entry = decode_hex(CREATE_SESSION);
    assert_true(entry->header.client_id == INT64_C(0x0100000ece4a0000));
    assert_int_equal(entry->header.cxid, 0);
    assert_true(entry->header.zxid == INT64_C(0x100000001));
    assert_true(entry->header.time_ms == INT64_C(0x1a204e22756));
    assert_int_equal(entry->header.type, OP_CODE_CREATE_SESSION);
    assert_int_equal(entry->record.create_session.time_out_ms, 4000);
    assert_true(entry->has_digest);
    assert_int_equal(entry->digest.version, 2);
    assert_true(entry->digest.tree_digest == 1371985504);
    assert_makes_the_same_bytes(entry);
    txn_log_entry_unref(entry);
}

static void a_create_of_java_is_read_and_made_to_the_byte(void **state)
{
    (void)state;
    struct txn_log_entry *entry = decode_hex(CREATE);
    const struct create_txn *create = &entry->record.create;
    assert_int_equal(entry->header.type, OP_CODE_CREATE);
    assert_string_equal(create->path.text, "/t");
    assert_int_equal(create->data->length, 0);
    assert_int_equal(create->acl.count, 1);
    assert_int_equal(create->acl.items[0].perms, PERMS_ALL);
    assert_string_equal(create->acl.items[0].id.scheme.text, "world");
    assert_false(create->ephemeral);
    assert_int_equal(create->parent_cversion, 1);
    assert_true(entry->has_digest);
    assert_makes_the_same_bytes(entry);
    txn_log_entry_unref(entry);
}

static void an_error_of_java_has_no_digest(void **state)
{
    (void)state;
    struct txn_log_entry *entry = decode_hex(ERROR);
    assert_int_equal(entry->header.type, OP_CODE_ERROR);
    assert_int_equal(entry->record.error.err, KEEPER_CODE_NONODE);
    assert_false(entry->has_digest);
    assert_makes_the_same_bytes(entry);
    txn_log_entry_unref(entry);
}

/* ---- old ones -------------------------------------------------------------------------------- */

static void a_create_from_before_3_3_lets_the_tree_count_the_parents_version(void **state)
{
    (void)state;
    struct txn_log_entry *entry = decode_hex(
        "0000000000000001 00000001 0000000000000002 0000000000000003 00000001 00000002 2f74"
        "00000001 61 ffffffff 01");
    assert_string_equal(entry->record.create.path.text, "/t");
    assert_true(entry->record.create.ephemeral);
    assert_false(entry->record.create.acl.present);
    assert_int_equal(entry->record.create.data->length, 1);
    assert_int_equal(entry->record.create.parent_cversion, -1);
    assert_false(entry->has_digest);
    txn_log_entry_unref(entry);
}

static void a_close_session_from_before_3_6_has_no_record(void **state)
{
    (void)state;
    struct txn_log_entry *entry =
        decode_hex("0000000000000001 00000001 0000000000000002 0000000000000003 fffffff5");
    assert_false(entry->has_record);
    assert_false(entry->has_digest);
    assert_makes_the_same_bytes(entry);
    txn_log_entry_unref(entry);
}

/* D-123: closeSessionTxn.enabled=false, with a digest. Its version looks like a list of two paths,
 * and its value like their lengths. */
static void a_close_session_without_record_keeps_its_digest(void **state)
{
    (void)state;
    static const char *const digests[] = {"0000000051c6d660", "8000000051c6d660",
                                          "0000000100000001"};
    for (size_t i = 0; i < 3; i++) {
        char hex[128];
        snprintf(hex, sizeof hex,
                 "0000000000000001 00000001 0000000000000002 0000000000000003 fffffff5 00000002 %s",
                 digests[i]);
        struct txn_log_entry *entry = decode_hex(hex);
        assert_false(entry->has_record);
        assert_true(entry->has_digest);
        assert_int_equal(entry->digest.version, 2);
        assert_makes_the_same_bytes(entry);
        txn_log_entry_unref(entry);
    }
}

static void without_digests_none_is_read(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct txn_log_entry *entry = NULL;
    struct buf *bytes = bytes_of_hex(CREATE);
    zk_settings_set(ctx, "zookeeper.digest.enabled", "false");
    assert_int_equal(txn_log_entry_decode(ctx, bytes, &entry), 0);
    assert_false(entry->has_digest);
    txn_log_entry_unref(entry);
    buf_unref(bytes);
    zk_context_free(ctx);
}

/* ---- multi ----------------------------------------------------------------------------------- */

static void add_operation(union txn_record *multi, int32_t type, struct buf *data)
{
    struct sub_txn *txn = jute_list_add(&sub_txn_record, &multi->multi.txns);
    txn->type = type;
    txn->data = data;
}

static void add_delete(union txn_record *multi, const char *path)
{
    struct delete_txn delete = {.path = ustring_of(path)};
    add_operation(multi, OP_CODE_DELETE, jute_to_buf(&delete_txn_record, &delete));
    jute_done(&delete_txn_record, &delete);
}

static void the_operations_of_a_multi_are_taken_apart(void **state)
{
    (void)state;
    struct txn_header header = {.zxid = 7, .type = OP_CODE_MULTI};
    union txn_record multi = {0};
    struct error_txn error = {.err = KEEPER_CODE_NOTEMPTY};
    add_delete(&multi, "/a");
    add_operation(&multi, OP_CODE_ERROR, jute_to_buf(&error_txn_record, &error));

    struct txn_log_entry *made = txn_log_entry_new(&header, &multi, NULL);
    struct txn_log_entry *read = NULL;
    assert_int_equal(decode(made->bytes, &read), 0);

    assert_int_equal(multi.multi.txns.count, 0); /* its content has moved */
    const struct txn_log_entry *both[] = {made, read};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(both[i]->record.multi.txns.count, 2);
        assert_true(both[i]->operations[0].readable);
        assert_string_equal(both[i]->operations[0].record.delete.path.text, "/a");
        assert_true(both[i]->operations[1].readable);
        assert_int_equal(both[i]->operations[1].record.error.err, KEEPER_CODE_NOTEMPTY);
    }
    txn_log_entry_unref(read);
    txn_log_entry_unref(made);
}

/* Java's applied multi, sent once more from its list of committed ones: an error with the data of
 * the delete that it was. */
static void an_error_in_a_multi_may_have_other_data(void **state)
{
    (void)state;
    struct txn_header header = {.zxid = 7, .type = OP_CODE_MULTI};
    union txn_record multi = {0};
    add_delete(&multi, "/a");
    multi.multi.txns.items[0].type = OP_CODE_ERROR;
    struct txn_log_entry *entry = txn_log_entry_new(&header, &multi, NULL);
    assert_true(entry->operations[0].readable);
    assert_int_equal(entry->operations[0].record.error.err, 2); /* the length of the path */
    txn_log_entry_unref(entry);
}

static void what_cannot_stand_in_a_multi_is_marked_and_not_refused(void **state)
{
    (void)state;
    struct txn_header header = {.zxid = 7, .type = OP_CODE_MULTI};
    union txn_record multi = {0};
    struct txn_log_entry *read = NULL;
    add_operation(&multi, OP_CODE_SET_ACL, buf_new(0));
    add_operation(&multi, OP_CODE_DELETE, buf_new(0));
    add_operation(&multi, OP_CODE_DELETE, NULL);
    add_delete(&multi, NULL);
    struct txn_log_entry *made = txn_log_entry_new(&header, &multi, NULL);
    assert_int_equal(decode(made->bytes, &read), 0);
    for (size_t i = 0; i < 4; i++)
        assert_false(read->operations[i].readable);
    txn_log_entry_unref(read);
    txn_log_entry_unref(made);
}

/* ---- what is no transaction ------------------------------------------------------------------ */

static void an_entry_that_is_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct buf *whole = bytes_of_hex(CREATE);
    for (size_t length = 0; length < whole->length; length++) {
        struct txn_log_entry *entry = NULL;
        struct buf *cut = buf_new_copy(whole->bytes, length);
        int r = decode(cut, &entry);
        bool is_v0 = length >= whole->length - 16 && length < whole->length - 12;
        bool is_without_digest = length >= whole->length - 12;
        assert_int_equal(r, is_v0 || is_without_digest ? 0 : -EPROTO);
        if (r == 0)
            assert_false(entry->has_digest);
        if (is_v0)
            assert_int_equal(entry->record.create.parent_cversion, -1);
        txn_log_entry_unref(entry);
        buf_unref(cut);
    }
    buf_unref(whole);
}

static void a_type_that_is_no_transaction_is_refused(void **state)
{
    (void)state;
    static const int32_t types[] = {
        OP_CODE_NOTIFICATION, OP_CODE_EXISTS, OP_CODE_CHECK, OP_CODE_SYNC, OP_CODE_AUTH, -12, 1000};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct txn_log_entry *entry = NULL;
        struct buf *bytes = bytes_of_hex(CREATE);
        zk_store_int(bytes->bytes + 28, types[i]);
        assert_int_equal(decode(bytes, &entry), -EPROTO);
        buf_unref(bytes);
    }
}

static void what_would_end_a_thread_of_java_is_refused(void **state)
{
    (void)state;
    struct txn_header header = {.zxid = 7, .type = OP_CODE_DELETE};
    union txn_record record = {0};
    assert_refused(&header, &record); /* a null path */

    record.delete.path = ustring_of("/a/b");
    record.delete.path.text[2] = '\0';
    assert_refused(&header, &record);

    header.type = OP_CODE_MULTI;
    assert_refused(&header, &record); /* a null list */

    header.type = OP_CODE_CREATE_TTL;
    static const int64_t ttls[] = {0, -1, INT64_C(1) << 40};
    for (size_t i = 0; i < 3; i++) {
        record.create_ttl.path = ustring_of("/a");
        record.create_ttl.ttl = ttls[i];
        assert_refused(&header, &record);
    }

    header.type = OP_CODE_CLOSE_SESSION;
    jute_list_add(&ustring_record, &record.close_session.paths2_delete);
    assert_refused(&header, &record);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void types_and_codes_have_javas_names(void **state)
{
    (void)state;
    assert_string_equal(op_code_name(OP_CODE_CREATE), "create");
    assert_string_equal(op_code_name(OP_CODE_CREATE_TTL), "createTtl");
    assert_string_equal(op_code_name(OP_CODE_CLOSE_SESSION), "closeSession");
    assert_string_equal(op_code_name(10), "unknown");
    assert_string_equal(keeper_code_name(KEEPER_CODE_OK), "OK");
    assert_string_equal(keeper_code_name(-101), "NONODE");
    assert_string_equal(keeper_code_name(-9), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_create_session_of_java_is_read_and_made_to_the_byte),
        cmocka_unit_test(a_create_of_java_is_read_and_made_to_the_byte),
        cmocka_unit_test(an_error_of_java_has_no_digest),
        cmocka_unit_test(a_create_from_before_3_3_lets_the_tree_count_the_parents_version),
        cmocka_unit_test(a_close_session_from_before_3_6_has_no_record),
        cmocka_unit_test(a_close_session_without_record_keeps_its_digest),
        cmocka_unit_test(without_digests_none_is_read),
        cmocka_unit_test(the_operations_of_a_multi_are_taken_apart),
        cmocka_unit_test(an_error_in_a_multi_may_have_other_data),
        cmocka_unit_test(what_cannot_stand_in_a_multi_is_marked_and_not_refused),
        cmocka_unit_test(an_entry_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(a_type_that_is_no_transaction_is_refused),
        cmocka_unit_test(what_would_end_a_thread_of_java_is_refused),
        cmocka_unit_test(types_and_codes_have_javas_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
