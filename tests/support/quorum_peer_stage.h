/* The stage of the quorum peer's tests: peer 2 of {1, 2, 3} with an empty history. Nothing of it
 * runs: the test calls it. */
#ifndef TEST_QUORUM_PEER_STAGE_H
#define TEST_QUORUM_PEER_STAGE_H

#include "election_peer.h"

struct quorum_peer_stage {
    struct test_ensemble ensemble;
    struct election_peer *peer;
    struct quorum_peer *self; /* the peer's */
};

/* A test on this stage; *state is the stage. */
int quorum_peer_stage_setup(void **state);
int quorum_peer_stage_teardown(void **state);
#define QUORUM_PEER_STAGED(test)                                                                   \
    cmocka_unit_test_setup_teardown(test, quorum_peer_stage_setup, quorum_peer_stage_teardown)

#endif
