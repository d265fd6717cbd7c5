/* Host names whose addresses change while whole peers run. */
#include "ensemble.h"
#include "outside.h"
#include "zk/quorum/quorum_peer.h"
#include "zk_test.h"

/* sid knows its own address, and the other one by name. */
static void knows_the_other_by_name(struct ensemble *ensemble, int64_t sid)
{
    struct zk_str lines = {0};
    for (size_t i = 0; i < ensemble->count; i++) {
        const struct ensemble_peer *peer = &ensemble->peers[i];
        zk_str_printf(&lines, "server.%d=%s:%d:%d:participant\n", (int)peer->sid,
                      peer->sid == sid ? "127.0.0.1" : "other.zk.test", peer->quorum_port,
                      peer->election_port);
    }
    ensemble_peer(ensemble, sid)->servers = zk_str_take(&lines);
}

static bool both_have_asked(void *arg)
{
    (void)arg;
    return outside_names_asked() >= 2;
}

/* CNX-13: by name or not at all; an answer "unknown" is remembered for 10 s, as Java does */
static void cnx_13_names_that_become_known_are_found_without_a_restart(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 2, 0);
    ensemble_add_lines(&ensemble, "fastleader.maxNotificationInterval=500\n");
    knows_the_other_by_name(&ensemble, 1);
    knows_the_other_by_name(&ensemble, 2);
    ensemble_start_all(&ensemble);
    test_await(both_have_asked, NULL);
    for (int64_t sid = 1; sid <= 2; sid++) {
        assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, sid)),
                         SERVER_STATE_LOOKING);
        assert_int_equal(ensemble_count_events(&ensemble, sid, "\"ev\":\"conn\",\"what\":\"keep\""),
                         0);
    }

    outside_name("other.zk.test", "127.0.0.1");
    outside_let_time_pass(10000);

    /* 2 dials 1 for the election; 1 dials 2 as its leader. */
    assert_int_equal(ensemble_await_leader(&ensemble), 2);
    ensemble_done(&ensemble);
    outside_restore(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cnx_13_names_that_become_known_are_found_without_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
