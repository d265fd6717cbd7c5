/* See cnx_stage.h. */
#include "cnx_stage.h"
#include "election/quorum_cnx_manager_internal.h"

#include <stdlib.h>

#include "zk/base/alloc.h"

struct cnx_stage *cnx_stage_new(const char *more_config)
{
    struct cnx_stage *stage = zk_xcalloc(1, sizeof *stage);
    test_ensemble_init(&stage->ensemble, "1 2 3");
    stage->peer = election_peer_new(&stage->ensemble, 2, more_config);
    stage->qcm = stage->peer->qcm;
    scripted_voter_init(&stage->one, &stage->ensemble, 1);
    scripted_voter_init(&stage->three, &stage->ensemble, 3);
    zk_atomic_long_init(&stage->socket_errors, 0);
    return stage;
}

/* A test may have ended a voter already. */
void cnx_stage_free(struct cnx_stage *stage)
{
    election_peer_free(stage->peer);
    if (stage->one.ctx != NULL)
        scripted_voter_done(&stage->one);
    if (stage->three.ctx != NULL)
        scripted_voter_done(&stage->three);
    free(stage);
}

static void count_error(void *arg)
{
    zk_atomic_long_add(arg, 1);
}

void cnx_stage_start_listener(struct cnx_stage *stage)
{
    assert_int_equal(qcm_start_listener(stage->qcm, count_error, &stage->socket_errors), 0);
}

static bool has_socket_error(void *arg)
{
    struct cnx_stage *stage = arg;
    return zk_atomic_long_get(&stage->socket_errors) > 0;
}

void cnx_stage_await_socket_error(struct cnx_stage *stage)
{
    test_await(has_socket_error, stage);
}

int cnx_stage_setup(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("");
    election_peer_listen(stage->peer);
    *state = stage;
    return 0;
}

int cnx_stage_teardown(void **state)
{
    cnx_stage_free(*state);
    return 0;
}

struct expected_workers {
    struct quorum_cnx_manager *qcm;
    size_t count;
};

static bool workers_are(void *arg)
{
    struct expected_workers *expected = arg;
    return qcm_get_thread_count(expected->qcm) == expected->count;
}

void test_await_workers(struct quorum_cnx_manager *qcm, size_t count)
{
    struct expected_workers expected = {qcm, count};
    test_await(workers_are, &expected);
}
