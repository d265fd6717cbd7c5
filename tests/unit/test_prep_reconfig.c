/* A client asks to change the members of the ensemble, which is not built (D-159): until then it is
 * answered as Java's leader does. Java: ReconfigExceptionTest */
#include "prep_stage.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk_test.h"

enum { SESSION = 0x300001 };

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

static int setup_reconfig_by_property(void **state)
{
    const char *const settings[] = {"zookeeper.reconfigEnabled", "true", NULL};
    return setup_with(state, settings);
}

static int setup_reconfig(void **state)
{
    const char *const settings[] = {"reconfigEnabled", "true", NULL};
    return setup_with(state, settings);
}

static int setup_reconfig_for_all(void **state)
{
    const char *const settings[] = {"reconfigEnabled", "true", "zookeeper.skipACL", "yes", NULL};
    return setup_with(state, settings);
}

static int teardown(void **state)
{
    prep_stage_free(*state);
    return 0;
}

static int32_t reconfig(struct prep_stage *stage, int64_t version)
{
    struct reconfig_request record = {.leaving_servers = ustring_of("2"), .cur_config_id = version};
    int32_t err =
        prep_stage_ask(stage, SESSION, OP_CODE_RECONFIG, &reconfig_request_record, &record);
    jute_done(&reconfig_request_record, &record);
    return err;
}

static void reconfig_is_disabled(void **state)
{
    assert_int_equal(reconfig(*state, -1), KEEPER_CODE_RECONFIGDISABLED);
}

static void reconfig_needs_the_version_that_was_seen_last(void **state)
{
    assert_int_equal(reconfig(*state, PREP_STAGE_CONFIG - 1), KEEPER_CODE_BADVERSION);
    assert_int_equal(reconfig(*state, 0), KEEPER_CODE_BADVERSION);
}

static void reconfig_needs_the_right_to_write_the_configuration(void **state)
{
    assert_int_equal(reconfig(*state, -1), KEEPER_CODE_NOAUTH);
    assert_int_equal(reconfig(*state, PREP_STAGE_CONFIG), KEEPER_CODE_NOAUTH);
}

static void d_159_reconfig_is_not_implemented_where_it_would_be_allowed(void **state)
{
    assert_int_equal(reconfig(*state, -1), KEEPER_CODE_UNIMPLEMENTED);
    assert_int_equal(reconfig(*state, PREP_STAGE_CONFIG), KEEPER_CODE_UNIMPLEMENTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reconfig_is_disabled, setup, teardown),
        {"the property of that name does not enable it, as in Java", reconfig_is_disabled,
         setup_reconfig_by_property, teardown, NULL},
        cmocka_unit_test_setup_teardown(reconfig_needs_the_version_that_was_seen_last,
                                        setup_reconfig, teardown),
        cmocka_unit_test_setup_teardown(reconfig_needs_the_right_to_write_the_configuration,
                                        setup_reconfig, teardown),
        cmocka_unit_test_setup_teardown(d_159_reconfig_is_not_implemented_where_it_would_be_allowed,
                                        setup_reconfig_for_all, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
