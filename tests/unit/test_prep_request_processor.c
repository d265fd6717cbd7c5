/* What becomes of requests that test_prep_golden cannot have: those that would ruin a Java
 * ensemble, those that are answered otherwise on purpose, and all that is cut off. Java:
 * PrepRequestProcessorTest, MultiOperationTest, CloseSessionTxnTest */
#include "prep_stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

enum { SESSION = 0x300001, OTHER_SESSION = 0x300002, NO_SESSION = 7 };
enum { PERSISTENT = 0, EPHEMERAL = 1, SEQUENTIAL = 2, CONTAINER = 4, WITH_TTL = 5 };

static int setup_with(void **state, const char *const *settings)
{
    struct prep_stage *stage = prep_stage_new(settings);
    assert_int_equal(prep_stage_open_session(stage, SESSION), 0);
    *state = stage;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, NULL);
}

static int setup_extended(void **state)
{
    const char *const settings[] = {"zookeeper.extendedTypesEnabled", "true", NULL};
    return setup_with(state, settings);
}

static int setup_without_digests(void **state)
{
    const char *const settings[] = {"zookeeper.digest.enabled", "false",
                                    "zookeeper.closeSessionTxn.enabled", "false", NULL};
    return setup_with(state, settings);
}

static int teardown(void **state)
{
    prep_stage_free(*state);
    return 0;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static struct zk_acl_list open_acl(void)
{
    struct zk_acl_list acl = {.present = true};
    zk_acl_list_add(&acl, PERMS_ALL, "world", "anyone");
    return acl;
}

/* Puts the bytes of a record behind what is in body. */
static void put_record(struct buf *body, const struct jute_record *table, void *record)
{
    struct buf *bytes = jute_to_buf(table, record);
    buf_put_bytes(body, bytes->bytes, bytes->length);
    buf_unref(bytes);
    jute_done(table, record);
}

static void put_op_header(struct buf *body, int32_t type)
{
    struct multi_header header = {.type = type, .done = type == -1, .err = -1};
    put_record(body, &multi_header_record, &header);
}

static void put_create(struct buf *body, const char *path, int32_t flags)
{
    struct create_request record = {.path = ustring_of(path), .acl = open_acl(), .flags = flags};
    put_op_header(body, OP_CODE_CREATE);
    put_record(body, &create_request_record, &record);
}

static void put_delete(struct buf *body, const char *path)
{
    struct delete_request record = {.path = ustring_of(path), .version = -1};
    put_op_header(body, OP_CODE_DELETE);
    put_record(body, &delete_request_record, &record);
}

static void put_check(struct buf *body, const char *path, int32_t version)
{
    struct check_version_request record = {.path = ustring_of(path), .version = version};
    put_op_header(body, OP_CODE_CHECK);
    put_record(body, &check_version_request_record, &record);
}

/* Ends the multi, submits it, and returns what it came to: an error, or 0. */
static int32_t ask_multi(struct prep_stage *stage, struct buf *body)
{
    put_op_header(body, -1);
    prep_stage_submit(stage, SESSION, OP_CODE_MULTI, body);
    const struct request *request = prep_stage_next(stage);
    return request->txn->header.type == OP_CODE_ERROR ? request->txn->record.error.err : 0;
}

/* The error of an operation of the multi that came out last; 0: it is not one. */
static int32_t error_of_op(struct prep_stage *stage, size_t index)
{
    const struct txn_log_entry *txn = prep_stage_txn(stage);
    assert_true(index < txn->record.multi.txns.count);
    const struct sub_txn *op = &txn->record.multi.txns.items[index];
    return op->type == OP_CODE_ERROR ? zk_load_int(op->data->bytes) : 0;
}

static int32_t create_ttl(struct prep_stage *stage, int32_t flags, int64_t ttl)
{
    struct create_ttl_request record = {
        .path = ustring_of("/ttl"), .acl = open_acl(), .flags = flags, .ttl = ttl};
    int32_t err =
        prep_stage_ask(stage, SESSION, OP_CODE_CREATE_TTL, &create_ttl_request_record, &record);
    jute_done(&create_ttl_request_record, &record);
    return err;
}

static int32_t create_of_type(struct prep_stage *stage, int32_t type, const char *path,
                              int32_t flags)
{
    struct create_request record = {.path = ustring_of(path), .acl = open_acl(), .flags = flags};
    int32_t err = prep_stage_ask(stage, SESSION, type, &create_request_record, &record);
    jute_done(&create_request_record, &record);
    return err;
}

static int32_t set_acl(struct prep_stage *stage, const char *path, int32_t perms)
{
    struct set_acl_request record = {.path = ustring_of(path), .version = -1};
    record.acl.present = true;
    zk_acl_list_add(&record.acl, perms, "world", "anyone");
    int32_t err = prep_stage_ask(stage, SESSION, OP_CODE_SET_ACL, &set_acl_request_record, &record);
    jute_done(&set_acl_request_record, &record);
    return err;
}

static int32_t close_session(struct prep_stage *stage, int64_t session)
{
    return prep_stage_ask(stage, session, OP_CODE_CLOSE_SESSION, NULL, NULL);
}

/* ---- zxids and headers ----------------------------------------------------------------------- */

static void every_write_gets_the_next_zxid_even_one_that_fails(void **state)
{
    struct prep_stage *stage = *state;
    int64_t before = zookeeper_server_get_zxid(stage->server);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
    const struct txn_log_entry *created = prep_stage_txn(stage);
    assert_int_equal(created->header.zxid, before + 1);
    assert_int_equal(created->header.client_id, SESSION);
    assert_int_equal(created->header.cxid, stage->cxid);
    assert_int_equal(created->header.type, OP_CODE_CREATE);
    assert_true(created->has_digest);

    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), KEEPER_CODE_NODEEXISTS);
    const struct txn_log_entry *failed = prep_stage_txn(stage);
    assert_int_equal(failed->header.zxid, before + 2);
    assert_int_equal(failed->header.type, OP_CODE_ERROR);
    assert_false(failed->has_digest);

    assert_int_equal(prep_stage_create(stage, SESSION, "/b", PERSISTENT), 0);
    assert_int_equal(prep_stage_txn(stage)->header.zxid, before + 3);
}

static void a_read_gets_no_transaction_and_no_zxid_of_its_own(void **state)
{
    struct prep_stage *stage = *state;
    int64_t zxid = zookeeper_server_get_zxid(stage->server);
    prep_stage_submit(stage, SESSION, OP_CODE_GET_DATA, NULL);
    const struct request *request = prep_stage_next(stage);
    assert_null(request->txn);
    assert_int_equal(request->zxid, zxid);
    assert_int_equal(request->exception, 0);
    assert_int_equal(zookeeper_server_get_zxid(stage->server), zxid);
}

static void a_read_of_a_session_that_has_gone_or_moved_is_marked(void **state)
{
    static const char somebody_else;
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_ask(stage, NO_SESSION, OP_CODE_SYNC, NULL, NULL),
                     KEEPER_CODE_SESSIONEXPIRED);
    stage->owner = &somebody_else;
    assert_int_equal(prep_stage_ask(stage, SESSION, OP_CODE_PING, NULL, NULL),
                     KEEPER_CODE_SESSIONMOVED);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), KEEPER_CODE_SESSIONMOVED);
}

static void a_type_that_nobody_defined_passes_without_a_transaction(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_ask(stage, SESSION, 999, NULL, NULL), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
}

/* ---- what would ruin Java -------------------------------------------------------------------- */

/* CLI-36 */
static void d_150_a_multi_with_a_null_path_is_an_error_transaction(void **state)
{
    struct prep_stage *stage = *state;
    struct buf *body = buf_new(0);
    put_create(body, "/a", PERSISTENT);
    put_delete(body, NULL);
    assert_int_equal(ask_multi(stage, body), KEEPER_CODE_MARSHALLINGERROR);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
}

static void d_150_a_reconfig_that_is_cut_is_an_error_transaction(void **state)
{
    struct prep_stage *stage = *state;
    prep_stage_submit(stage, SESSION, OP_CODE_RECONFIG, buf_new_copy("\0\0", 2));
    const struct request *request = prep_stage_next(stage);
    assert_int_equal(request->txn->header.type, OP_CODE_ERROR);
    assert_int_equal(request->txn->record.error.err, KEEPER_CODE_MARSHALLINGERROR);
}

static void d_151_a_ttl_is_refused_where_the_flags_ask_for_none(void **state)
{
    struct prep_stage *stage = *state;
    for (int32_t flags = PERSISTENT; flags <= CONTAINER; flags++) {
        assert_int_equal(create_ttl(stage, flags, -1), KEEPER_CODE_BADARGUMENTS);
        assert_int_equal(create_ttl(stage, flags, 1000), KEEPER_CODE_BADARGUMENTS);
    }
}

static void d_152_a_check_by_itself_is_an_error_transaction(void **state)
{
    struct prep_stage *stage = *state;
    struct check_version_request record = {.path = ustring_of("/"), .version = -1};
    assert_int_equal(
        prep_stage_ask(stage, SESSION, OP_CODE_CHECK, &check_version_request_record, &record),
        KEEPER_CODE_UNIMPLEMENTED);
    jute_done(&check_version_request_record, &record);
    assert_int_equal(prep_stage_txn(stage)->header.type, OP_CODE_ERROR);
}

/* prep_stage_apply compares the digests. */
static void d_153_the_digest_is_that_of_the_node_that_is_made(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(create_of_type(stage, OP_CODE_CREATE, "/plain", CONTAINER), 0);
    assert_int_equal(create_of_type(stage, OP_CODE_CREATE2, "/plain2", CONTAINER), 0);
    assert_int_equal(create_of_type(stage, OP_CODE_CREATE_CONTAINER, "/c0", PERSISTENT), 0);
    assert_int_equal(create_of_type(stage, OP_CODE_CREATE_CONTAINER, "/c1", EPHEMERAL), 0);
    assert_int_equal(create_of_type(stage, OP_CODE_CREATE_CONTAINER, "/c4", CONTAINER), 0);
    prep_stage_apply(stage);
    /* An ephemeral node could not have a child. */
    assert_int_equal(prep_stage_create(stage, SESSION, "/c1/child", PERSISTENT), 0);
    prep_stage_apply(stage);
}

static void d_154_the_root_is_one_node_under_both_its_names(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/", "x"), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/", "y"), 0);
    assert_int_equal(prep_stage_delete(stage, SESSION, "/a"), 0);
    prep_stage_apply(stage);
}

static void d_155_a_stats_node_takes_no_text_that_cannot_be_read(void **state)
{
    static const char stats[] = "/zookeeper/quota/a/zookeeper_stats";
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/zookeeper/quota/a", PERSISTENT), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, stats, PERSISTENT), 0);
    assert_int_equal(prep_stage_set_data(stage, SESSION, stats, "poison"),
                     KEEPER_CODE_BADARGUMENTS);
    assert_int_equal(prep_stage_set_data(stage, SESSION, stats, "count=x"),
                     KEEPER_CODE_BADARGUMENTS);
    assert_int_equal(prep_stage_set_data(stage, SESSION, stats, NULL), KEEPER_CODE_BADARGUMENTS);
    assert_int_equal(prep_stage_set_data(stage, SESSION, stats, "count=1,bytes=5"), 0);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/zookeeper/quota/a", "poison"), 0);
}

static void d_162_session_0_owns_no_ordinary_node(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
    assert_int_equal(close_session(stage, 0), 0);
    assert_int_equal(prep_stage_txn(stage)->record.close_session.paths2_delete.count, 0);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "x"), 0);
}

/* ---- quotas ---------------------------------------------------------------------------------- */

static int setup_quotas(void **state)
{
    const char *const settings[] = {"zookeeper.enforceQuota", "true", NULL};
    return setup_with(state, settings);
}

/* Puts a quota on /a, as zkCli does. */
static void set_quota(struct prep_stage *stage, const char *limits)
{
    struct create_request record = {.path = ustring_of("/zookeeper/quota/a/zookeeper_limits"),
                                    .acl = open_acl()};
    record.data = buf_new_copy(limits, strlen(limits));
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/zookeeper/quota/a", PERSISTENT), 0);
    assert_int_equal(
        prep_stage_ask(stage, SESSION, OP_CODE_CREATE, &create_request_record, &record), 0);
    assert_int_equal(
        prep_stage_create(stage, SESSION, "/zookeeper/quota/a/zookeeper_stats", PERSISTENT), 0);
    jute_done(&create_request_record, &record);
    prep_stage_apply(stage);
}

static void a_hard_limit_of_nodes_refuses_the_next_one(void **state)
{
    struct prep_stage *stage = *state;
    set_quota(stage, "count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=3");
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/1", PERSISTENT), 0);
    prep_stage_apply(stage);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/2", PERSISTENT), 0);
    /* What is outstanding does not count. */
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/3", PERSISTENT), 0);
    prep_stage_apply(stage);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/4", PERSISTENT),
                     KEEPER_CODE_QUOTAEXCEEDED);
    assert_int_equal(prep_stage_create(stage, SESSION, "/b", PERSISTENT), 0);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a/1", "much"), 0);
}

static void a_hard_limit_of_bytes_refuses_data(void **state)
{
    struct prep_stage *stage = *state;
    set_quota(stage, "count=-1,bytes=-1=;byteHardLimit=4;countHardLimit=-1");
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "12345"), KEEPER_CODE_QUOTAEXCEEDED);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "1234"), 0);
    prep_stage_apply(stage);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "4321"), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/1", PERSISTENT), 0);
}

static void a_soft_limit_refuses_nothing(void **state)
{
    struct prep_stage *stage = *state;
    set_quota(stage, "count=1,bytes=1");
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/1", PERSISTENT), 0);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "12345"), 0);
}

static void a_quota_that_cannot_be_read_is_an_error_of_the_request(void **state)
{
    struct prep_stage *stage = *state;
    set_quota(stage, "poison");
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/1", PERSISTENT),
                     KEEPER_CODE_MARSHALLINGERROR);
    assert_int_equal(prep_stage_create(stage, SESSION, "/b", PERSISTENT), 0);
}

static void a_quota_without_its_stats_enforces_nothing(void **state)
{
    struct prep_stage *stage = *state;
    set_quota(stage, "count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=0");
    assert_int_equal(prep_stage_delete(stage, SESSION, "/zookeeper/quota/a/zookeeper_stats"), 0);
    prep_stage_apply(stage);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/1", PERSISTENT), 0);
}

static void without_the_setting_no_quota_is_enforced(void **state)
{
    struct prep_stage *stage = *state;
    set_quota(stage, "count=-1,bytes=-1=;byteHardLimit=0;countHardLimit=0");
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/1", PERSISTENT), 0);
}

/* ---- what is outstanding --------------------------------------------------------------------- */

static void d_157_a_multi_that_fails_with_an_exception_leaves_nothing(void **state)
{
    struct prep_stage *stage = *state;
    struct buf *body = buf_new(0);
    put_create(body, "/a", PERSISTENT);
    put_create(body, "/b", WITH_TTL); /* for Java a ClassCastException */
    assert_int_equal(ask_multi(stage, body), KEEPER_CODE_MARSHALLINGERROR);
    assert_false(prep_stage_txn(stage)->has_digest);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/child", PERSISTENT), KEEPER_CODE_NONODE);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
    prep_stage_apply(stage);
}

static void a_multi_that_fails_is_taken_back_and_its_numbers_are_used_again(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/q", PERSISTENT), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/q/n-", SEQUENTIAL), 0);
    struct buf *body = buf_new(0);
    put_create(body, "/q/n-", SEQUENTIAL);
    put_create(body, "/q/n-", SEQUENTIAL);
    put_check(body, "/q", 99);
    put_delete(body, "/q");
    assert_int_equal(ask_multi(stage, body), 0);
    assert_int_equal(error_of_op(stage, 0), 0);
    assert_int_equal(error_of_op(stage, 1), 0);
    assert_int_equal(error_of_op(stage, 2), KEEPER_CODE_BADVERSION);
    assert_int_equal(error_of_op(stage, 3), KEEPER_CODE_RUNTIMEINCONSISTENCY);

    assert_int_equal(prep_stage_create(stage, SESSION, "/q/n-", SEQUENTIAL), 0);
    assert_string_equal(prep_stage_txn(stage)->record.create.path.text, "/q/n-0000000001");
    prep_stage_apply(stage);
}

/* A name that is made by the way, too: Java forgets that it was deleted (D-157). */
static void d_157_a_sequential_name_that_was_deleted_stays_deleted(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/q", PERSISTENT), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/q/n-0000000002", PERSISTENT), 0);
    prep_stage_apply(stage);
    assert_int_equal(prep_stage_create(stage, SESSION, "/q/x", PERSISTENT), 0);
    assert_int_equal(prep_stage_delete(stage, SESSION, "/q/n-0000000002"), 0);
    struct buf *body = buf_new(0);
    put_create(body, "/q/n-", SEQUENTIAL); /* n-0000000002 */
    put_check(body, "/q", 99);
    assert_int_equal(ask_multi(stage, body), 0);
    assert_int_equal(error_of_op(stage, 1), KEEPER_CODE_BADVERSION);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/q/n-0000000002", "x"),
                     KEEPER_CODE_NONODE);
    prep_stage_apply(stage);
}

static void operations_of_a_multi_see_those_before_them(void **state)
{
    struct prep_stage *stage = *state;
    struct buf *body = buf_new(0);
    put_create(body, "/p", PERSISTENT);
    put_create(body, "/p/c", PERSISTENT);
    put_check(body, "/p/c", 0);
    put_delete(body, "/p/c");
    put_create(body, "/p/c", EPHEMERAL);
    assert_int_equal(ask_multi(stage, body), 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(error_of_op(stage, i), 0);
    prep_stage_apply(stage);
}

/* What may be done with /a and /a/child when everybody has all permissions on /a but one. */
static void each_change_needs_its_own_permission(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/child", PERSISTENT), 0);

    assert_int_equal(set_acl(stage, "/a", PERMS_ALL & ~PERMS_CREATE), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/b", PERSISTENT), KEEPER_CODE_NOAUTH);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "x"), 0);
    assert_int_equal(set_acl(stage, "/a", PERMS_ALL & ~PERMS_DELETE), 0);
    assert_int_equal(prep_stage_delete(stage, SESSION, "/a/child"), KEEPER_CODE_NOAUTH);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a/b", PERSISTENT), 0);
    assert_int_equal(set_acl(stage, "/a", PERMS_ALL & ~PERMS_WRITE), 0);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "x"), KEEPER_CODE_NOAUTH);
    assert_int_equal(prep_stage_delete(stage, SESSION, "/a/child"), 0);
    assert_int_equal(set_acl(stage, "/a", PERMS_ALL & ~PERMS_READ), 0);
    struct buf *body = buf_new(0);
    put_check(body, "/a", -1);
    assert_int_equal(ask_multi(stage, body), 0);
    assert_int_equal(error_of_op(stage, 0), KEEPER_CODE_NOAUTH);
    assert_int_equal(set_acl(stage, "/a", PERMS_ALL & ~PERMS_ADMIN), 0);
    assert_int_equal(set_acl(stage, "/a", PERMS_ALL), KEEPER_CODE_NOAUTH);
    prep_stage_apply(stage);
}

static void d_160_a_new_acl_counts_at_once(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
    assert_int_equal(set_acl(stage, "/a", PERMS_READ), 0);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "x"), KEEPER_CODE_NOAUTH);
    prep_stage_apply(stage);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/a", "x"), KEEPER_CODE_NOAUTH);
}

static void one_digest_follows_the_other_while_all_are_outstanding(void **state)
{
    struct prep_stage *stage = *state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(prep_stage_create(stage, SESSION, "/n-", SEQUENTIAL), 0);
        assert_int_equal(prep_stage_set_data(stage, SESSION, "/n-0000000000", i % 2 ? "x" : "yy"),
                         0);
        assert_int_equal(prep_stage_create(stage, SESSION, "/n-0000000000", PERSISTENT),
                         KEEPER_CODE_NODEEXISTS);
    }
    prep_stage_apply(stage);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void a_session_that_closes_takes_its_nodes_with_it(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_open_session(stage, OTHER_SESSION), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/stays", EPHEMERAL), 0);
    assert_int_equal(prep_stage_create(stage, OTHER_SESSION, "/applied", EPHEMERAL), 0);
    assert_int_equal(prep_stage_create(stage, OTHER_SESSION, "/deleted", EPHEMERAL), 0);
    prep_stage_apply(stage);
    assert_int_equal(prep_stage_create(stage, OTHER_SESSION, "/outstanding", EPHEMERAL), 0);
    assert_int_equal(prep_stage_create(stage, OTHER_SESSION, "/gone", EPHEMERAL), 0);
    assert_int_equal(prep_stage_delete(stage, SESSION, "/gone"), 0);
    assert_int_equal(prep_stage_delete(stage, SESSION, "/deleted"), 0);

    assert_int_equal(close_session(stage, OTHER_SESSION), 0);

    const struct ustring_list *paths = &prep_stage_txn(stage)->record.close_session.paths2_delete;
    assert_int_equal(paths->count, 2);
    for (size_t i = 0; i < paths->count; i++)
        assert_true(strcmp(paths->items[i].text, "/applied") == 0 ||
                    strcmp(paths->items[i].text, "/outstanding") == 0);
    assert_int_equal(prep_stage_create(stage, OTHER_SESSION, "/late", PERSISTENT),
                     KEEPER_CODE_SESSIONEXPIRED);
    assert_int_equal(prep_stage_set_data(stage, SESSION, "/applied", "x"), KEEPER_CODE_NONODE);
    prep_stage_apply(stage);
}

static void d_161_a_parent_can_be_deleted_behind_its_ephemeral_children(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_open_session(stage, OTHER_SESSION), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/p", PERSISTENT), 0);
    assert_int_equal(prep_stage_create(stage, OTHER_SESSION, "/p/e", EPHEMERAL), 0);
    assert_int_equal(prep_stage_delete(stage, SESSION, "/p"), KEEPER_CODE_NOTEMPTY);
    assert_int_equal(close_session(stage, OTHER_SESSION), 0);
    assert_int_equal(prep_stage_delete(stage, SESSION, "/p"), 0);
    prep_stage_apply(stage);
}

/* A session may own more nodes than a list can be searched for. */
static void a_session_of_thousands_of_nodes_closes(void **state)
{
    enum { NODES = 3000 };
    struct prep_stage *stage = *state;
    for (int i = 0; i < NODES; i++) {
        assert_int_equal(prep_stage_create(stage, SESSION, "/e-", SEQUENTIAL | EPHEMERAL), 0);
        if (i == NODES / 2)
            prep_stage_apply(stage);
    }
    assert_int_equal(close_session(stage, SESSION), 0);
    assert_int_equal(prep_stage_txn(stage)->record.close_session.paths2_delete.count, NODES);
    prep_stage_apply(stage);
    struct data_tree *tree = zk_database_get_data_tree(stage->database);
    assert_int_equal(data_tree_get_ephemerals_count(tree), 0);
    data_tree_unref(tree);
}

static void without_the_feature_a_close_session_has_no_list_and_no_digest(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/e", EPHEMERAL), 0);
    assert_false(prep_stage_txn(stage)->has_digest);
    prep_stage_apply(stage);
    assert_int_equal(close_session(stage, SESSION), 0);
    assert_false(prep_stage_txn(stage)->has_record);
    assert_false(prep_stage_txn(stage)->has_digest);
    assert_int_equal(prep_stage_txn(stage)->bytes->length, 32);
}

/* ---- kinds of nodes -------------------------------------------------------------------------- */

static void a_ttl_needs_the_setting_and_has_limits(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(create_ttl(stage, WITH_TTL, 0), KEEPER_CODE_BADARGUMENTS);
    assert_int_equal(create_ttl(stage, WITH_TTL, INT64_C(1) << 40), KEEPER_CODE_BADARGUMENTS);
    assert_int_equal(create_ttl(stage, WITH_TTL, (INT64_C(1) << 40) - 1), 0);
    prep_stage_apply(stage);
}

static void without_the_setting_a_ttl_is_not_implemented(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(create_ttl(stage, WITH_TTL, 1000), KEEPER_CODE_UNIMPLEMENTED);
    assert_int_equal(create_ttl(stage, WITH_TTL, 0), KEEPER_CODE_UNIMPLEMENTED);
}

/* ---- bad input ------------------------------------------------------------------------------- */

/* Whatever is cut off ends as an error, and the next request is served. */
static void assert_cut_bodies_fail(struct prep_stage *stage, int32_t type, struct buf *whole)
{
    for (size_t length = 0; length < whole->length; length++) {
        prep_stage_submit(stage, SESSION, type, buf_new_copy(whole->bytes, length));
        const struct request *request = prep_stage_next(stage);
        assert_int_equal(request->txn->header.type, OP_CODE_ERROR);
        assert_int_equal(request->txn->record.error.err, KEEPER_CODE_MARSHALLINGERROR);
    }
    prep_stage_submit(stage, SESSION, type, NULL);
    assert_int_equal(prep_stage_next(stage)->txn->record.error.err, KEEPER_CODE_MARSHALLINGERROR);
    buf_unref(whole);
}

static void a_body_that_is_cut_anywhere_is_an_error(void **state)
{
    struct prep_stage *stage = *state;
    struct create_request create = {.path = ustring_of("/a"), .acl = open_acl()};
    struct buf *body = buf_new(0);
    put_create(body, "/a", PERSISTENT);
    put_check(body, "/a", 0);
    put_op_header(body, -1);
    assert_cut_bodies_fail(stage, OP_CODE_MULTI, body);
    assert_cut_bodies_fail(stage, OP_CODE_CREATE, jute_to_buf(&create_request_record, &create));
    assert_cut_bodies_fail(stage, OP_CODE_CREATE_SESSION, buf_new_copy("\0\0\1\0", 4));
    jute_done(&create_request_record, &create);
    struct set_acl_request set = {.path = ustring_of("/a"), .acl = open_acl()};
    assert_cut_bodies_fail(stage, OP_CODE_SET_ACL, jute_to_buf(&set_acl_request_record, &set));
    jute_done(&set_acl_request_record, &set);
    assert_int_equal(prep_stage_create(stage, SESSION, "/a", PERSISTENT), 0);
}

static void a_count_or_a_length_that_cannot_be_takes_no_memory(void **state)
{
    struct prep_stage *stage = *state;
    struct buf *body = buf_new(0);
    buf_put_int(body, 2);
    buf_put_bytes(body, "/a", 2);
    buf_put_int(body, -1);
    buf_put_int(body, INT32_MAX); /* entries of the ACL */
    prep_stage_submit(stage, SESSION, OP_CODE_CREATE, body);
    assert_int_equal(prep_stage_next(stage)->txn->record.error.err, KEEPER_CODE_MARSHALLINGERROR);

    body = buf_new(0);
    buf_put_int(body, INT32_MAX); /* bytes of the path */
    buf_put_bytes(body, "/a", 2);
    prep_stage_submit(stage, SESSION, OP_CODE_DELETE, body);
    assert_int_equal(prep_stage_next(stage)->txn->record.error.err, KEEPER_CODE_MARSHALLINGERROR);
}

static void a_multi_of_operations_that_it_may_not_have_is_an_error(void **state)
{
    static const int32_t types[] = {OP_CODE_SET_ACL, OP_CODE_EXISTS, OP_CODE_CLOSE_SESSION,
                                    OP_CODE_MULTI,   OP_CODE_ERROR,  999};
    struct prep_stage *stage = *state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct buf *body = buf_new(0);
        put_create(body, "/a", PERSISTENT);
        struct multi_header header = {.type = types[i], .err = -1};
        put_record(body, &multi_header_record, &header);
        assert_int_equal(ask_multi(stage, body), KEEPER_CODE_MARSHALLINGERROR);
    }
    struct buf *body = buf_new(0);
    struct get_data_request read = {.path = ustring_of("/")};
    put_op_header(body, OP_CODE_GET_DATA);
    put_record(body, &get_data_request_record, &read);
    assert_int_equal(ask_multi(stage, body), KEEPER_CODE_MARSHALLINGERROR);
    assert_int_equal(ask_multi(stage, buf_new(0)), 0); /* an empty one is fine */
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void requests_come_out_in_the_order_in_which_they_went_in(void **state)
{
    enum { REQUESTS = 2000 };
    struct prep_stage *stage = *state;
    int32_t first = stage->cxid + 1;
    for (int i = 0; i < REQUESTS; i++)
        prep_stage_submit(stage, SESSION, i % 3 ? OP_CODE_PING : OP_CODE_MULTI, NULL);
    for (int i = 0; i < REQUESTS; i++)
        assert_int_equal(prep_stage_next(stage)->cxid, first + i);
}

/* Its thread may sleep until the wake. */
static void a_request_is_counted_when_it_is_queued(void **state)
{
    const enum server_metrics_counter queued = SERVER_METRICS_PREP_PROCESSOR_REQUEST_QUEUED;
    struct prep_stage *stage = *state;
    struct request *request = request_new(NULL, SESSION, 1, OP_CODE_PING, NULL, NULL);
    int64_t before = server_metrics_get(stage->metrics).counters[queued];
    for (int i = 0; i < 3; i++)
        assert_int_equal(request_processor_hand_over(stage->prep, request), 0);

    assert_int_equal(server_metrics_get(stage->metrics).counters[queued], before + 3);

    request_processor_wake(stage->prep);
    for (int i = 0; i < 3; i++)
        (void)prep_stage_next(stage);
    request_unref(request);
}

static bool server_runs_after(struct prep_stage *stage, int next_fails)
{
    assert_int_equal(zookeeper_server_startup(stage->server), 0);
    assert_true(zookeeper_server_is_running(stage->server));
    zk_atomic_long_set(&stage->next_fails, next_fails);
    prep_stage_submit(stage, SESSION, OP_CODE_PING, NULL);
    (void)prep_stage_next(stage);
    request_processor_shutdown(stage->prep); /* joins the thread, which has said so by then */
    return zookeeper_server_is_running(stage->server);
}

/* The epoch has no zxid left: nothing is prepared behind the request that would need one. */
static void an_error_of_the_next_processor_ends_the_server(void **state)
{
    assert_false(server_runs_after(*state, -EOVERFLOW));
}

static void a_leader_that_steps_down_is_no_error(void **state) /* and ends the server itself */
{
    assert_true(server_runs_after(*state, -ECANCELED));
}

static void a_request_behind_the_shutdown_is_dropped(void **state)
{
    struct prep_stage *stage = *state;
    request_processor_shutdown(stage->prep);
    prep_stage_submit(stage, SESSION, OP_CODE_PING, NULL);
}

#define TEST(name)   cmocka_unit_test_setup_teardown(name, setup, teardown)
#define QUOTAS(name) cmocka_unit_test_setup_teardown(name, setup_quotas, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_write_gets_the_next_zxid_even_one_that_fails),
        TEST(a_read_gets_no_transaction_and_no_zxid_of_its_own),
        TEST(a_read_of_a_session_that_has_gone_or_moved_is_marked),
        TEST(a_type_that_nobody_defined_passes_without_a_transaction),
        TEST(d_150_a_multi_with_a_null_path_is_an_error_transaction),
        TEST(d_150_a_reconfig_that_is_cut_is_an_error_transaction),
        cmocka_unit_test_setup_teardown(d_151_a_ttl_is_refused_where_the_flags_ask_for_none,
                                        setup_extended, teardown),
        TEST(d_152_a_check_by_itself_is_an_error_transaction),
        TEST(d_153_the_digest_is_that_of_the_node_that_is_made),
        TEST(d_154_the_root_is_one_node_under_both_its_names),
        TEST(d_155_a_stats_node_takes_no_text_that_cannot_be_read),
        TEST(d_162_session_0_owns_no_ordinary_node),
        QUOTAS(a_hard_limit_of_nodes_refuses_the_next_one),
        QUOTAS(a_hard_limit_of_bytes_refuses_data),
        QUOTAS(a_soft_limit_refuses_nothing),
        QUOTAS(a_quota_that_cannot_be_read_is_an_error_of_the_request),
        QUOTAS(a_quota_without_its_stats_enforces_nothing),
        TEST(without_the_setting_no_quota_is_enforced),
        TEST(d_157_a_multi_that_fails_with_an_exception_leaves_nothing),
        TEST(a_multi_that_fails_is_taken_back_and_its_numbers_are_used_again),
        TEST(d_157_a_sequential_name_that_was_deleted_stays_deleted),
        TEST(operations_of_a_multi_see_those_before_them),
        TEST(each_change_needs_its_own_permission),
        TEST(d_160_a_new_acl_counts_at_once),
        TEST(one_digest_follows_the_other_while_all_are_outstanding),
        TEST(a_session_that_closes_takes_its_nodes_with_it),
        TEST(d_161_a_parent_can_be_deleted_behind_its_ephemeral_children),
        TEST(a_session_of_thousands_of_nodes_closes),
        cmocka_unit_test_setup_teardown(
            without_the_feature_a_close_session_has_no_list_and_no_digest, setup_without_digests,
            teardown),
        cmocka_unit_test_setup_teardown(a_ttl_needs_the_setting_and_has_limits, setup_extended,
                                        teardown),
        TEST(without_the_setting_a_ttl_is_not_implemented),
        TEST(a_body_that_is_cut_anywhere_is_an_error),
        TEST(a_count_or_a_length_that_cannot_be_takes_no_memory),
        TEST(a_multi_of_operations_that_it_may_not_have_is_an_error),
        TEST(requests_come_out_in_the_order_in_which_they_went_in),
        TEST(a_request_is_counted_when_it_is_queued),
        TEST(an_error_of_the_next_processor_ends_the_server),
        TEST(a_leader_that_steps_down_is_no_error),
        TEST(a_request_behind_the_shutdown_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
