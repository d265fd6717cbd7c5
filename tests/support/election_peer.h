/* Elections on a stage: a real peer (quorum_peer, connection manager, election) made from a
 * configuration in a temporary directory, and scripted voters at the far ends of its election port.
 *
 * A scripted voter lives in the test's own thread: it says frames and reads frames, and knows no
 * rules. A voter with a larger sid dials; one with a smaller sid announces itself and is called
 * back, as the protocol has it. All ports are free ones of 127.0.0.1. */
#ifndef ZK_ELECTION_PEER_H
#define ZK_ELECTION_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/election/fast_leader_election.h"
#include "zk/election/notification.h"
#include "zk/election/quorum_cnx_manager.h"
#include "zk/io/sock.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/server_status.h"
#include "zk_test.h"

/* --- who is in the ensemble --- */

enum { TEST_ENSEMBLE_MAX = 16 };

struct test_ensemble {
    size_t count;
    int64_t sids[TEST_ENSEMBLE_MAX];
    bool observers[TEST_ENSEMBLE_MAX];
    uint16_t quorum_ports[TEST_ENSEMBLE_MAX];
    uint16_t election_ports[TEST_ENSEMBLE_MAX];
    const char *more; /* further lines of the configuration: groups, weights; borrowed */
    /* Instead of 127.0.0.1 with its ports: any server's part of its line, as "a:1:2|b:3:4";
     * borrowed. NULL: none. */
    const char *addresses[TEST_ENSEMBLE_MAX];
    bool multi_address; /* zookeeper.multiAddress.enabled */
};

/* members: "1 2 3", with an 'o' behind the id of an observer: "1 2 3o". */
void test_ensemble_init(struct test_ensemble *ensemble, const char *members);
uint16_t test_ensemble_port(const struct test_ensemble *ensemble, int64_t sid);
/* Returns the configuration as notifications carry it, in ascending order of sid; the caller frees
 * it. */
char *test_ensemble_text(const struct test_ensemble *ensemble, int64_t version);

/* --- the peer under test --- */

struct election_peer {
    struct test_capture capture;
    char *directory;
    struct quorum_peer_config *config;
    struct file_txn_snap_log *snap_log;
    struct zk_database *database;
    struct quorum_peer *self;
    struct quorum_cnx_manager *qcm;
    struct fast_leader_election *fle;
    struct zk_thread_group *looking; /* the thread that runs fle_look_for_leader */
    int64_t look_began_ms;
    int64_t look_ended_ms; /* these three are valid after election_peer_await_result */
    bool decided;
    struct vote vote;
};

/* Lines for more_config below: the peer says nothing a second time. */
#define ELECTION_PEER_PATIENT "fastleader.minNotificationInterval=60000\n"

/* Makes a peer with an empty history; nothing runs yet. more_config: lines added to its zoo.cfg. */
struct election_peer *election_peer_new(const struct test_ensemble *ensemble, int64_t my_id,
                                        const char *more_config);
/* Gives it a history, before the election. */
void election_peer_set_history(struct election_peer *peer, int64_t zxid, int64_t epoch);
/* The listener alone: what is received stays in recvQueue. Returns when the port takes callers. */
void election_peer_listen(struct election_peer *peer);
/* Current vote for itself, then listener, WorkerSender and WorkerReceiver; returns when the port
 * takes callers. */
void election_peer_start(struct election_peer *peer);
/* Runs fle_look_for_leader in a thread of its own. */
void election_peer_look(struct election_peer *peer);
/* Runs it, and waits until the peer has counted its own vote. */
void election_peer_look_and_vote(struct election_peer *peer);
/* Waits until it returns. True: it has decided, and peer->vote is the vote. */
bool election_peer_await_result(struct election_peer *peer);
/* The election must have gone on until now: stop it. */
void election_peer_expect_still_looking(struct election_peer *peer);
/* Halts all and makes manager and election anew, not started. */
void election_peer_restart(struct election_peer *peer);
void election_peer_free(struct election_peer *peer);

enum server_state election_peer_state(struct election_peer *peer);

/* Return how often words occur in the trace, or in the log. */
size_t election_peer_traced(struct election_peer *peer, const char *words);
size_t election_peer_logged(struct election_peer *peer, const char *words);
/* Wait until words occur there count times. */
void election_peer_await_traced(struct election_peer *peer, const char *words, size_t count);
void election_peer_await_logged(struct election_peer *peer, const char *words, size_t count);
/* Waits until sid is connected, or is not. */
void election_peer_await_connected(struct election_peer *peer, int64_t sid, bool connected);
/* Waits until its context knows so many threads. */
void election_peer_await_threads(struct election_peer *peer, size_t count);

/* --- ballots: what a notification says --- */

struct ballot {
    int32_t state;
    int64_t leader;
    int64_t zxid;
    int64_t round;
    int64_t epoch;
};

struct ballot looking(int64_t leader, int64_t zxid, int64_t round, int64_t epoch);
struct ballot following(int64_t leader, int64_t zxid, int64_t round, int64_t epoch);
struct ballot leading(int64_t leader, int64_t zxid, int64_t round, int64_t epoch);
struct ballot observing(int64_t leader, int64_t zxid, int64_t round, int64_t epoch);

/* --- scripted voters --- */

struct scripted_voter {
    const struct test_ensemble *ensemble;
    struct zk_context *ctx; /* its own, quiet */
    int64_t sid;
    uint16_t port; /* where it can be called back */
    struct sock *listener;
    struct sock *sock; /* the kept connection; NULL: none */
    int64_t marks;
};

/* Listens; a sid outside the ensemble gets a port of its own. */
void scripted_voter_init(struct scripted_voter *voter, const struct test_ensemble *ensemble,
                         int64_t sid);
void scripted_voter_done(struct scripted_voter *voter);

/* Gets the one connection with the peer, whichever way the sids demand. */
void scripted_voter_connect(struct scripted_voter *voter, struct election_peer *peer);
void scripted_voter_hang_up(struct scripted_voter *voter);

/* The steps of connecting. dial waits until somebody listens, and returns a socket on which nothing
 * has been said; accept waits for a caller, checks that its initial message is that of caller, and
 * keeps the connection. */
struct sock *scripted_voter_dial(struct scripted_voter *voter, uint16_t port);
void scripted_voter_accept(struct scripted_voter *voter, int64_t caller);
struct buf *test_initial_message(int64_t version, int64_t sid, const char *addresses);
void scripted_voter_introduce(struct scripted_voter *voter, struct sock *sock);

void scripted_voter_say(struct scripted_voter *voter, struct ballot ballot);
/* A frame of any payload; any bytes. */
void scripted_voter_send_frame(struct scripted_voter *voter, const void *bytes, size_t length);
void scripted_voter_send(struct scripted_voter *voter, struct buf *bytes); /* takes bytes */
/* Returns the payload of a ballot with any version and configuration; the caller unrefs it. */
struct buf *test_notification(struct ballot ballot, int32_t version, const char *config);

/* Reads the next frame, and returns its payload, which the caller unrefs. */
struct buf *scripted_voter_read(struct scripted_voter *voter);
/* The next frame is this ballot, with the configuration of the ensemble. */
void scripted_voter_expect(struct scripted_voter *voter, struct ballot ballot);
/* Reads frames until one says this. */
void scripted_voter_await(struct scripted_voter *voter, struct ballot ballot);
/* The peer closes, perhaps after frames that are left to read. */
void scripted_voter_expect_end(struct scripted_voter *voter);
/* The far end of any socket closes without another byte. */
void test_expect_end(struct sock *sock);

/* --- messages of any text, for managers without an election --- */

void test_send_text(struct quorum_cnx_manager *qcm, int64_t sid, const char *text);
/* The oldest message of recvQueue is this. */
void test_expect_received(struct quorum_cnx_manager *qcm, int64_t sid, const char *text);
void scripted_voter_say_text(struct scripted_voter *voter, const char *text);
void scripted_voter_expect_text(struct scripted_voter *voter, const char *text);
/* Returns what the manager tells of sid; the sid in it is INT64_MIN if it knows none. */
struct server_status_peer test_status_of(struct quorum_cnx_manager *qcm, int64_t sid);

/* All that the voter has said so far has passed WorkerReceiver and the election: a message that
 * must be ignored (OBSERVING) is followed through the queues by the trace. The peer must be
 * LOOKING. */
void scripted_voter_await_heard(struct scripted_voter *voter, struct election_peer *peer);

#endif
