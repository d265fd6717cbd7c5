/* A server's view of itself: state and vote as one, and the role. Its configuration has
 * test_quorum_peer_reconfig.c, its two epochs have test_quorum_peer_epochs.c. Java: QuorumPeer */
#include "zk/quorum/quorum_peer.h"

#include "quorum_peer_stage.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/zookeeper_server.h"

/* --- state and vote --- */

static void a_new_peer_looks_and_has_no_vote(void **state)
{
    struct quorum_peer_stage *stage = *state;
    struct vote vote = vote_of(77, 77, 77);
    assert_int_equal(quorum_peer_get_peer_state(stage->self), SERVER_STATE_LOOKING);
    assert_false(quorum_peer_get_current_vote(stage->self, &vote));
    assert_int_equal(vote.id, 77); /* untouched */
    assert_int_equal(stage->self->my_id, 2);
    assert_int_equal(quorum_peer_get_phase(stage->self).leader_id, -1);
    assert_int_equal(quorum_peer_get_phase(stage->self).zab_state, ZAB_STATE_ELECTION);
    assert_int_equal(stage->self->init_limit_ms, 10000);
    assert_int_equal(stage->self->sync_limit_ms, 10000);
    assert_true(quorum_peer_is_running(stage->self));
}

static void updating_the_election_vote_changes_its_epoch_alone(void **state)
{
    struct quorum_peer_stage *stage = *state;
    struct vote vote = vote_of(3, 0x100000002, 1);
    vote.election_epoch = 9;
    quorum_peer_update_election_vote(stage->self, 7); /* without a vote: nothing happens */
    assert_false(quorum_peer_get_current_vote(stage->self, &vote));
    quorum_peer_set_current_vote(stage->self, &vote);

    quorum_peer_update_election_vote(stage->self, 2);

    assert_true(quorum_peer_get_current_vote(stage->self, &vote));
    assert_int_equal(vote.id, 3);
    assert_int_equal(vote.zxid, 0x100000002);
    assert_int_equal(vote.election_epoch, 9);
    assert_int_equal(vote.peer_epoch, 2);
}

static void looking_forgets_leader_and_phase(void **state)
{
    struct quorum_peer_stage *stage = *state;
    quorum_peer_set_peer_state(stage->self, SERVER_STATE_FOLLOWING, "test");
    quorum_peer_set_leader_id(stage->self, 3);
    quorum_peer_set_zab_state(stage->self, ZAB_STATE_SYNCHRONIZATION);
    quorum_peer_set_sync_mode(stage->self, SYNC_MODE_DIFF);
    assert_int_equal(
        election_peer_logged(stage->peer, "Peer state changed: following - synchronization - diff"),
        1);

    quorum_peer_set_peer_state(stage->self, SERVER_STATE_LOOKING, "test");

    assert_int_equal(quorum_peer_get_phase(stage->self).zab_state, ZAB_STATE_ELECTION);
    assert_int_equal(quorum_peer_get_phase(stage->self).leader_id, -1);
    assert_int_equal(quorum_peer_get_phase(stage->self).sync_mode, SYNC_MODE_NONE);
    assert_int_equal(election_peer_logged(stage->peer, "Peer state changed: looking"), 1);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"ev\":\"state\",\"s\":\"FOLLOWING\",\"why\":\"test\""),
        1);
}

struct state_change {
    struct quorum_peer *self;
    enum server_state first; /* LOOKING: stays what it is */
    enum server_state then;
};

static void change_state(void *arg)
{
    const struct state_change *change = arg;
    if (change->first != SERVER_STATE_LOOKING)
        quorum_peer_set_peer_state(change->self, change->first, "test");
    quorum_peer_set_peer_state(change->self, change->then, "test");
}

static void a_state_that_the_circle_does_not_allow_panics(void **state)
{
    static const struct state_change changes[] = {
        {.first = SERVER_STATE_LOOKING, .then = SERVER_STATE_LOOKING},
        {.first = SERVER_STATE_LEADING, .then = SERVER_STATE_FOLLOWING},
        {.first = SERVER_STATE_FOLLOWING, .then = SERVER_STATE_LEADING},
        {.first = SERVER_STATE_OBSERVING, .then = SERVER_STATE_OBSERVING},
    };
    struct quorum_peer_stage *stage = *state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct state_change change = changes[i];
        change.self = stage->self;
        test_expect_panic(change_state, &change, "is_legal_change");
    }
}

static void broadcast_counts_the_time_of_unavailability(void **state)
{
    struct quorum_peer_stage *stage = *state;
    struct server_metrics *metrics = stage->self->metrics;
    assert_int_equal(quorum_peer_get_phase(stage->self).broadcast_since_ms, -1);
    quorum_peer_set_peer_state(stage->self, SERVER_STATE_LEADING, "test");
    int64_t before_ms = zk_elapsed_ms();

    quorum_peer_set_zab_state(stage->self, ZAB_STATE_BROADCAST);

    assert_true(quorum_peer_get_phase(stage->self).broadcast_since_ms >= before_ms);
    struct server_metrics_values values = server_metrics_get(metrics);
    assert_int_equal(values.summaries[SERVER_METRICS_UNAVAILABLE_TIME].count, 1);
    assert_int_equal(values.summaries[SERVER_METRICS_LEADER_UNAVAILABLE_TIME].count, 1);
    quorum_peer_set_peer_state(stage->self, SERVER_STATE_LOOKING, "test");
    assert_int_equal(quorum_peer_get_phase(stage->self).broadcast_since_ms, -1);
}

static void start_of_the_election_and_restart_flag_are_read_once(void **state)
{
    struct quorum_peer_stage *stage = *state;
    quorum_peer_set_start_fle(stage->self, 123);
    assert_int_equal(quorum_peer_take_start_fle(stage->self), 123);
    assert_int_equal(quorum_peer_take_start_fle(stage->self), -1);
    assert_false(quorum_peer_take_shutting_down_le(stage->self));
    quorum_peer_set_shutting_down_le(stage->self);
    assert_true(quorum_peer_take_shutting_down_le(stage->self));
    assert_false(quorum_peer_take_shutting_down_le(stage->self));
}

enum { DECISIONS = 20000 };

static void decide_again_and_again(void *arg)
{
    struct quorum_peer_stage *stage = arg;
    for (int64_t i = 0; i < DECISIONS; i++) {
        struct vote vote = vote_of(i % 2 == 0 ? 2 : 3, i, i);
        quorum_peer_decide(stage->self, i % 2 == 0 ? SERVER_STATE_LEADING : SERVER_STATE_FOLLOWING,
                           &vote, "test");
        quorum_peer_set_peer_state(stage->self, SERVER_STATE_LOOKING, "test");
    }
}

/* (D-14) Whoever asks while decisions fall sees the state with its own vote. */
static void state_and_vote_change_together(void **state)
{
    struct quorum_peer_stage *stage = *state;
    struct zk_thread_group *group = zk_thread_group_new(stage->peer->capture.ctx);
    decide_again_and_again(
        &(struct quorum_peer_stage){.self = stage->self}); /* there is a vote now */
    assert_int_equal(zk_thread_group_start(group, decide_again_and_again, stage, "QuorumPeer"), 0);
    do {
        struct vote vote;
        bool has_vote;
        enum server_state now = quorum_peer_get_state_and_vote(stage->self, &has_vote, &vote);
        assert_true(has_vote);
        if (now != SERVER_STATE_LOOKING)
            assert_int_equal(vote.id, now == SERVER_STATE_LEADING ? 2 : 3);
        assert_int_equal(vote.zxid, vote.peer_epoch);
    } while (zk_thread_group_alive(group) > 0);
    zk_thread_group_free(group);
}

/* --- the role --- */

struct role_seen {
    struct quorum_peer_role role;
    int shutdowns;
    int reports;
    int destructions;
    struct quorum_peer *calls_back; /* NULL: it does not */
};

static void count_shutdown(struct quorum_peer_role *role)
{
    ((struct role_seen *)role)->shutdowns++;
}

static void count_report(struct quorum_peer_role *role,
                         const struct synced_learner_tracker *vote_set, int64_t sid)
{
    struct role_seen *seen = (struct role_seen *)role;
    (void)vote_set;
    assert_int_equal(sid, 3);
    seen->reports++;
    if (seen->calls_back != NULL)
        quorum_peer_set_role(seen->calls_back, NULL);
    assert_int_equal(seen->destructions, 0);
}

static void count_destruction(struct quorum_peer_role *role)
{
    ((struct role_seen *)role)->destructions++;
}

static const struct quorum_peer_role_methods learner_seen_methods = {
    .shutdown = count_shutdown,
    .destroy = count_destruction,
};

static const struct quorum_peer_role_methods leader_seen_methods = {
    .shutdown = count_shutdown,
    .report_looking_sid = count_report,
    .destroy = count_destruction,
};

static void stopping_shuts_the_role_down(void **state)
{
    struct quorum_peer_stage *stage = *state;
    struct role_seen seen = {0};
    quorum_peer_role_init(&seen.role, &learner_seen_methods, NULL);
    quorum_peer_set_role(stage->self, &seen.role);
    assert_int_equal(seen.shutdowns, 0);
    quorum_peer_stop_running(stage->self);
    assert_int_equal(seen.shutdowns, 1);
    assert_false(quorum_peer_is_running(stage->self));
    quorum_peer_set_role(stage->self, NULL);
    assert_int_equal(seen.destructions, 0); /* its maker still has it */
}

static void a_role_that_begins_after_the_stop_is_shut_down_at_once(void **state)
{
    struct quorum_peer_stage *stage = *state;
    struct role_seen seen = {0};
    quorum_peer_role_init(&seen.role, &learner_seen_methods, NULL);
    quorum_peer_stop_running(stage->self);
    quorum_peer_set_role(stage->self, &seen.role);
    assert_int_equal(seen.shutdowns, 1);
    quorum_peer_set_role(stage->self, NULL);
    quorum_peer_stop_running(stage->self);
    assert_int_equal(seen.shutdowns, 1);
}

static void looking_voters_are_reported_to_a_leader_only(void **state)
{
    struct quorum_peer_stage *stage = *state;
    struct role_seen learner = {0};
    struct role_seen leader = {0};
    struct leader_status status;
    quorum_peer_role_init(&learner.role, &learner_seen_methods, NULL);
    quorum_peer_role_init(&leader.role, &leader_seen_methods, NULL);
    assert_false(quorum_peer_report_looking_sid(stage->self, NULL, 3));
    quorum_peer_set_role(stage->self, &learner.role);
    assert_false(quorum_peer_report_looking_sid(stage->self, NULL, 3));
    assert_false(quorum_peer_get_leader_status(stage->self, &status));
    quorum_peer_set_role(stage->self, &leader.role);
    assert_true(quorum_peer_report_looking_sid(stage->self, NULL, 3));
    assert_int_equal(leader.reports, 1);
    quorum_peer_set_role(stage->self, NULL);
}

/* The words srst and stat and the commands of the admin server come whatever the peer does. */
static void a_role_without_figures_has_none_and_nothing_to_reset(void **state)
{
    struct quorum_peer_stage *stage = *state;
    struct role_seen learner = {0};
    quorum_peer_role_init(&learner.role, &learner_seen_methods, NULL);
    struct quorum_peer_role *const roles[] = {NULL, &learner.role};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct observer_info *infos;
        struct leader_status status;
        quorum_peer_set_role(stage->self, roles[i]);
        quorum_peer_reset_proposal_stats(stage->self);
        quorum_peer_reset_observer_stats(stage->self);
        assert_int_equal(quorum_peer_get_observers(stage->self, &infos), 0);
        assert_null(infos);
        assert_false(quorum_peer_get_leader_status(stage->self, &status));
    }
    quorum_peer_set_role(stage->self, NULL);
}

/* Whoever asks for the server of the role has it for as long as he likes. */
static void the_active_server_is_the_one_of_the_role(void **state)
{
    static const struct zookeeper_server_methods methods = {.state = "leader"};
    struct quorum_peer_stage *stage = *state;
    struct role_seen seen = {0};
    assert_null(quorum_peer_get_active_server(stage->self));
    struct zookeeper_server *zk = zookeeper_server_new(stage->self->ctx, &methods, NULL,
                                                       stage->self->database, stage->self->metrics);
    quorum_peer_role_init(&seen.role, &leader_seen_methods, zk);
    quorum_peer_set_role(stage->self, &seen.role);
    assert_int_equal(zookeeper_server_startup(zk), 0);

    struct zookeeper_server *active = quorum_peer_get_active_server(stage->self);

    assert_ptr_equal(active, zk);
    quorum_peer_set_role(stage->self, NULL);
    quorum_peer_role_unref(&seen.role);
    assert_int_equal(seen.destructions, 1);
    assert_null(quorum_peer_get_active_server(stage->self));
    assert_true(test_server_runs(active));
    zookeeper_server_unref(active);
}

/* The term ends, and its maker lets go, while another thread is inside a call: the role is there
 * until that call has returned. No lock is held around the call, or taking the role back would not
 * return. */
static void a_role_outlives_the_call_that_is_inside_it(void **state)
{
    struct quorum_peer_stage *stage = *state;
    struct role_seen seen = {.calls_back = stage->self};
    quorum_peer_role_init(&seen.role, &leader_seen_methods, NULL);
    quorum_peer_set_role(stage->self, &seen.role);
    quorum_peer_role_unref(&seen.role); /* the maker's */
    assert_int_equal(seen.destructions, 0);

    assert_true(quorum_peer_report_looking_sid(stage->self, NULL, 3));

    assert_int_equal(seen.reports, 1);
    assert_int_equal(seen.destructions, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUORUM_PEER_STAGED(a_new_peer_looks_and_has_no_vote),
        QUORUM_PEER_STAGED(a_role_without_figures_has_none_and_nothing_to_reset),
        QUORUM_PEER_STAGED(the_active_server_is_the_one_of_the_role),
        QUORUM_PEER_STAGED(updating_the_election_vote_changes_its_epoch_alone),
        QUORUM_PEER_STAGED(looking_forgets_leader_and_phase),
        QUORUM_PEER_STAGED(a_state_that_the_circle_does_not_allow_panics),
        QUORUM_PEER_STAGED(broadcast_counts_the_time_of_unavailability),
        QUORUM_PEER_STAGED(start_of_the_election_and_restart_flag_are_read_once),
        QUORUM_PEER_STAGED(state_and_vote_change_together),
        QUORUM_PEER_STAGED(stopping_shuts_the_role_down),
        QUORUM_PEER_STAGED(a_role_that_begins_after_the_stop_is_shut_down_at_once),
        QUORUM_PEER_STAGED(looking_voters_are_reported_to_a_leader_only),
        QUORUM_PEER_STAGED(a_role_outlives_the_call_that_is_inside_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
