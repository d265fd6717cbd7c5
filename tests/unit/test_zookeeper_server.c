/* The server of one term. Java: ZooKeeperServerTest, ZooKeeperServerStartupTest */
#include "zk/server/zookeeper_server.h"

#include "zk/persistence/file_txn_snap_log.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk_test.h"

static const struct zookeeper_server_methods PARROT = {.state = "parrot"};

struct stage {
    struct zk_context *ctx;
    struct zk_database *database;
    struct server_metrics *metrics;
    struct zookeeper_server *server;
};

static int setup(void **state)
{
    static struct stage stage;
    stage.ctx = test_context();
    stage.database = zk_database_new(stage.ctx, NULL); /* it is never loaded or stored */
    stage.metrics = server_metrics_new(stage.ctx);
    stage.server = zookeeper_server_new(stage.ctx, &PARROT, NULL, stage.database, stage.metrics);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    zookeeper_server_unref(stage->server);
    zk_database_free(stage->database);
    server_metrics_free(stage->metrics);
    zk_context_free(stage->ctx);
    return 0;
}

static struct server_status status_of(struct stage *stage)
{
    struct server_status status = {0};
    zookeeper_server_fill_status(stage->server, &status);
    return status;
}

static void a_server_runs_between_startup_and_shutdown(void **state)
{
    struct stage *stage = *state;
    assert_false(test_server_runs(stage->server));
    zookeeper_server_startup(stage->server);
    assert_true(test_server_runs(stage->server));
    zookeeper_server_shutdown(stage->server);
    assert_false(test_server_runs(stage->server));
}

/* A term that is over must not serve again, in whatever order its threads come. */
static void a_server_that_was_shut_down_does_not_start(void **state)
{
    struct stage *stage = *state;
    zookeeper_server_shutdown(stage->server);
    zookeeper_server_startup(stage->server);
    assert_false(test_server_runs(stage->server));
    zookeeper_server_shutdown(stage->server);
}

static void it_tells_its_kind_its_uptime_and_what_the_database_holds(void **state)
{
    struct stage *stage = *state;
    struct server_status status = status_of(stage);
    assert_false(status.serving);
    assert_int_equal(status.uptime_ms, 0);
    assert_string_equal(status.server_state, "parrot");
    assert_int_equal(status.node_count, 5);

    zookeeper_server_startup(stage->server);

    status = status_of(stage);
    assert_true(status.serving);
    assert_in_range(status.uptime_ms, 0, TEST_PATIENCE_MS); /* not since the machine was started */
}

static void whoever_holds_a_reference_may_go_on_asking(void **state)
{
    struct stage *stage = *state;
    struct zookeeper_server *asked = zookeeper_server_ref(stage->server);
    zookeeper_server_startup(stage->server);
    zookeeper_server_shutdown(stage->server);
    zookeeper_server_unref(stage->server);
    stage->server =
        zookeeper_server_new(stage->ctx, &PARROT, NULL, stage->database, stage->metrics);

    assert_false(test_server_runs(asked));
    zookeeper_server_unref(asked);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_server_runs_between_startup_and_shutdown),
        STAGED(a_server_that_was_shut_down_does_not_start),
        STAGED(it_tells_its_kind_its_uptime_and_what_the_database_holds),
        STAGED(whoever_holds_a_reference_may_go_on_asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
