/* Who is answered, and with what: the thread between the connections and the election.
 * Java: FastLeaderElection.Messenger.WorkerReceiver; FLEMalformedNotificationMessageTest */
#include <stdio.h>
#include <stdlib.h>

#include "election_peer.h"
#include "zk/base/alloc.h"

/* Peer 2 of {1, 2, 3, observer 4}; stranger 9 is in no configuration. */
struct stage {
    struct test_ensemble ensemble;
    struct election_peer *peer;
    struct scripted_voter one;
    struct scripted_voter three;
    struct scripted_voter four;
    struct scripted_voter nine;
};

static int setup(void **state)
{
    struct stage *stage = zk_xcalloc(1, sizeof *stage);
    test_ensemble_init(&stage->ensemble, "1 2 3 4o");
    stage->peer = election_peer_new(&stage->ensemble, 2, ELECTION_PEER_PATIENT);
    scripted_voter_init(&stage->one, &stage->ensemble, 1);
    scripted_voter_init(&stage->three, &stage->ensemble, 3);
    scripted_voter_init(&stage->four, &stage->ensemble, 4);
    scripted_voter_init(&stage->nine, &stage->ensemble, 9);
    election_peer_start(stage->peer);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    election_peer_free(stage->peer);
    scripted_voter_done(&stage->one);
    scripted_voter_done(&stage->three);
    scripted_voter_done(&stage->four);
    scripted_voter_done(&stage->nine);
    free(stage);
    return 0;
}

/* The peer has settled: state and vote of an election of round 6, after which its round is 1. */
static void settle(struct stage *stage, enum server_state server_state, int64_t leader)
{
    struct vote vote = vote_of(leader, 0x200000001, 3);
    vote.election_epoch = 6;
    quorum_peer_set_current_vote(stage->peer->self, &vote);
    if (election_peer_state(stage->peer) != SERVER_STATE_LOOKING) /* settled before */
        quorum_peer_set_peer_state(stage->peer->self, SERVER_STATE_LOOKING, "test");
    if (server_state != SERVER_STATE_LOOKING)
        quorum_peer_set_peer_state(stage->peer->self, server_state, "test");
}

/* --- 5.1: what cannot be read --- */

/* FLE-12: after each of them a good vote still counts */
static void fle_12_damaged_messages_are_skipped_and_the_next_vote_counts(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->one, stage->peer);
    election_peer_look_and_vote(stage->peer);
    uint8_t bytes[60] = {0};
    for (size_t length = 1; length < 44; length++) {
        if (length != 28 && length != 40) { /* those are votes of old servers */
            zk_store_int(bytes + 36, 2);    /* version, where there is room for it */
            scripted_voter_send_frame(&stage->one, bytes, length);
        }
    }
    zk_store_int(bytes + 40, -123);
    scripted_voter_send_frame(&stage->one, bytes, sizeof bytes);
    zk_store_int(bytes + 40, 10000);
    scripted_voter_send_frame(&stage->one, bytes, sizeof bytes);

    scripted_voter_say(&stage->one, looking(1, 9, 1, 0));

    assert_true(election_peer_await_result(stage->peer));
    assert_int_equal(stage->peer->vote.id, 1);
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_FOLLOWING);
    assert_int_equal(election_peer_logged(stage->peer, "Got a short response from server 1"), 27);
    assert_int_equal(election_peer_logged(stage->peer, "Skipping the processing of a partial"),
                     7 + 4 + 3 + 2); /* 29-35, 36-39, 41-43, two lengths of configuration */
}

/* FLE-12 (D-12): texts with which Java's thread dies, and some that it only refuses */
static void fle_12_no_configuration_ends_the_thread_and_the_vote_counts(void **state)
{
    static const char *const texts[] = {
        "",
        "server.x=127.0.0.1:1:2:participant\nversion=5",
        "server.1=127.0.0.1:1:2:participant\nversion=zz",
        "server.1=127.0.0.1:1:2:participant\nversion=ffffffffffffffff",
        "server.1=127.0.0.1:1:2:observer\nserver.2=127.0.0.1:3:4:observer\nversion=5",
        "server.1=127.0.0.1:70000:2:participant\nversion=5",
        "server.1=127.0.0.1:1:2:participant\\u12\nversion=5",
        "group=1:2\nserver.1=127.0.0.1:1:2:participant\nversion=5",
        "group.1=1:7\nserver.1=127.0.0.1:1:2:participant\nversion=5",
        "server.1=;\nversion=5",
        "nonsense\nversion=5",
        "server.1=\nversion=5",
        "\xff\xfe\x80",
    };
    struct stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf *message = test_notification(looking(2, 0, 0, 0), 2, texts[i]);
        scripted_voter_send_frame(&stage->three, message->bytes, message->length);
        buf_unref(message);
    }
    scripted_voter_await_heard(&stage->three, stage->peer);
    assert_int_equal(election_peer_logged(stage->peer, "n.sid:3, n.state:LOOKING"),
                     sizeof texts / sizeof texts[0]);
    assert_int_equal(
        election_peer_logged(stage->peer,
                             "Something went wrong while processing config received from 3"),
        sizeof texts / sizeof texts[0] - 1); /* no text at all is a configuration of nobody */

    struct buf *message = test_notification(looking(2, 0, 1, 0), 2, texts[1]);
    scripted_voter_send_frame(&stage->three, message->bytes, message->length);
    buf_unref(message);

    assert_true(election_peer_await_result(stage->peer));
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_LEADING);
}

/* FLE-12 */
static void fle_12_votes_of_28_and_40_bytes_count(void **state)
{
    struct stage *stage = *state;
    uint8_t bytes[40];
    zk_store_int(bytes, SERVER_STATE_LOOKING);
    zk_store_long(bytes + 4, 1);
    zk_store_long(bytes + 12, 0x500000001);
    zk_store_long(bytes + 20, 1);
    zk_store_long(bytes + 28, 7);
    zk_store_int(bytes + 36, 1);
    scripted_voter_connect(&stage->one, stage->peer);
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_send_frame(&stage->one, bytes, 28);
    scripted_voter_await(&stage->three, looking(1, 0x500000001, 1, 5));

    scripted_voter_send_frame(&stage->one, bytes, 40);

    scripted_voter_await(&stage->three, looking(1, 0x500000001, 1, 7));
    assert_true(election_peer_await_result(stage->peer));
    assert_int_equal(stage->peer->vote.peer_epoch, 7);
    assert_int_equal(election_peer_logged(stage->peer, "Backward compatibility mode (28 bits)"), 1);
    assert_int_equal(election_peer_logged(stage->peer, "Backward compatibility mode (36 bits)"), 1);
    assert_int_equal(
        election_peer_logged(stage->peer, "Backward compatibility mode (before reconfig)"), 2);
}

/* --- 5.2: who is no voter --- */

/* FLE-05, FLE-11 (K-8): told the current vote with the present round, whatever it says */
static void fle_05_a_stranger_is_answered_in_any_state_and_never_counted(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->nine, stage->peer);
    scripted_voter_connect(&stage->one, stage->peer);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_await(&stage->one, looking(2, 0, 1, 0));

    scripted_voter_say(&stage->nine, looking(9, 99, 1, 9));
    scripted_voter_expect(&stage->nine, looking(2, 0, 1, 0));
    scripted_voter_say(&stage->nine, following(9, 99, 44, 9));
    scripted_voter_expect(&stage->nine, looking(2, 0, 1, 0));
    scripted_voter_say(&stage->nine, (struct ballot){9, 9, 99, 44, 9}); /* not even a state */
    scripted_voter_expect(&stage->nine, looking(2, 0, 1, 0));

    settle(stage, SERVER_STATE_FOLLOWING, 3);
    scripted_voter_say(&stage->nine, leading(9, 99, 44, 9));
    scripted_voter_expect(&stage->nine, following(3, 0x200000001, 1, 3));
    assert_int_equal(election_peer_traced(stage->peer, "\"have\":[2,9]"), 0);
    assert_int_equal(election_peer_logged(stage->peer, "n.sid:9"), 0);
}

/* FLE-05: while a new round goes on, that is the vote of before */
static void fle_05_a_stranger_hears_the_vote_of_before_and_the_round_of_now(void **state)
{
    struct stage *stage = *state;
    settle(stage, SERVER_STATE_LOOKING, 3);
    scripted_voter_connect(&stage->nine, stage->peer);
    election_peer_look_and_vote(stage->peer);

    scripted_voter_say(&stage->nine, looking(9, 0, 1, 0));

    scripted_voter_expect(&stage->nine, looking(3, 0x200000001, 1, 3));
}

/* FLE-05, FLE-17: an observer of the configuration is no voter either */
static void fle_17_an_observer_is_answered_and_not_counted(void **state)
{
    struct stage *stage = *state;
    settle(stage, SERVER_STATE_LEADING, 2);
    scripted_voter_connect(&stage->four, stage->peer);

    scripted_voter_say(&stage->four, looking(INT64_MIN, INT64_MIN, 1, INT64_MIN));

    scripted_voter_expect(&stage->four, leading(2, 0x200000001, 0, 3));
}

/* The first moments of a process: there is no vote to tell (Java: NullPointerException). */
static void without_a_current_vote_a_stranger_gets_no_answer(void **state)
{
    struct stage *stage = *state;
    quorum_peer_set_current_vote(stage->peer->self, NULL);
    scripted_voter_connect(&stage->nine, stage->peer);
    scripted_voter_say(&stage->nine, looking(9, 0, 1, 0));
    election_peer_await_traced(stage->peer, "\"ev\":\"deq\",\"q\":\"recvQueue\"", 1);
    struct vote vote = vote_of(2, 5, 0);
    scripted_voter_connect(&stage->three, stage->peer);
    scripted_voter_say(&stage->three, looking(2, 0, -1, 0)); /* answered after it, with -1 < 0 */
    scripted_voter_expect(&stage->three, looking(-1, -1, 0, 0));
    quorum_peer_set_current_vote(stage->peer->self, &vote);

    scripted_voter_say(&stage->nine, looking(9, 0, 1, 0));

    scripted_voter_expect(&stage->nine, looking(2, 5, 0, 0)); /* the first answer */
}

/* --- 5.3: voters --- */

/* FLE-05 */
static void fle_05_a_settled_server_answers_looking_voters_with_its_vote_and_round(void **state)
{
    struct stage *stage = *state;
    settle(stage, SERVER_STATE_FOLLOWING, 1);
    scripted_voter_connect(&stage->three, stage->peer);

    scripted_voter_say(&stage->three, looking(3, 99, 77, 9));
    scripted_voter_expect(&stage->three, following(1, 0x200000001, 6, 3));
    settle(stage, SERVER_STATE_LEADING, 2);
    scripted_voter_say(&stage->three, looking(3, 99, 0, 9));
    scripted_voter_expect(&stage->three, leading(2, 0x200000001, 6, 3));
    settle(stage, SERVER_STATE_OBSERVING, 1);
    scripted_voter_say(&stage->three, looking(3, 99, 6, 9));
    scripted_voter_expect(&stage->three, observing(1, 0x200000001, 6, 3));

    quorum_peer_update_election_vote(stage->peer->self, 4); /* the epoch is established */
    scripted_voter_say(&stage->three, looking(3, 99, 6, 9));
    scripted_voter_expect(&stage->three, observing(1, 0x200000001, 6, 4));
}

/* FLE-05: nothing comes between the answers to the first and to the last message */
static void fle_05_a_settled_server_does_not_answer_the_settled(void **state)
{
    struct stage *stage = *state;
    settle(stage, SERVER_STATE_LEADING, 2);
    scripted_voter_connect(&stage->three, stage->peer);
    scripted_voter_say(&stage->three, looking(3, 0, 1, 0));
    scripted_voter_expect(&stage->three, leading(2, 0x200000001, 6, 3));

    scripted_voter_say(&stage->three, following(1, 0, 0, 0));
    scripted_voter_say(&stage->three, leading(3, 0, 0, 0));
    scripted_voter_say(&stage->three, observing(3, 0, 0, 0));
    quorum_peer_update_election_vote(stage->peer->self, 8);
    scripted_voter_say(&stage->three, looking(3, 0, 1, 0));

    scripted_voter_expect(&stage->three, leading(2, 0x200000001, 6, 8));
    assert_int_equal(election_peer_traced(stage->peer, "\"ev\":\"send\",\"to\":3"), 2);
}

/* FLE-05 */
static void fle_05_a_looking_server_answers_only_who_is_behind(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_expect(&stage->three, looking(2, 0, 1, 0));

    scripted_voter_say(&stage->three, looking(1, 0, 1, 0));   /* the same round */
    scripted_voter_say(&stage->three, following(1, 0, 0, 0)); /* behind, but settled */
    scripted_voter_say(&stage->three, leading(3, 0, 0, 7));
    scripted_voter_await_heard(&stage->three, stage->peer);
    assert_int_equal(election_peer_traced(stage->peer, "\"ev\":\"send\",\"to\":3"), 1);
    scripted_voter_say(&stage->three, looking(3, 99, 0, 9));

    scripted_voter_expect(&stage->three, looking(2, 0, 1, 0));
    assert_int_equal(election_peer_traced(stage->peer, "\"ev\":\"send\",\"to\":3"), 2);
}

/* D-330: 2 votes while 1 still follows a dead leader, and drops that vote. */
static void who_looks_later_with_a_worse_vote_hears_again_what_it_has_dropped(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->one, stage->peer);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_expect(&stage->one, looking(2, 0, 1, 0));
    scripted_voter_say(&stage->one, following(3, 0, 0, 0)); /* its answer */

    scripted_voter_say(&stage->one, looking(1, 0, 1, 0));

    scripted_voter_expect(&stage->one, looking(2, 0, 1, 0));
    scripted_voter_say(&stage->one, looking(2, 0, 1, 0));
    assert_true(election_peer_await_result(stage->peer));
    assert_int_equal(stage->peer->vote.id, 2);
}

/* D-330 */
static void a_voter_is_told_again_once_and_only_if_its_vote_is_worse(void **state)
{
    static const char ANSWER[] =
        "\"th\":\"WorkerReceiver[myid=2]\",\"ev\":\"enq\",\"q\":\"sendqueue\"";
    struct stage *stage = *state;
    scripted_voter_connect(&stage->one, stage->peer);
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->one, following(3, 0, 0, 0));
    scripted_voter_say(&stage->one, looking(1, 0, 1, 0));
    scripted_voter_say(&stage->one, looking(1, 0, 1, 0)); /* it does not listen */
    scripted_voter_await_heard(&stage->one, stage->peer);
    assert_int_equal(election_peer_traced(stage->peer, ANSWER), 1);

    scripted_voter_say(&stage->three, following(1, 0, 0, 0));
    scripted_voter_say(&stage->three, looking(2, 0, 1, 0)); /* our own vote */
    scripted_voter_await_heard(&stage->three, stage->peer);
    assert_int_equal(election_peer_traced(stage->peer, ANSWER), 1);
}

struct leader_seen {
    struct quorum_peer_role role;
    int64_t sids[8];
    bool with_vote_set[8];
    size_t acks[8];
    struct zk_atomic_long count;
};

static void see_looking_sid(struct quorum_peer_role *role,
                            const struct synced_learner_tracker *vote_set, int64_t sid)
{
    struct leader_seen *seen = (struct leader_seen *)role;
    size_t i = (size_t)zk_atomic_long_get(&seen->count);
    seen->sids[i] = sid;
    seen->with_vote_set[i] = vote_set != NULL;
    seen->acks[i] = vote_set != NULL ? vote_set->pairs[0].acks.count : 0;
    zk_atomic_long_add(&seen->count, 1);
}

static void do_nothing(struct quorum_peer_role *role)
{
    (void)role;
}

static const struct quorum_peer_role_methods leader_seen_methods = {
    .shutdown = do_nothing,
    .report_looking_sid = see_looking_sid,
    .destroy = do_nothing,
};

/* The set of voters that elected it is handed to the leader once, with the first LOOKING voter. */
static void a_leader_hears_who_looks_and_once_who_elected_it(void **state)
{
    struct stage *stage = *state;
    struct leader_seen seen = {0};
    quorum_peer_role_init(&seen.role, &leader_seen_methods, NULL);
    zk_atomic_long_init(&seen.count, 0);
    scripted_voter_connect(&stage->one, stage->peer);
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->one, looking(2, 0, 1, 0));
    assert_true(election_peer_await_result(stage->peer));
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_LEADING);
    scripted_voter_say(&stage->three, looking(3, 0, 1, 0)); /* before there is a leader object */
    scripted_voter_await(&stage->three, leading(2, 0, 1, 0));

    quorum_peer_set_role(stage->peer->self, &seen.role);
    scripted_voter_say(&stage->three, looking(3, 0, 1, 0));
    scripted_voter_expect(&stage->three, leading(2, 0, 1, 0));
    scripted_voter_say(&stage->three, looking(3, 0, 1, 0));
    scripted_voter_expect(&stage->three, leading(2, 0, 1, 0));
    quorum_peer_set_role(stage->peer->self, NULL);

    assert_int_equal(zk_atomic_long_get(&seen.count), 2);
    assert_int_equal(seen.sids[0], 3);
    assert_true(seen.with_vote_set[0]);
    assert_int_equal(seen.acks[0], 2); /* 1 and 2 */
    assert_false(seen.with_vote_set[1]);
}

/* --- 5.4: a newer configuration --- */

static void say_with_config(struct scripted_voter *voter, struct ballot ballot, int64_t version,
                            const char *more)
{
    struct zk_str text = {0};
    char *config = test_ensemble_text(voter->ensemble, version);
    zk_str_printf(&text, "%s%s", more, config);
    struct buf *message = test_notification(ballot, 2, zk_str_text(&text));
    scripted_voter_send_frame(voter, message->bytes, message->length);
    buf_unref(message);
    free(config);
    zk_str_done(&text);
}

#define SERVER_FIVE "server.5=127.0.0.1:1005:2005:participant\n"

static void a_newer_configuration_restarts_a_looking_servers_election(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);

    say_with_config(&stage->three, looking(3, 99, 1, 9), 1, SERVER_FIVE);

    assert_false(election_peer_await_result(stage->peer)); /* at once: the wait was of 60 s */
    assert_true(quorum_peer_take_shutting_down_le(stage->peer->self));
    assert_int_equal(election_peer_logged(stage->peer, "restarting leader election"), 1);
    assert_int_equal(election_peer_logged(stage->peer, "2 Received version: 1 my version: 0"), 1);
    assert_int_equal(election_peer_logged(stage->peer, "n.sid:3"), 0); /* dropped */
    election_peer_restart(stage->peer); /* what the main thread does then */
    election_peer_start(stage->peer);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_expect_end(&stage->three);
    scripted_voter_connect(&stage->three, stage->peer);
    scripted_voter_await(&stage->three, looking(2, 0, 1, 0)); /* rounds start anew */
}

/* The same members, which the sender has with the addresses for clients: its text differs for ever.
 * D-32: of what is taken over only the version is new. */
static void with_the_setting_a_newer_version_restarts_one_election_and_no_more(void **state)
{
    struct stage *stage = *state;
    struct quorum_peer *self = stage->peer->self;
    stage->peer->config->reconfig_enabled = true;
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);

    char *config = test_ensemble_text(stage->three.ensemble, 7);
    struct zk_str text = {0};
    for (const char *at = config; *at != '\0'; at++) {
        if (*at == '\n')
            zk_str_append(&text, ";127.0.0.1:2181");
        zk_str_append_bytes(&text, at, 1);
    }
    struct buf *message = test_notification(looking(3, 99, 1, 9), 2, zk_str_text(&text));
    scripted_voter_send_frame(&stage->three, message->bytes, message->length);
    assert_false(election_peer_await_result(stage->peer));
    assert_true(quorum_peer_take_shutting_down_le(self));
    assert_int_equal(quorum_peer_quorum_verifier(self)->version, 7);
    buf_unref(message);
    zk_str_done(&text);
    free(config);
}

static void the_same_members_with_a_newer_version_restart_nothing(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);

    say_with_config(&stage->three, looking(2, 0, 1, 0), 1, "");

    assert_true(election_peer_await_result(stage->peer));
    assert_false(quorum_peer_take_shutting_down_le(stage->peer->self));
}

/* Java: processReconfig() comes before the question whether the members differ. */
static void with_the_setting_the_same_members_version_is_taken_over_without_a_restart(void **state)
{
    struct stage *stage = *state;
    struct quorum_peer *self = stage->peer->self;
    stage->peer->config->reconfig_enabled = true;
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);

    say_with_config(&stage->three, looking(2, 0, 1, 0), 7, "");

    assert_true(election_peer_await_result(stage->peer));
    assert_false(quorum_peer_take_shutting_down_le(self));
    assert_int_equal(quorum_peer_quorum_verifier(self)->version, 7);
}

static void an_equal_version_is_not_newer_whatever_it_lists(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look_and_vote(stage->peer);

    say_with_config(&stage->three, looking(2, 0, 1, 0), 0, SERVER_FIVE);

    assert_true(election_peer_await_result(stage->peer));
}

static void a_settled_server_answers_who_has_a_newer_configuration(void **state)
{
    struct stage *stage = *state;
    settle(stage, SERVER_STATE_LEADING, 2);
    scripted_voter_connect(&stage->three, stage->peer);

    say_with_config(&stage->three, looking(3, 99, 1, 9), 1, SERVER_FIVE);

    scripted_voter_expect(&stage->three, leading(2, 0x200000001, 6, 3));
    assert_false(quorum_peer_take_shutting_down_le(stage->peer->self));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(fle_12_damaged_messages_are_skipped_and_the_next_vote_counts),
        STAGED(fle_12_no_configuration_ends_the_thread_and_the_vote_counts),
        STAGED(fle_12_votes_of_28_and_40_bytes_count),
        STAGED(fle_05_a_stranger_is_answered_in_any_state_and_never_counted),
        STAGED(fle_05_a_stranger_hears_the_vote_of_before_and_the_round_of_now),
        STAGED(fle_17_an_observer_is_answered_and_not_counted),
        STAGED(without_a_current_vote_a_stranger_gets_no_answer),
        STAGED(fle_05_a_settled_server_answers_looking_voters_with_its_vote_and_round),
        STAGED(fle_05_a_settled_server_does_not_answer_the_settled),
        STAGED(fle_05_a_looking_server_answers_only_who_is_behind),
        STAGED(who_looks_later_with_a_worse_vote_hears_again_what_it_has_dropped),
        STAGED(a_voter_is_told_again_once_and_only_if_its_vote_is_worse),
        STAGED(a_leader_hears_who_looks_and_once_who_elected_it),
        STAGED(a_newer_configuration_restarts_a_looking_servers_election),
        STAGED(with_the_setting_a_newer_version_restarts_one_election_and_no_more),
        STAGED(the_same_members_with_a_newer_version_restart_nothing),
        STAGED(with_the_setting_the_same_members_version_is_taken_over_without_a_restart),
        STAGED(an_equal_version_is_not_newer_whatever_it_lists),
        STAGED(a_settled_server_answers_who_has_a_newer_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
