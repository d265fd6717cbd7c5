/* Makes the stage of the quorum peer's tests, and takes it down. */
#include "quorum_peer_stage.h"

#include <stdlib.h>

#include "zk/base/alloc.h"

int quorum_peer_stage_setup(void **state)
{
    struct quorum_peer_stage *stage = zk_xcalloc(1, sizeof *stage);
    test_ensemble_init(&stage->ensemble, "1 2 3");
    stage->peer = election_peer_new(&stage->ensemble, 2, "");
    stage->self = stage->peer->self;
    *state = stage;
    return 0;
}

int quorum_peer_stage_teardown(void **state)
{
    struct quorum_peer_stage *stage = *state;
    election_peer_free(stage->peer);
    free(stage);
    return 0;
}
