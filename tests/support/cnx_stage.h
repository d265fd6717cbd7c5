/* The stage of the connection manager's tests: peer 2 of {1, 2, 3}, of which only the manager runs,
 * and the other two played by the test. 1 is called back, 3 dials. The election does not run:
 * messages are any bytes. */
#ifndef TEST_CNX_STAGE_H
#define TEST_CNX_STAGE_H

#include "election_peer.h"
#include "zk/base/refcount.h"

struct cnx_stage {
    struct test_ensemble ensemble;
    struct election_peer *peer;
    struct quorum_cnx_manager *qcm; /* the peer's */
    struct scripted_voter one;
    struct scripted_voter three;
    struct zk_atomic_long socket_errors; /* how often the listener has said that it gives up */
};

/* Nothing runs yet. more_config: lines added to the peer's zoo.cfg. */
struct cnx_stage *cnx_stage_new(const char *more_config);
void cnx_stage_free(struct cnx_stage *stage);

/* The first starts the listener, which may not get its port; the second waits until it gives up. */
void cnx_stage_start_listener(struct cnx_stage *stage);
void cnx_stage_await_socket_error(struct cnx_stage *stage);

/* A test on a stage whose peer listens; *state is the stage. */
int cnx_stage_setup(void **state);
int cnx_stage_teardown(void **state);
#define CNX_STAGED(test) cmocka_unit_test_setup_teardown(test, cnx_stage_setup, cnx_stage_teardown)

/* Waits until so many workers, SendWorkers and RecvWorkers, are alive. */
void test_await_workers(struct quorum_cnx_manager *qcm, size_t count);

#endif
