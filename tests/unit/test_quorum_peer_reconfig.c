/* The configuration of a server: who votes, and the newer version of the same servers that it hears
 * of. Java: QuorumPeer.setLastSeenQuorumVerifier(), processReconfig() */
#include <stdlib.h>
#include <sys/stat.h>

#include "quorum_peer_stage.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"

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

static struct quorum_verifier *configuration(struct quorum_peer_stage *stage, const char *text)
{
    struct quorum_verifier *qv = NULL;
    char *error = NULL;
    if (qv_from_string(stage->peer->capture.ctx, text, strlen(text),
                       &(struct qv_options){.standalone_enabled = true}, &qv, &error) < 0)
        fail_msg("%s", error);
    return qv;
}

static void hear(struct quorum_peer_stage *stage, const char *text)
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
    struct quorum_peer_stage *stage = *state;
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
    struct quorum_peer_stage *stage = *state;
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
    struct quorum_peer_stage *stage = *state;
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
    struct quorum_peer_stage *stage = *state;
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
    struct quorum_peer_stage *stage = *state;
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
    struct quorum_peer_stage *stage = *state;
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
    struct quorum_peer_stage *stage = *state;
    hear(stage, SAME_SERVERS "version=4");
    quorum_peer_process_reconfig(stage->self);
    assert_int_equal(quorum_peer_quorum_verifier(stage->self)->version, 0);

    stage->peer->config->reconfig_enabled = true;
    quorum_peer_process_reconfig(stage->self);
    assert_int_equal(quorum_peer_quorum_verifier(stage->self)->version, 4);
    quorum_peer_process_reconfig(stage->self); /* the same again */
    assert_int_equal(quorum_peer_quorum_verifier(stage->self)->version, 4);
}

static int64_t data_size(struct quorum_peer_stage *stage)
{
    struct server_status status = {0};
    zk_database_fill_status(stage->peer->database, &status);
    return status.approximate_data_size;
}

/* What a client reads there is the text of the committed configuration. */
static void a_committed_version_stands_in_the_node_of_the_configuration(void **state)
{
    struct quorum_peer_stage *stage = *state;
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
    struct quorum_peer_stage stage = {.ensemble = ensemble};
    stage.peer = election_peer_new(&ensemble, 2, "group.1=1:2:3\nweight.1=2\n");
    stage.self = stage.peer->self;

    hear(&stage, SAME_SERVERS "group.1=1:2:3\nweight.1=2\nversion=4");
    hear(&stage, SAME_SERVERS "group.1=1:2:3\nweight.1=1\nversion=5");

    assert_int_equal(quorum_peer_last_seen_quorum_verifier(stage.self)->version, 4);
    election_peer_free(stage.peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(voters_come_in_the_order_of_javas_hash),
        QUORUM_PEER_STAGED(a_higher_version_of_the_same_servers_is_kept),
        QUORUM_PEER_STAGED(a_tracker_needs_a_quorum_of_the_last_seen_configuration_too),
        QUORUM_PEER_STAGED(a_version_that_is_kept_outlives_the_process),
        QUORUM_PEER_STAGED(a_version_that_is_kept_is_in_javas_file),
        QUORUM_PEER_STAGED(a_version_whose_file_cannot_be_written_is_kept_and_told),
        QUORUM_PEER_STAGED(other_servers_and_lower_versions_are_not_kept),
        QUORUM_PEER_STAGED(a_quorum_commits_the_last_seen_configuration_with_the_setting_only),
        QUORUM_PEER_STAGED(a_committed_version_stands_in_the_node_of_the_configuration),
        cmocka_unit_test(a_version_with_other_weights_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
