/* No transaction is longer than what a file or a packet may hold: one that is would end every
 * connection that it is sent over, and the log that has it could not be read again (D-163).
 * Java: CloseSessionTxnTest */
#include <stdio.h>
#include <string.h>

#include "prep_stage.h"
#include "zk/jute/archive.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/server/request.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

enum { SESSION = 0x300001, OTHER_SESSION = 0x300002 };
enum { PERSISTENT = 0, EPHEMERAL = 1 };

/* What the settings below come to; and what a transaction that closes a session has besides its
 * paths: the header, the number of paths, and the digest. */
enum { LIMIT = 4000 + 1024, CLOSE_BYTES = 32 + 4 + 12 };

static int setup(void **state)
{
    const char *const settings[] = {"jute.maxbuffer", "4000", "zookeeper.jute.maxbuffer.extrasize",
                                    "1024", NULL};
    struct prep_stage *stage = prep_stage_new(settings);
    assert_int_equal(prep_stage_open_session(stage, SESSION), 0);
    assert_int_equal(prep_stage_open_session(stage, OTHER_SESSION), 0);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    prep_stage_free(*state);
    return 0;
}

/* What came out last could be sent, logged, and read again. */
static const struct txn_log_entry *readable_txn(struct prep_stage *stage)
{
    const struct txn_log_entry *txn = prep_stage_txn(stage);
    struct txn_log_entry *again = NULL;
    assert_true(txn->bytes->length <= LIMIT);
    assert_int_equal(txn_log_entry_decode(stage->ctx, txn->bytes, &again), 0);
    assert_int_equal(again->has_record, txn->has_record);
    assert_int_equal(again->has_digest, txn->has_digest);
    txn_log_entry_unref(again);
    return txn;
}

/* Makes ephemeral nodes whose paths take so many bytes in the transaction that ends the session. */
static void create_ephemerals(struct prep_stage *stage, size_t bytes)
{
    enum { LENGTH = 96, PATH = 4 + LENGTH };
    char path[2 * LENGTH + 1];
    for (size_t number = 1; bytes > 0; number++) {
        size_t length = bytes >= 2 * PATH ? LENGTH : bytes - 4;
        snprintf(path, sizeof path, "/%0*zu", (int)length - 1, number);
        assert_int_equal(prep_stage_create(stage, SESSION, path, EPHEMERAL), 0);
        bytes -= 4 + length;
    }
}

static size_t node_count(struct prep_stage *stage)
{
    struct data_tree *tree = zk_database_get_data_tree(stage->database);
    size_t count = data_tree_get_node_count(tree);
    data_tree_unref(tree);
    return count;
}

static void close_session(struct prep_stage *stage)
{
    assert_int_equal(prep_stage_ask(stage, SESSION, OP_CODE_CLOSE_SESSION, NULL, NULL), 0);
    assert_int_equal(prep_stage_txn(stage)->header.type, OP_CODE_CLOSE_SESSION);
}

static void a_list_that_just_fits_goes_with_the_end_of_its_session(void **state)
{
    struct prep_stage *stage = *state;
    size_t before = node_count(stage);
    create_ephemerals(stage, LIMIT - CLOSE_BYTES);
    close_session(stage);
    const struct txn_log_entry *txn = readable_txn(stage);
    assert_int_equal(txn->bytes->length, LIMIT);
    assert_true(txn->has_record && txn->has_digest);
    prep_stage_apply(stage);
    assert_int_equal(node_count(stage), before);
}

/* ZOOKEEPER-4306. Every server deletes what its tree has of the session. */
static void a_session_with_more_nodes_than_fit_ends_without_a_list(void **state)
{
    struct prep_stage *stage = *state;
    size_t before = node_count(stage);
    create_ephemerals(stage, LIMIT - CLOSE_BYTES + 1);
    close_session(stage);
    const struct txn_log_entry *txn = readable_txn(stage);
    /* Without a digest, too: where a list is expected, Java would take it for the list. */
    assert_false(txn->has_record || txn->has_digest);
    /* What comes behind it knows that the nodes are gone; and its digest is the tree's. */
    assert_int_equal(prep_stage_create(stage, OTHER_SESSION, "/next", PERSISTENT), 0);
    assert_true(readable_txn(stage)->has_digest);
    prep_stage_apply(stage);
    assert_int_equal(node_count(stage), before + 1);
}

/* ---- ACLs that become longer ----------------------------------------------------------------- */

/* The client has proved so many ids; each takes 4 + 4 + 6 + 4 + 22 bytes in a list. */
enum { ID_BYTES = 40 };

static void prove_ids(struct prep_stage *stage, size_t count)
{
    char text[48];
    for (size_t i = 0; i < count; i++) {
        struct zk_id *id = jute_list_add(&zk_id_record, &stage->auth);
        snprintf(text, sizeof text, "user%05zu:0123456789ab", i);
        id->scheme = ustring_of("digest");
        id->id = ustring_of(text);
    }
}

static struct zk_acl_list acl_of_auth(void)
{
    struct zk_acl_list acl = {.present = true};
    zk_acl_list_add(&acl, PERMS_ALL, "auth", "");
    return acl;
}

static int32_t set_acl(struct prep_stage *stage, const char *path)
{
    struct set_acl_request record = {.path = ustring_of(path), .acl = acl_of_auth(), .version = -1};
    int32_t err = prep_stage_ask(stage, SESSION, OP_CODE_SET_ACL, &set_acl_request_record, &record);
    jute_done(&set_acl_request_record, &record);
    return err;
}

static void an_acl_that_becomes_too_long_is_invalid(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
    prove_ids(stage, LIMIT / ID_BYTES + 1);
    assert_int_equal(set_acl(stage, "/a"), KEEPER_CODE_INVALIDACL);
    readable_txn(stage);
    /* Nothing is left of it: the next one prepared finds the node as it was. */
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "x"), 0);
    prep_stage_apply(stage);
}

/* The list fits, and what stands around it does not. */
static void a_transaction_that_becomes_too_long_is_refused(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
    prove_ids(stage, LIMIT / ID_BYTES);
    assert_int_equal(set_acl(stage, "/a"), KEEPER_CODE_INVALIDACL);
    readable_txn(stage);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "x"), 0);
    prep_stage_apply(stage);
}

/* Each operation fits, all together do not. */
static void a_multi_that_becomes_too_long_is_refused(void **state)
{
    struct prep_stage *stage = *state;
    struct buf *body = buf_new(0);
    prove_ids(stage, LIMIT / ID_BYTES / 2);
    for (int i = 0; i <= 3; i++) {
        char path[8];
        snprintf(path, sizeof path, "/m%d", i);
        struct multi_header header = {
            .type = i < 3 ? OP_CODE_CREATE : -1, .done = i == 3, .err = -1};
        struct create_request record = {.path = ustring_of(path), .acl = acl_of_auth()};
        struct buf *head = jute_to_buf(&multi_header_record, &header);
        struct buf *op = jute_to_buf(&create_request_record, &record);
        buf_put_bytes(body, head->bytes, head->length);
        if (i < 3)
            buf_put_bytes(body, op->bytes, op->length);
        buf_unref(head);
        buf_unref(op);
        jute_done(&create_request_record, &record);
    }
    prep_stage_submit(stage, SESSION, OP_CODE_MULTI, body);
    const struct txn_log_entry *txn = prep_stage_next(stage)->txn;
    assert_int_equal(txn->header.type, OP_CODE_ERROR);
    assert_int_equal(txn->record.error.err, KEEPER_CODE_INVALIDACL);
    assert_int_equal(prep_stage_create(stage, SESSION, "/m0", PERSISTENT), 0);
    prep_stage_apply(stage);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_list_that_just_fits_goes_with_the_end_of_its_session),
        TEST(a_session_with_more_nodes_than_fit_ends_without_a_list),
        TEST(an_acl_that_becomes_too_long_is_invalid),
        TEST(a_transaction_that_becomes_too_long_is_refused),
        TEST(a_multi_that_becomes_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
