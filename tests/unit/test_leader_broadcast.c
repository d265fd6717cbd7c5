/* What a leader in office does with proposals, acknowledgements and syncs. The leader has its
 * processors and their threads, and learners that are played by looking into their queues. Java:
 * ZabLeaderTest, QuorumMajorityTest, LeaderMetricsTest */
#include <errno.h>
#include <stdlib.h>

#include "testing_peer.h"
#include "zab/leader_internal.h"
#include "zab/leader_zookeeper_server.h"
#include "zab/learner_handler_internal.h"
#include "zab/lock_ranks.h"
#include "zk/base/panic.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/sock.h"
#include "zk/jute/op_code.h"
#include "zk/jute/quorum.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"
#include "zk/server/request.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

enum { OBSERVER = 4, STRANGER = 9 };

static const int64_t EPOCH = 0x100000000;

struct stage {
    struct testing_peer peer; /* server 3 of 1, 2, 3; 4 observes */
    struct leader *leader;
};

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    struct testing_peer_options options = testing_peer_options_default(3);
    options.observers = 1;
    options.setting = "zookeeper.snapshotSizeFactor";
    options.value = "0";
    testing_peer_init(&stage->peer, &options);
    struct leader *leader = leader_new(stage->peer.self);
    stage->leader = leader;
    leader->last_proposed = EPOCH;
    leader->last_committed = EPOCH;
    zookeeper_server_set_zxid(leader->role.zk, EPOCH);
    assert_int_equal(0, zookeeper_server_startup(leader->role.zk));
    zk_database_set_last_processed_zxid(stage->peer.database, EPOCH);
    leader->running = true;
    *state = stage;
    return 0;
}

static void remove_learners(struct leader *leader)
{
    size_t count;
    struct learner_handler **learners = leader_get_learners(leader, &count);
    for (size_t i = 0; i < count; i++) {
        leader->master.ops->remove_learner_handler(&leader->master, learners[i]);
        learner_handler_unref(learners[i]); /* the test's, of connect_learner */
    }
    leader_free_learners(learners, count);
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    leader_shutdown(stage->leader, -ECANCELED, "the test is over");
    zookeeper_server_shutdown(stage->leader->role.zk);
    remove_learners(stage->leader);
    leader_free(stage->leader);
    testing_peer_done(&stage->peer);
    free(stage);
    return 0;
}

/* A handler without threads that is listed; its queue shows what it would send. It stays the
 * stage's. */
static struct learner_handler *connect_learner(struct stage *stage, int64_t sid)
{
    struct learner_master *master = &stage->leader->master;
    struct sock *sock;
    assert_int_equal(0, sock_new(stage->peer.ctx, INET_V4, &sock));
    struct learner_handler *handler = learner_handler_new(master, sock);
    handler->sid = sid;
    handler->learner_type = sid == OBSERVER ? LEARNER_TYPE_OBSERVER : LEARNER_TYPE_PARTICIPANT;
    assert_int_equal(0, master->ops->add_learner_handler(master, handler));
    master->ops->register_learner_handler(master, handler);
    return handler;
}

static void forward_from(struct stage *stage, struct learner_handler *handler, int64_t zxid)
{
    struct learner_master *master = &stage->leader->master;
    leader_hold_proposals(master);
    leader_start_forwarding(master, handler, zxid);
    leader_release_proposals(master);
}

static struct learner_handler *forward_to(struct stage *stage, int64_t sid)
{
    struct learner_handler *handler = connect_learner(stage, sid);
    forward_from(stage, handler, stage->leader->last_proposed);
    return handler;
}

/* createSession: a transaction that always succeeds, whose session is the counter of its zxid. */
static struct request *write_request(int64_t zxid)
{
    struct txn_header header = {
        .client_id = zxid_counter(zxid), .zxid = zxid, .type = OP_CODE_CREATE_SESSION};
    union txn_record record = {.create_session = {.time_out_ms = 30000}};
    struct txn_log_entry *entry = txn_log_entry_new(&header, &record, NULL);
    struct request *request = request_new_of_txn(entry);
    txn_log_entry_unref(entry);
    return request;
}

/* As ProposalRequestProcessor does, but that our own log is not written. */
static void propose(struct stage *stage, int64_t counter)
{
    struct request *request = write_request(EPOCH + counter);
    assert_int_equal(0, leader_propose(stage->leader, request));
    request_unref(request);
}

static void ack(struct stage *stage, int64_t sid, int64_t counter)
{
    leader_process_ack(stage->leader, sid, EPOCH + counter);
    leader_wake(stage->leader);
}

/* What was queued since the last look: "PROPOSAL 1, COMMIT 1": counters. */
static void expect_queue(struct learner_handler *handler, const char *expected)
{
    struct zk_str text = {0};
    void *item;
    while (bq_poll(handler->queued_packets, 0, &item) == 0) {
        struct quorum_packet *packet = item;
        if (text.length > 0)
            zk_str_append(&text, ", ");
        zk_str_append(&text, quorum_packet_type_name(packet->type));
        zk_str_append(&text, " ");
        zk_str_append_hex(&text, zxid_counter(packet->zxid));
        quorum_packet_free(packet);
    }
    assert_string_equal(expected, zk_str_text(&text));
    zk_str_done(&text);
}

static bool is_applied(void *arg)
{
    struct stage *stage = arg;
    zk_mutex_lock(&stage->leader->mu);
    int64_t committed = stage->leader->last_committed;
    bool all = proposal_list_count(&stage->leader->to_be_applied) == 0;
    zk_mutex_unlock(&stage->leader->mu);
    return all && zk_database_last_processed_zxid(stage->peer.database) == committed;
}

/* --- BRD-01: the commit rule ------------------------------------------------------------------ */

static void brd_01_quorum_of_acks_commits(void **state)
{
    struct stage *stage = *state;
    struct learner_handler *one = forward_to(stage, 1);
    struct learner_handler *two = forward_to(stage, 2);
    struct learner_handler *observer = forward_to(stage, OBSERVER);

    propose(stage, 1);
    expect_queue(one, "PROPOSAL 1");
    expect_queue(observer, "");
    ack(stage, 1, 1);
    expect_queue(one, "");
    ack(stage, 2, 1); /* the leader's own is not needed */

    expect_queue(one, "COMMIT 1");
    expect_queue(two, "PROPOSAL 1, COMMIT 1");
    expect_queue(observer, "INFORM 1");
    test_await(is_applied, stage);
}

static void brd_01_commits_go_in_the_order_of_zxids(void **state)
{
    struct stage *stage = *state;
    struct learner_handler *one = forward_to(stage, 1);
    struct learner_handler *observer = forward_to(stage, OBSERVER);
    propose(stage, 1);
    propose(stage, 2);
    propose(stage, 3);
    ack(stage, 1, 1);
    ack(stage, 1, 2);
    ack(stage, 2, 2);
    ack(stage, 3, 2);
    expect_queue(one, "PROPOSAL 1, PROPOSAL 2, PROPOSAL 3");

    ack(stage, 3, 1);

    expect_queue(one, "COMMIT 1, COMMIT 2");
    expect_queue(observer, "INFORM 1, INFORM 2");
    test_await(is_applied, stage);
}

/* While a configuration is about to replace another, both must agree. */
static void brd_01_quorum_of_every_configuration_is_needed(void **state)
{
    struct stage *stage = *state;
    struct learner_handler *one = forward_to(stage, 1);
    struct testing_peer other;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.voters = 5;
    testing_peer_init(&other, &options);
    propose(stage, 1);
    struct proposal *proposal = proposal_list_at(&stage->leader->outstanding_proposals, 0);
    synced_learner_tracker_add_quorum_verifier(&proposal->tracker,
                                               quorum_peer_quorum_verifier(other.self));
    ack(stage, 3, 1);
    ack(stage, 1, 1);
    expect_queue(one, "PROPOSAL 1");

    ack(stage, 5, 1);

    expect_queue(one, "COMMIT 1");
    test_await(is_applied, stage);
    testing_peer_done(&other);
}

/* --- BRD-02: what does not count -------------------------------------------------------------- */

static void brd_02_strangers_and_observers_do_not_count(void **state)
{
    struct stage *stage = *state;
    struct learner_handler *one = forward_to(stage, 1);
    propose(stage, 1);
    ack(stage, 3, 1);

    ack(stage, STRANGER, 1);
    ack(stage, OBSERVER, 1);
    ack(stage, -1, 1);

    expect_queue(one, "PROPOSAL 1");
    ack(stage, 1, 1);
    expect_queue(one, "COMMIT 1");
}

static void brd_02_twice_from_one_server_counts_once(void **state)
{
    struct stage *stage = *state;
    struct learner_handler *one = forward_to(stage, 1);
    propose(stage, 1);

    ack(stage, 1, 1);
    ack(stage, 1, 1);

    expect_queue(one, "PROPOSAL 1");
}

/* The leader's own SyncThread counts as 3. */
static void brd_02_learner_with_the_leaders_own_id_counts_as_the_leader(void **state)
{
    struct stage *stage = *state;
    struct learner_handler *one = forward_to(stage, 1);
    struct learner_handler *three = forward_to(stage, 3);
    propose(stage, 1);
    ack(stage, 3, 1);

    leader_process_learner_ack(&stage->leader->master, three, EPOCH + 1);
    expect_queue(one, "PROPOSAL 1");

    ack(stage, 1, 1);
    expect_queue(one, "COMMIT 1");
}

/* It is told to cut off what it has acknowledged, and gets it anew: until it has it again, its word
 * does not count, whichever connection brings it. */
static void brd_02_what_a_learner_acknowledged_before_it_came_back_does_not_count(void **state)
{
    struct stage *stage = *state;
    struct learner_master *master = &stage->leader->master;
    struct learner_handler *before = forward_to(stage, 1);
    propose(stage, 1);
    propose(stage, 2);
    master->ops->process_ack(master, before, EPOCH + 1);

    struct learner_handler *again = connect_learner(stage, 1);
    forward_from(stage, again, EPOCH);
    master->ops->process_ack(master, before, EPOCH + 2); /* it was late */
    ack(stage, 3, 1);
    ack(stage, 3, 2);
    expect_queue(again, "PROPOSAL 1, PROPOSAL 2");

    master->ops->process_ack(master, again, EPOCH + 1);
    expect_queue(again, "COMMIT 1");
    leader_wake(stage->leader);
    test_await(is_applied, stage);
}

/* A learner is back before the handler of the connection that it has left gets to forwarding. */
static void brd_02_slow_handler_of_a_connection_that_was_left_replaces_no_younger_one(void **state)
{
    struct stage *stage = *state;
    struct learner_master *master = &stage->leader->master;
    struct learner_handler *before = connect_learner(stage, 1);
    struct learner_handler *again = connect_learner(stage, 1);
    forward_from(stage, again, EPOCH);
    propose(stage, 1);
    master->ops->process_ack(master, again, EPOCH + 1);

    forward_from(stage, before, EPOCH);
    propose(stage, 2);
    master->ops->process_ack(master, again, EPOCH + 2);
    ack(stage, 3, 1);
    ack(stage, 3, 2);

    expect_queue(again, "PROPOSAL 1, PROPOSAL 2, COMMIT 1, COMMIT 2");
}

/* Two servers have the same id, and the one that came later leaves. The other one was left out of
 * all counting since; to be counted again it must come back, for what it acknowledged meanwhile it
 * may have cut off. */
static void brd_02_older_connection_ends_with_the_younger_one_that_took_its_place(void **state)
{
    struct stage *stage = *state;
    struct learner_master *master = &stage->leader->master;
    struct learner_handler *before = forward_to(stage, 1);
    struct learner_handler *other = forward_to(stage, 2);
    struct learner_handler *again = forward_to(stage, 1);
    assert_true(testing_peer_logged(&stage->peer, "learner called again sid=1"));

    master->ops->remove_learner_handler(master, again);
    learner_handler_unref(again);

    assert_false(learner_handler_synced(before));
    assert_true(learner_handler_synced(other));
    assert_true(testing_peer_logged(&stage->peer, "learner dropped sid=1"));
}

static void brd_02_younger_connection_stays_when_the_older_one_ends(void **state)
{
    struct stage *stage = *state;
    struct learner_master *master = &stage->leader->master;
    struct learner_handler *before = forward_to(stage, 1);
    struct learner_handler *again = forward_to(stage, 1);

    master->ops->remove_learner_handler(master, before);
    learner_handler_unref(before);

    assert_true(learner_handler_synced(again));
    assert_false(testing_peer_logged(&stage->peer, "learner dropped sid=1"));
    propose(stage, 1);
    master->ops->process_ack(master, again, EPOCH + 1);
    ack(stage, 3, 1);
    expect_queue(again, "PROPOSAL 1, COMMIT 1");
}

static void brd_02_acks_of_what_is_not_outstanding_are_passed_over(void **state)
{
    struct stage *stage = *state;
    struct learner_handler *one = forward_to(stage, 1);
    ack(stage, 1, 0); /* of UPTODATE */
    ack(stage, 1, 7); /* nothing is outstanding */
    assert_true(testing_peer_logged(&stage->peer, "outstanding is 0"));
    propose(stage, 1);
    propose(stage, 2);
    ack(stage, 1, 1);
    ack(stage, 2, 1);

    ack(stage, 3, 1); /* committed already */
    ack(stage, 1, 9); /* never proposed */

    expect_queue(one, "PROPOSAL 1, PROPOSAL 2, COMMIT 1");
    assert_true(testing_peer_logged(&stage->peer, "proposal has already been committed"));
    assert_true(testing_peer_logged(&stage->peer, "Trying to commit future proposal: zxid "
                                                  "0x100000009 from 1"));
    ack(stage, 1, 10); /* the second has a line, and the third has none (D-334) */
    ack(stage, 1, 11);
    assert_true(testing_peer_logged(&stage->peer, "future proposal: zxid 0x10000000a"));
    assert_false(testing_peer_logged(&stage->peer, "future proposal: zxid 0x10000000b"));
}

/* --- BRD-06: the counter runs out ------------------------------------------------------------- */

static void brd_06_last_zxid_of_an_epoch_ends_the_term(void **state)
{
    struct stage *stage = *state;
    struct request *last_but_one = write_request(EPOCH + 0xfffffffe);
    struct request *last = write_request(EPOCH + 0xffffffff);
    struct request *next = write_request(2 * EPOCH);
    assert_int_equal(0, leader_propose(stage->leader, last_but_one));

    assert_int_equal(-EOVERFLOW, leader_propose(stage->leader, last));

    assert_true(leader_is_stopping(stage->leader));
    assert_true(testing_peer_logged(&stage->peer, "zxid lower 32 bits have rolled over, forcing "
                                                  "re-election, and therefore new epoch start"));
    /* What stands behind it in the queue is not proposed in an epoch that nobody voted for. */
    assert_int_equal(-ECANCELED, leader_propose(stage->leader, next));
    request_unref(last_but_one);
    request_unref(last);
    request_unref(next);
}

/* --- SYNC ------------------------------------------------------------------------------------- */

static void sync_of(struct stage *stage, struct learner_handler *handler)
{
    struct request *request = request_new(NULL, 0x11, 1, OP_CODE_SYNC, NULL, NULL);
    request->owner = learner_handler_get_owner(handler);
    request->learner = handler;
    leader_process_sync(stage->leader, request);
    request_unref(request);
}

static void sync_is_answered_at_once_while_nothing_is_outstanding(void **state)
{
    struct stage *stage = *state;
    struct learner_handler *one = forward_to(stage, 1);
    sync_of(stage, one);
    expect_queue(one, "SYNC 0");
}

static void sync_is_answered_behind_the_commit_of_what_was_proposed_before_it(void **state)
{
    struct stage *stage = *state;
    struct learner_handler *one = forward_to(stage, 1);
    struct learner_handler *two = forward_to(stage, 2);
    propose(stage, 1);
    propose(stage, 2);
    sync_of(stage, one);
    sync_of(stage, two);
    propose(stage, 3);
    ack(stage, 1, 1);
    ack(stage, 2, 1);
    expect_queue(one, "PROPOSAL 1, PROPOSAL 2, PROPOSAL 3, COMMIT 1");
    struct leader_status status;
    quorum_peer_set_role(stage->peer.self, &stage->leader->role);
    assert_true(quorum_peer_get_leader_status(stage->peer.self, &status));
    quorum_peer_set_role(stage->peer.self, NULL);
    assert_int_equal(2, status.pending_syncs);

    ack(stage, 1, 2);
    ack(stage, 2, 2);

    expect_queue(one, "COMMIT 2, SYNC 0");
    expect_queue(two, "PROPOSAL 1, PROPOSAL 2, PROPOSAL 3, COMMIT 1, COMMIT 2, SYNC 0");
}

/* D-241: in Java it is a read, which may be answered from a tree that followers left behind. */
static void sync_of_our_own_client_waits_for_what_was_proposed_before_it(void **state)
{
    struct stage *stage = *state;
    struct leader_status status;
    struct request *sync = request_new(NULL, 0x11, 1, OP_CODE_SYNC, NULL, NULL);
    forward_to(stage, 1);
    forward_to(stage, 2);
    quorum_peer_set_role(stage->peer.self, &stage->leader->role);
    leader_process_sync(stage->leader, sync); /* nothing is outstanding */
    propose(stage, 1);
    leader_process_sync(stage->leader, sync);
    assert_true(quorum_peer_get_leader_status(stage->peer.self, &status));
    assert_int_equal(1, status.pending_syncs);

    ack(stage, 1, 1);
    ack(stage, 2, 1);

    assert_true(quorum_peer_get_leader_status(stage->peer.self, &status));
    assert_int_equal(0, status.pending_syncs);
    quorum_peer_set_role(stage->peer.self, NULL);
    request_unref(sync);
}

/* Its request has waited in a queue meanwhile; a new handler may lie at the same address. */
static void sync_of_a_learner_that_is_gone_is_dropped(void **state)
{
    struct stage *stage = *state;
    struct learner_master *master = &stage->leader->master;
    struct learner_handler *one = connect_learner(stage, 1);
    struct learner_handler *two = forward_to(stage, 2);
    struct request *of_gone = request_new(NULL, 0x11, 1, OP_CODE_SYNC, NULL, NULL);
    of_gone->owner = learner_handler_get_owner(one);
    of_gone->learner = one;
    struct request *of_namesake = request_new(NULL, 0x11, 1, OP_CODE_SYNC, NULL, NULL);
    of_namesake->owner = learner_handler_get_owner(one);
    of_namesake->learner = two;
    master->ops->remove_learner_handler(master, one);
    learner_handler_unref(one);

    leader_process_sync(stage->leader, of_gone);
    leader_process_sync(stage->leader, of_namesake);

    expect_queue(two, "");
    request_unref(of_gone);
    request_unref(of_namesake);
}

/* --- joiners ---------------------------------------------------------------------------------- */

/* Committed proposals that are not in the tree yet: the test puts them where CommitProcessor's
 * thread does not take them off. */
static void stand_between_commit_and_tree(struct stage *stage, int64_t counter)
{
    struct request *request = write_request(EPOCH + counter);
    proposal_list_append(&stage->leader->to_be_applied, proposal_new(request));
    request_unref(request);
}

static void joiner_is_told_of_what_is_between_commit_and_tree_and_of_what_is_outstanding(
    void **state)
{
    struct stage *stage = *state;
    stand_between_commit_and_tree(stage, 1);
    stand_between_commit_and_tree(stage, 2);
    stage->leader->last_committed = EPOCH + 2;
    propose(stage, 3);
    propose(stage, 4);
    struct learner_handler *one = connect_learner(stage, 1);
    struct learner_handler *two = connect_learner(stage, 2);
    struct learner_handler *observer = connect_learner(stage, OBSERVER);

    forward_from(stage, one, EPOCH);
    forward_from(stage, two, EPOCH + 1);
    forward_from(stage, observer, EPOCH);

    expect_queue(one, "PROPOSAL 1, COMMIT 1, PROPOSAL 2, COMMIT 2, PROPOSAL 3, PROPOSAL 4");
    expect_queue(two, "PROPOSAL 2, COMMIT 2, PROPOSAL 3, PROPOSAL 4");
    expect_queue(observer, "PROPOSAL 1, COMMIT 1, PROPOSAL 2, COMMIT 2");
    ack(stage, 3, 3);
    ack(stage, 1, 3);
    expect_queue(two, "COMMIT 3");
    expect_queue(observer, "INFORM 3");
}

/* A stream of writes through all processors, one follower that acknowledges, and learners that join
 * all the while: each hears of every transaction once and in order. */
struct stream {
    struct stage *stage;
    struct zk_mutex mu;
    bool over; /* guarded by mu */
    int64_t last;
    struct learner_handler *follower;
};

enum { WRITES = 1200 };

static void write_thread(void *arg)
{
    struct stream *stream = arg;
    for (int64_t session = 1; session <= WRITES; session++) {
        struct buf *timeout = buf_new(4);
        buf_put_int(timeout, 1000000000); /* none of them expires meanwhile */
        struct request *request =
            request_new(NULL, session, 0, OP_CODE_CREATE_SESSION, timeout, NULL);
        request->owner = learner_handler_get_owner(stream->follower);
        int r = leader_submit_learner_request(&stream->stage->leader->master, request);
        zk_assert(r == 0);
        leader_wake_for_learner(&stream->stage->leader->master);
        request_unref(request);
        buf_unref(timeout);
    }
}

static void ack_thread(void *arg)
{
    struct stream *stream = arg;
    for (int64_t acked = 0; acked < WRITES;) {
        void *item;
        if (bq_poll(stream->follower->queued_packets, TEST_PATIENCE_MS, &item) < 0)
            break;
        struct quorum_packet *packet = item;
        if (packet->type == LEADER_PROPOSAL) {
            leader_process_ack(stream->stage->leader, 1, packet->zxid);
            leader_wake(stream->stage->leader);
            acked++;
        }
        quorum_packet_free(packet);
    }
    zk_mutex_lock(&stream->mu);
    stream->over = true;
    zk_mutex_unlock(&stream->mu);
}

/* One joiner: what it has before anything is queued to it. */
struct joiner {
    struct learner_handler *handler;
    int64_t from; /* it has everything up to this zxid */
    bool snap;
};

static void join(struct stage *stage, struct joiner *joiner, int64_t sid, int64_t behind)
{
    joiner->handler = connect_learner(stage, sid);
    int64_t zxid = zk_database_last_processed_zxid(stage->peer.database) - behind;
    joiner->from = zxid < EPOCH ? EPOCH : zxid;
    joiner->snap = learner_handler_sync_follower(joiner->handler, joiner->from);
    if (joiner->snap)
        buf_unref(testing_peer_snapshot(&stage->peer, &joiner->from));
}

static void expect_everything_once(struct joiner *joiner)
{
    int64_t told = -1;
    int64_t committed = -1;
    void *item;
    while (bq_poll(joiner->handler->queued_packets, 0, &item) == 0) {
        struct quorum_packet *packet = item;
        int64_t zxid = packet->zxid;
        if (packet->type == LEADER_PROPOSAL || packet->type == LEADER_INFORM) {
            assert_true(told == -1 ? zxid <= joiner->from + 1 : zxid == told + 1);
            told = zxid;
        }
        if (packet->type == LEADER_COMMIT || packet->type == LEADER_INFORM) {
            assert_true(committed == -1 || zxid == committed + 1);
            assert_true(zxid <= told);
            committed = zxid;
        }
        quorum_packet_free(packet);
    }
    int64_t last = EPOCH + WRITES;
    assert_true(committed == last || (committed == -1 && joiner->from == last));
    assert_true(told == last || (told == -1 && joiner->from == last));
}

static bool all_is_applied(void *arg)
{
    struct stage *stage = arg;
    return is_applied(stage) &&
           zk_database_last_processed_zxid(stage->peer.database) == EPOCH + WRITES;
}

/* MC-05, MC-06, RST-10 */
static void joiners_amid_a_stream_of_writes_miss_nothing(void **state)
{
    struct stage *stage = *state;
    struct stream stream = {.stage = stage, .follower = forward_to(stage, 1)};
    zk_mutex_init(&stream.mu, stage->peer.ctx, "stream", ZK_RANK_LEARNER_HANDLER);
    struct zk_thread_group *threads = zk_thread_group_new(stage->peer.ctx);
    assert_int_equal(0, zk_thread_group_start(threads, ack_thread, &stream, "acks"));
    assert_int_equal(0, zk_thread_group_start(threads, write_thread, &stream, "writes"));

    enum { MOST_JOINERS = 100 };
    static struct joiner joiners[MOST_JOINERS];
    static const int64_t behind[] = {0, 3, 200, 600, 1000};
    size_t count = 0;
    size_t snaps = 0;
    for (bool over = false; !over && count < MOST_JOINERS; count++) {
        join(stage, &joiners[count], count % 3 == 2 ? OBSERVER : 2, behind[count % 5]);
        snaps += joiners[count].snap;
        zk_mutex_lock(&stream.mu);
        over = stream.over;
        zk_mutex_unlock(&stream.mu);
    }
    zk_thread_group_free(threads);
    test_await(all_is_applied, stage);

    assert_true(snaps < count);
    for (size_t i = 0; i < count; i++)
        expect_everything_once(&joiners[i]);
    zk_mutex_destroy(&stream.mu);
}

int main(void)
{
#define WITH_LEADER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_LEADER(brd_01_quorum_of_acks_commits),
        WITH_LEADER(brd_01_commits_go_in_the_order_of_zxids),
        WITH_LEADER(brd_01_quorum_of_every_configuration_is_needed),
        WITH_LEADER(brd_02_strangers_and_observers_do_not_count),
        WITH_LEADER(brd_02_twice_from_one_server_counts_once),
        WITH_LEADER(brd_02_learner_with_the_leaders_own_id_counts_as_the_leader),
        WITH_LEADER(brd_02_what_a_learner_acknowledged_before_it_came_back_does_not_count),
        WITH_LEADER(brd_02_slow_handler_of_a_connection_that_was_left_replaces_no_younger_one),
        WITH_LEADER(brd_02_older_connection_ends_with_the_younger_one_that_took_its_place),
        WITH_LEADER(brd_02_younger_connection_stays_when_the_older_one_ends),
        WITH_LEADER(brd_02_acks_of_what_is_not_outstanding_are_passed_over),
        WITH_LEADER(brd_06_last_zxid_of_an_epoch_ends_the_term),
        WITH_LEADER(sync_is_answered_at_once_while_nothing_is_outstanding),
        WITH_LEADER(sync_is_answered_behind_the_commit_of_what_was_proposed_before_it),
        WITH_LEADER(sync_of_our_own_client_waits_for_what_was_proposed_before_it),
        WITH_LEADER(sync_of_a_learner_that_is_gone_is_dropped),
        WITH_LEADER(joiner_is_told_of_what_is_between_commit_and_tree_and_of_what_is_outstanding),
        WITH_LEADER(joiners_amid_a_stream_of_writes_miss_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
