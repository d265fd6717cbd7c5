/* A quorum peer with a data directory and a configuration, whose main loop does not run: the test
 * decides what it does. Java: the tests' testingQuorumPeer()
 *
 * Server N of the ensemble has quorum port ports[N] of 127.0.0.1; the test may be any of the others
 * with a scripted_peer. One role at a time can run in a thread of its own. */
#ifndef TESTING_PEER_H
#define TESTING_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/ensemble/quorum_peer_config.h"
#include "zk_test.h"

struct file_txn_snap_log;
struct leader;
struct quorum_peer;
struct zk_database;
struct zk_thread_group;

enum { TESTING_PEER_SERVERS = 8 };

struct testing_peer_options {
    int64_t my_id;
    int voters;    /* servers 1 ... voters */
    int observers; /* the servers after them */
    int32_t tick_time_ms;
    int32_t init_limit;
    int32_t sync_limit;
    const uint16_t *ports; /* by sid; NULL: free ones */
    int second_address_of; /* this server has a second address, where nobody listens; 0: none */
    uint16_t second_port;  /* its quorum port, if somebody does listen there; 0: a free one */
    const char *lines;     /* more lines of zoo.cfg; NULL: none */
    const char *setting;   /* one system property; NULL: none */
    const char *value;
};

/* Three voters, ticks of 100 ms, limits of 100 ticks: a test that waits for a limit sets it. */
struct testing_peer_options testing_peer_options_default(int64_t my_id);

struct testing_peer {
    struct test_capture capture;
    struct zk_context *ctx;
    char *directory;
    uint16_t ports[TESTING_PEER_SERVERS + 1];
    struct quorum_peer_config *config;
    struct file_txn_snap_log *snap_log;
    struct zk_database *database;
    struct quorum_peer *self;
    struct zk_thread_group *threads;
    struct testing_peer_run *run;
    bool refused; /* follower_was_refused() of the follower that was joined last */
    /* What the client port was told; read it when no role runs. */
    int client_ports_opened;         /* how often a server was given */
    int client_ports_closed;         /* how often there was none any more */
    bool closed_behind_the_shutdown; /* once at least, when its server had been shut down */
};

/* With an empty database loaded: epochs 0, last zxid 0, snapshot.0 on disk. */
void testing_peer_init(struct testing_peer *peer, const struct testing_peer_options *options);
void testing_peer_done(struct testing_peer *peer);

/* Gives it what it had before the test: both epochs and the last zxid in memory. */
void testing_peer_history(struct testing_peer *peer, int64_t accepted_epoch, int64_t current_epoch,
                          int64_t last_zxid);

/* Each runs a role, the last two for a vote for leader, in a thread named QuorumPeer. */
void testing_peer_start_leading(struct testing_peer *peer);
void testing_peer_start_following(struct testing_peer *peer, int64_t leader);
void testing_peer_start_observing(struct testing_peer *peer, int64_t leader);
/* Returns the role that runs, which stays the peer's, and lives until it is joined. */
struct leader *testing_peer_leader(struct testing_peer *peer);
/* Waits until the role has returned, and returns what it did. Afterwards no thread of it is left
 * (checked). */
int testing_peer_join(struct testing_peer *peer);
/* Stops it as the end of the process would, and waits as above. */
int testing_peer_stop(struct testing_peer *peer);

/* Returns the text of a file of version-2, "" if there is none; the caller frees it. */
char *testing_peer_file(const struct testing_peer *peer, const char *name);
void testing_peer_assert_file(const struct testing_peer *peer, const char *name,
                              const char *expected);
bool testing_peer_has_file(const struct testing_peer *peer, const char *name);
/* Returns whether the log holds this text. */
bool testing_peer_logged(const struct testing_peer *peer, const char *text);
/* Waits until it does. */
void testing_peer_await_log(struct testing_peer *peer, const char *text);

/* Returns the body of SNAP that this peer would send now; the caller unrefs it. */
struct buf *testing_peer_snapshot(struct testing_peer *peer, int64_t *ret_zxid);

#endif
