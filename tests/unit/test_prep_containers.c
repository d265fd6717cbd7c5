/* What ContainerManager asks PrepRequestProcessor to delete. Java: CreateContainerTest */
#include <string.h>

#include "prep_stage.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/server/request.h"
#include "zk_test.h"

enum { SESSION = 0x300001 };
enum { PERSISTENT = 0, EPHEMERAL = 1, CONTAINER = 4, WITH_TTL = 5 };

static int setup(void **state)
{
    const char *const settings[] = {"zookeeper.extendedTypesEnabled", "true", NULL};
    struct prep_stage *stage = prep_stage_new(settings);
    assert_int_equal(prep_stage_open_session(stage, SESSION), 0);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    prep_stage_free(*state);
    return 0;
}

static int32_t create_container(struct prep_stage *stage, const char *path)
{
    struct create_request record = {
        .path = ustring_of(path), .acl = {.present = true}, .flags = CONTAINER};
    zk_acl_list_add(&record.acl, PERMS_ALL, "world", "anyone");
    int32_t err =
        prep_stage_ask(stage, SESSION, OP_CODE_CREATE_CONTAINER, &create_request_record, &record);
    jute_done(&create_request_record, &record);
    return err;
}

static int32_t create_ttl(struct prep_stage *stage, const char *path, int64_t ttl_ms)
{
    struct create_ttl_request record = {
        .path = ustring_of(path), .acl = {.present = true}, .flags = WITH_TTL, .ttl = ttl_ms};
    zk_acl_list_add(&record.acl, PERMS_ALL, "world", "anyone");
    int32_t err =
        prep_stage_ask(stage, SESSION, OP_CODE_CREATE_TTL, &create_ttl_request_record, &record);
    jute_done(&create_ttl_request_record, &record);
    return err;
}

/* As ContainerManager asks. Returns the error of the transaction, 0 if it deletes the node. */
static int32_t reap(struct prep_stage *stage, const char *path)
{
    const void *owner = stage->owner;
    stage->owner = NULL;
    prep_stage_submit(stage, 0, OP_CODE_DELETE_CONTAINER, buf_new_copy(path, strlen(path)));
    const struct txn_log_entry *txn = prep_stage_next(stage)->txn;
    stage->owner = owner;
    return txn->header.type == OP_CODE_DELETE_CONTAINER ? 0 : txn->record.error.err;
}

static void only_the_server_deletes_a_container(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(create_container(stage, "/c"), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/c/child", PERSISTENT), 0);
    assert_int_equal(prep_stage_create(stage, SESSION, "/e", EPHEMERAL), 0);
    prep_stage_submit(stage, SESSION, OP_CODE_DELETE_CONTAINER, buf_new_copy("/c", 2));
    assert_int_equal(prep_stage_next(stage)->txn->record.error.err, KEEPER_CODE_BADARGUMENTS);

    assert_int_equal(reap(stage, "/c"), KEEPER_CODE_NOTEMPTY);
    assert_int_equal(reap(stage, "/e"), KEEPER_CODE_BADVERSION);
    assert_int_equal(prep_stage_delete(stage, SESSION, "/c/child"), 0);
    assert_int_equal(reap(stage, "/c"), 0);
    prep_stage_apply(stage);
}

/* What ContainerManager has seen may be another node by the time its request is looked at. */
static void a_container_that_is_wanted_again_is_not_deleted(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(prep_stage_create(stage, SESSION, "/plain", PERSISTENT), 0);
    assert_int_equal(reap(stage, "/plain"), KEEPER_CODE_BADVERSION);
    assert_int_equal(create_container(stage, "/new"), 0);
    assert_int_equal(reap(stage, "/new"), KEEPER_CODE_BADVERSION);
    prep_stage_apply(stage);
}

static void a_ttl_that_was_begun_again_is_waited_for(void **state)
{
    struct prep_stage *stage = *state;
    assert_int_equal(create_ttl(stage, "/ttl", 1000000), 0);
    assert_int_equal(reap(stage, "/ttl"), KEEPER_CODE_BADVERSION);
    prep_stage_apply(stage);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(only_the_server_deletes_a_container),
        TEST(a_container_that_is_wanted_again_is_not_deleted),
        TEST(a_ttl_that_was_begun_again_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
