/* A server's view of itself: state and vote as one, the configuration, the two epochs on disk, the
 * role. Java: QuorumPeer */
#include "zk/quorum/quorum_peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "election_peer.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

struct stage {
    struct test_ensemble ensemble;
    struct election_peer *peer; /* 2 of three, never started */
    struct quorum_peer *self;
};

static int setup(void **state)
{
    struct stage *stage = zk_xcalloc(1, sizeof *stage);
    test_ensemble_init(&stage->ensemble, "1 2 3");
    stage->peer = election_peer_new(&stage->ensemble, 2, "");
    stage->self = stage->peer->self;
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    election_peer_free(stage->peer);
    free(stage);
    return 0;
}

/* --- state and vote --- */

static void a_new_peer_looks_and_has_no_vote(void **state)
{
    struct stage *stage = *state;
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
    struct stage *stage = *state;
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
    struct stage *stage = *state;
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
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct state_change change = changes[i];
        change.self = stage->self;
        test_expect_panic(change_state, &change, "is_legal_change");
    }
}

static void broadcast_counts_the_time_of_unavailability(void **state)
{
    struct stage *stage = *state;
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
    struct stage *stage = *state;
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
    struct stage *stage = arg;
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
    struct stage *stage = *state;
    struct zk_thread_group *group = zk_thread_group_new(stage->peer->capture.ctx);
    decide_again_and_again(&(struct stage){.self = stage->self}); /* there is a vote now */
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

/* --- the configuration --- */

static void voters_come_in_the_order_of_javas_hash(void **state)
{
    struct test_ensemble ensemble;
    int64_t *voters = NULL;
    size_t count = 0;
    (void)state;
    test_ensemble_init(&ensemble, "1 2 16 35 5o");
    struct election_peer *peer = election_peer_new(&ensemble, 2, "");

    quorum_peer_get_current_and_next_config_voters(peer->self, &voters, &count);

    static const int64_t expected[] = {16, 1, 2, 35};
    assert_int_equal(count, 4);
    assert_memory_equal(voters, expected, sizeof expected);
    free(voters);
    election_peer_free(peer);
}

static struct quorum_verifier *configuration(struct stage *stage, const char *text)
{
    struct quorum_verifier *qv = NULL;
    char *error = NULL;
    if (qv_from_string(stage->peer->capture.ctx, text, strlen(text), true, NULL, &qv, &error) < 0)
        fail_msg("%s", error);
    return qv;
}

static void hear(struct stage *stage, const char *text)
{
    struct quorum_verifier *qv = configuration(stage, text);
    quorum_peer_set_last_seen_quorum_verifier(stage->self, qv);
    qv_unref(qv);
}

/* The servers of the stage, as another one writes them: with other addresses. */
#define SAME_SERVERS "server.1=h:1:2\nserver.2=h:3:4\nserver.3=h:5:6\n"

/* P-4, D-97 */
static void a_higher_version_of_the_same_servers_is_kept(void **state)
{
    struct stage *stage = *state;
    const struct quorum_verifier *before = quorum_peer_last_seen_quorum_verifier(stage->self);
    char *own_text = test_ensemble_text(&stage->ensemble, 0x100000000);

    hear(stage, SAME_SERVERS "version=100000000");

    const struct quorum_verifier *after = quorum_peer_last_seen_quorum_verifier(stage->self);
    assert_true(after->version == 0x100000000);
    assert_string_equal(qv_to_string(after), own_text); /* the addresses stay our own file's */
    assert_true(quorum_peer_quorum_verifier(stage->self)->version == 0);
    assert_int_equal(before->version, 0); /* what was lent is as it was */
    hear(stage, SAME_SERVERS "version=200000000");
    assert_true(after->version == 0x100000000);
    free(own_text);
}

static void a_tracker_needs_a_quorum_of_the_last_seen_configuration_too(void **state)
{
    struct stage *stage = *state;
    struct synced_learner_tracker tracker;
    quorum_peer_init_tracker(stage->self, &tracker);
    assert_int_equal(tracker.pair_count, 1);
    synced_learner_tracker_done(&tracker);

    hear(stage, SAME_SERVERS "version=100000000");

    quorum_peer_init_tracker(stage->self, &tracker);
    assert_int_equal(tracker.pair_count, 2);
    assert_ptr_equal(tracker.pairs[0].qv, quorum_peer_quorum_verifier(stage->self));
    assert_ptr_equal(tracker.pairs[1].qv, quorum_peer_last_seen_quorum_verifier(stage->self));
    synced_learner_tracker_done(&tracker);
}

/* The version is on disk before the ACK of NEWLEADER, and the next process finds it. */
static void a_version_that_is_kept_outlives_the_process(void **state)
{
    struct stage *stage = *state;
    struct quorum_peer_config *config = NULL;
    char *error = NULL;
    hear(stage, SAME_SERVERS "version=100000000");

    assert_int_equal(quorum_peer_config_parse(stage->peer->capture.ctx,
                                              stage->peer->config->config_file, &config, &error),
                     0);
    struct quorum_peer *again =
        quorum_peer_new(stage->peer->capture.ctx, config, stage->peer->database);

    assert_true(quorum_peer_last_seen_quorum_verifier(again)->version == 0x100000000);
    assert_true(quorum_peer_quorum_verifier(again)->version == 0);
    quorum_peer_free(again);
    quorum_peer_config_free(config);
}

/* The file is where Java looks for it, and as Java writes it: sorted lines, the version among
 * them, no line end behind the last one. */
static void a_version_that_is_kept_is_in_javas_file(void **state)
{
    struct stage *stage = *state;
    hear(stage, SAME_SERVERS "version=a00000000");
    char *path = test_path(stage->peer->directory, "zoo.cfg.dynamic.next");
    char *text = test_read_file(path);
    char *own_text = test_ensemble_text(&stage->ensemble, 0xa00000000);
    assert_string_equal(text, own_text);
    free(own_text);
    free(text);
    free(path);
}

static void a_version_whose_file_cannot_be_written_is_kept_and_told(void **state)
{
    struct stage *stage = *state;
    char *path = test_path(stage->peer->directory, "zoo.cfg.dynamic.next");
    assert_int_equal(mkdir(path, 0777), 0);

    hear(stage, SAME_SERVERS "version=5");

    assert_int_equal(quorum_peer_last_seen_quorum_verifier(stage->self)->version, 5);
    assert_int_equal(
        election_peer_logged(stage->peer, "Error writing next dynamic config file to disk"), 1);
    free(path);
}

static void other_servers_and_lower_versions_are_not_kept(void **state)
{
    static const char *const texts[] = {
        "server.1=h:1:2\nserver.2=h:3:4\nversion=9",                          /* fewer */
        "server.1=h:1:2\nserver.2=h:3:4\nserver.4=h:5:6\nversion=9",          /* another */
        "server.1=h:1:2\nserver.2=h:3:4\nserver.3=h:5:6:observer\nversion=9", /* its part */
        SAME_SERVERS "server.4=h:7:8\nversion=9",                             /* more */
        SAME_SERVERS "group.1=1:2\ngroup.2=3\nversion=9",                     /* a hierarchy */
        SAME_SERVERS "version=3",                                             /* lower */
        SAME_SERVERS "version=4",                                             /* known */
    };
    struct stage *stage = *state;
    hear(stage, SAME_SERVERS "version=4");
    const struct quorum_verifier *before = quorum_peer_last_seen_quorum_verifier(stage->self);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hear(stage, texts[i]);
        assert_ptr_equal(quorum_peer_last_seen_quorum_verifier(stage->self), before);
        assert_int_equal(election_peer_logged(stage->peer, "Dynamic reconfig is disabled"), i + 1);
    }
}

/* Java: processReconfig(), which does nothing without the setting */
static void a_quorum_commits_the_last_seen_configuration_with_the_setting_only(void **state)
{
    struct stage *stage = *state;
    hear(stage, SAME_SERVERS "version=4");
    quorum_peer_process_reconfig(stage->self);
    assert_int_equal(quorum_peer_quorum_verifier(stage->self)->version, 0);

    stage->peer->config->reconfig_enabled = true;
    quorum_peer_process_reconfig(stage->self);
    assert_int_equal(quorum_peer_quorum_verifier(stage->self)->version, 4);
    quorum_peer_process_reconfig(stage->self); /* the same again */
    assert_int_equal(quorum_peer_quorum_verifier(stage->self)->version, 4);
}

static int64_t data_size(struct stage *stage)
{
    struct server_status status = {0};
    zk_database_fill_status(stage->peer->database, &status);
    return status.approximate_data_size;
}

/* What a client reads there is the text of the committed configuration. */
static void a_committed_version_stands_in_the_node_of_the_configuration(void **state)
{
    struct stage *stage = *state;
    stage->peer->config->reconfig_enabled = true;
    hear(stage, SAME_SERVERS "version=4");
    quorum_peer_process_reconfig(stage->self);
    int64_t before = data_size(stage);

    hear(stage, SAME_SERVERS "version=400000000");
    quorum_peer_process_reconfig(stage->self);

    assert_int_equal(data_size(stage), before + 8);
}

/* Groups and weights decide who is a quorum: with others it is another configuration. */
static void a_version_with_other_weights_is_not_kept(void **state)
{
    (void)state;
    struct test_ensemble ensemble;
    test_ensemble_init(&ensemble, "1 2 3");
    struct stage stage = {.ensemble = ensemble};
    stage.peer = election_peer_new(&ensemble, 2, "group.1=1:2:3\nweight.1=2\n");
    stage.self = stage.peer->self;

    hear(&stage, SAME_SERVERS "group.1=1:2:3\nweight.1=2\nversion=4");
    hear(&stage, SAME_SERVERS "group.1=1:2:3\nweight.1=1\nversion=5");

    assert_int_equal(quorum_peer_last_seen_quorum_verifier(stage.self)->version, 4);
    election_peer_free(stage.peer);
}

/* --- epochs on disk --- */

static char *epoch_path(struct stage *stage, const char *name)
{
    struct zk_str path = {0};
    zk_str_printf(&path, "%s/version-2/%s", stage->peer->directory, name);
    return zk_str_take(&path);
}

static void assert_epoch_file(struct stage *stage, const char *name, const char *expected)
{
    char *path = epoch_path(stage, name);
    char *text = test_read_file(path);
    assert_string_equal(text, expected);
    free(text);
    free(path);
}

static void write_epoch_file(struct stage *stage, const char *name, const char *text)
{
    char *path = epoch_path(stage, name);
    test_write_file(path, text);
    free(path);
}

static void remove_epoch_file(struct stage *stage, const char *name)
{
    char *path = epoch_path(stage, name);
    remove(path);
    free(path);
}

/* What a process that starts now on the same directory finds: its peer is load's. */
static int load_again(struct stage *stage, int64_t *ret_current, int64_t *ret_accepted)
{
    struct quorum_peer *again =
        quorum_peer_new(stage->peer->capture.ctx, stage->peer->config, stage->peer->database);
    int r = quorum_peer_load_database(again);
    *ret_current = quorum_peer_get_current_epoch(again);
    *ret_accepted = quorum_peer_get_accepted_epoch(again);
    quorum_peer_free(again);
    return r;
}

static void an_empty_directory_gets_both_files_with_epoch_0(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(quorum_peer_get_current_epoch(stage->self), 0);
    assert_int_equal(quorum_peer_get_accepted_epoch(stage->self), 0);
    assert_epoch_file(stage, "currentEpoch", "0");
    assert_epoch_file(stage, "acceptedEpoch", "0");
    assert_int_equal(election_peer_logged(stage->peer, "not found! Creating with a reasonable"), 2);
}

static void epochs_outlive_the_process(void **state)
{
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    assert_int_equal(quorum_peer_set_accepted_epoch(stage->self, 8), 0);
    assert_int_equal(quorum_peer_set_current_epoch(stage->self, 7), 0);
    assert_epoch_file(stage, "currentEpoch", "7");
    assert_epoch_file(stage, "acceptedEpoch", "8");
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 7);
    assert_int_equal(accepted, 8);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"ev\":\"epoch\",\"which\":\"accepted\",\"value\":8"),
        1);
}

/* PER-02: the directory is gone: memory must not say what the disk does not hold. */
static void an_epoch_that_cannot_be_written_is_not_set(void **state)
{
    struct stage *stage = *state;
    char *directory = epoch_path(stage, "");
    char *elsewhere = test_path(stage->peer->directory, "elsewhere");
    directory[strlen(directory) - 1] = '\0';
    assert_int_equal(rename(directory, elsewhere), 0);

    assert_int_equal(quorum_peer_set_current_epoch(stage->self, 5), -ENOENT);
    assert_int_equal(quorum_peer_set_accepted_epoch(stage->self, 5), -ENOENT);

    assert_int_equal(quorum_peer_get_current_epoch(stage->self), 0);
    assert_int_equal(quorum_peer_get_accepted_epoch(stage->self), 0);
    assert_int_equal(election_peer_logged(stage->peer, "epoch file cannot be written"), 2);
    assert_int_equal(rename(elsewhere, directory), 0);
    free(elsewhere);
    free(directory);
}

/* PER-02 */
static void a_file_that_holds_no_number_stops_the_start(void **state)
{
    static const char *const texts[] = {"", "x", "7x", " 7", "0x7", "9223372036854775808", "\n7"};
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_epoch_file(stage, "acceptedEpoch", texts[i]);
        assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);
        assert_int_equal(election_peer_logged(stage->peer, "epoch file is not a number"), i + 1);
        assert_epoch_file(stage, "acceptedEpoch", texts[i]); /* nothing is repaired by guessing */
    }
}

/* PER-02: only a file that is not there may be made anew */
static void per_02_a_file_that_cannot_be_read_stops_the_start(void **state)
{
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    char *path = epoch_path(stage, "acceptedEpoch");
    remove_epoch_file(stage, "acceptedEpoch");
    assert_int_equal(mkdir(path, 0777), 0);

    assert_int_equal(load_again(stage, &current, &accepted), -EISDIR);

    assert_int_equal(election_peer_logged(stage->peer, "epoch file cannot be read"), 1);
    free(path);
}

/* PER-02 */
static void only_the_first_line_of_a_file_counts(void **state)
{
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    write_epoch_file(stage, "acceptedEpoch", "7\nrest");
    write_epoch_file(stage, "currentEpoch", "6\r\n");
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 6);
    assert_int_equal(accepted, 7);
}

/* PER-03 */
static void an_accepted_epoch_below_the_current_one_stops_the_start(void **state)
{
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    write_epoch_file(stage, "currentEpoch", "6");
    write_epoch_file(stage, "acceptedEpoch", "5");
    assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);
    assert_int_equal(election_peer_logged(stage->peer, "is less than the current epoch"), 1);
}

/* A snapshot of epoch 5 on disk. */
static void give_history(struct stage *stage, int64_t zxid)
{
    zk_database_set_last_processed_zxid(stage->peer->database, zxid);
    assert_int_equal(zk_database_take_snapshot(stage->peer->database), 0);
}

/* PER-01 */
static void missing_files_are_made_from_the_last_zxid(void **state)
{
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    give_history(stage, 0x500000003);
    remove_epoch_file(stage, "currentEpoch");
    remove_epoch_file(stage, "acceptedEpoch");
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 5);
    assert_int_equal(accepted, 5);
    assert_epoch_file(stage, "currentEpoch", "5");
    assert_int_equal(quorum_peer_get_last_logged_zxid(stage->self), 0x500000003);
}

/* PER-03 */
static void a_history_newer_than_its_epoch_stops_the_start(void **state)
{
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    give_history(stage, 0x500000003);
    write_epoch_file(stage, "currentEpoch", "4");
    write_epoch_file(stage, "acceptedEpoch", "4");
    assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);
    assert_int_equal(election_peer_logged(stage->peer, "The current epoch, 4, is older"), 1);
}

/* PER-03: a crash before the rename of the newer file is recovered from, if that is what has
 * happened. */
static void an_unfinished_current_epoch_is_finished(void **state)
{
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    give_history(stage, 0x500000003);
    write_epoch_file(stage, "currentEpoch", "4");
    write_epoch_file(stage, "acceptedEpoch", "4");
    write_epoch_file(stage, "currentEpoch.tmp", "6"); /* of another epoch: no help */
    assert_int_equal(load_again(stage, &current, &accepted), -EPROTO);

    write_epoch_file(stage, "currentEpoch.tmp", "5");
    remove_epoch_file(stage, "acceptedEpoch");
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 5);
    assert_epoch_file(stage, "currentEpoch", "5");
}

/* PER-03, D-68: the leader's snapshot was stored, then a crash came before currentEpoch. */
static void a_stored_snapshot_brings_the_current_epoch_up(void **state)
{
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    give_history(stage, 0x500000000);
    write_epoch_file(stage, "currentEpoch", "3");
    write_epoch_file(stage, "acceptedEpoch",
                     "6"); /* promised to the leader of epoch 6, who sent it */
    assert_int_equal(load_again(stage, &current, &accepted), 0);
    assert_int_equal(current, 5);
    assert_int_equal(accepted, 6);
    assert_epoch_file(stage, "currentEpoch", "5");
}

/* PER-07: none of the snapshots can be read */
static void a_damaged_history_stops_the_start_and_leaves_the_epochs_alone(void **state)
{
    struct stage *stage = *state;
    int64_t current = 0;
    int64_t accepted = 0;
    write_epoch_file(stage, "currentEpoch", "3");
    write_epoch_file(stage, "acceptedEpoch", "4");
    write_epoch_file(stage, "snapshot.0", "no snapshot");

    assert_true(load_again(stage, &current, &accepted) < 0);

    assert_int_equal(current, -1);
    assert_int_equal(accepted, -1);
    assert_epoch_file(stage, "currentEpoch", "3");
    assert_epoch_file(stage, "acceptedEpoch", "4");
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
    struct stage *stage = *state;
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
    struct stage *stage = *state;
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
    struct stage *stage = *state;
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

/* Whoever asks for the server of the role has it for as long as he likes. */
static void the_active_server_is_the_one_of_the_role(void **state)
{
    static const struct zookeeper_server_methods methods = {.state = "leader"};
    struct stage *stage = *state;
    struct role_seen seen = {0};
    assert_null(quorum_peer_get_active_server(stage->self));
    struct zookeeper_server *zk =
        zookeeper_server_new(stage->self->ctx, &methods, stage->self->database);
    quorum_peer_role_init(&seen.role, &leader_seen_methods, zk);
    quorum_peer_set_role(stage->self, &seen.role);
    zookeeper_server_startup(zk);

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
    struct stage *stage = *state;
    struct role_seen seen = {.calls_back = stage->self};
    quorum_peer_role_init(&seen.role, &leader_seen_methods, NULL);
    quorum_peer_set_role(stage->self, &seen.role);
    quorum_peer_role_unref(&seen.role); /* the maker's */
    assert_int_equal(seen.destructions, 0);

    assert_true(quorum_peer_report_looking_sid(stage->self, NULL, 3));

    assert_int_equal(seen.reports, 1);
    assert_int_equal(seen.destructions, 1);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_new_peer_looks_and_has_no_vote),
        STAGED(the_active_server_is_the_one_of_the_role),
        STAGED(updating_the_election_vote_changes_its_epoch_alone),
        STAGED(looking_forgets_leader_and_phase),
        STAGED(a_state_that_the_circle_does_not_allow_panics),
        STAGED(broadcast_counts_the_time_of_unavailability),
        STAGED(start_of_the_election_and_restart_flag_are_read_once),
        STAGED(state_and_vote_change_together),
        cmocka_unit_test(voters_come_in_the_order_of_javas_hash),
        STAGED(a_higher_version_of_the_same_servers_is_kept),
        STAGED(a_tracker_needs_a_quorum_of_the_last_seen_configuration_too),
        STAGED(a_version_that_is_kept_outlives_the_process),
        STAGED(a_version_that_is_kept_is_in_javas_file),
        STAGED(a_version_whose_file_cannot_be_written_is_kept_and_told),
        STAGED(other_servers_and_lower_versions_are_not_kept),
        STAGED(a_quorum_commits_the_last_seen_configuration_with_the_setting_only),
        STAGED(a_committed_version_stands_in_the_node_of_the_configuration),
        cmocka_unit_test(a_version_with_other_weights_is_not_kept),
        STAGED(an_empty_directory_gets_both_files_with_epoch_0),
        STAGED(epochs_outlive_the_process),
        STAGED(an_epoch_that_cannot_be_written_is_not_set),
        STAGED(a_file_that_holds_no_number_stops_the_start),
        STAGED(per_02_a_file_that_cannot_be_read_stops_the_start),
        STAGED(only_the_first_line_of_a_file_counts),
        STAGED(an_accepted_epoch_below_the_current_one_stops_the_start),
        STAGED(missing_files_are_made_from_the_last_zxid),
        STAGED(a_history_newer_than_its_epoch_stops_the_start),
        STAGED(an_unfinished_current_epoch_is_finished),
        STAGED(a_stored_snapshot_brings_the_current_epoch_up),
        STAGED(a_damaged_history_stops_the_start_and_leaves_the_epochs_alone),
        STAGED(stopping_shuts_the_role_down),
        STAGED(a_role_that_begins_after_the_stop_is_shut_down_at_once),
        STAGED(looking_voters_are_reported_to_a_leader_only),
        STAGED(a_role_outlives_the_call_that_is_inside_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
