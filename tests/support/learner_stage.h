/* A learner, and its leader, server 3, which the test plays with a scripted_peer. The learner is
 * server 1, a voter, or server 4, an observer. The leader's epoch is 1. */
#ifndef LEARNER_STAGE_H
#define LEARNER_STAGE_H

#include "scripted_peer.h"
#include "testing_peer.h"
#include "zk/jute/quorum.h"
#include "zk/jute/txn_log_entry.h"

/* The data of LEADERINFO. */
#define PROTOCOL_VERSION "00010000"
/* The data of FOLLOWERINFO. */
#define INFO_OF_1        "0000000000000001 00010000 0000000000000000"
#define INFO_OF_4        "0000000000000004 00010000 0000000000000000"

static const int64_t EPOCH_1_ZXID = 0x100000000;
static const int64_t EPOCH_2_ZXID = 0x200000000;

struct learner_stage {
    struct testing_peer peer;
    struct scripted_peer *leader;
};

/* The learner has dialled. It observes if the options make it no voter. */
void learner_stage_start(struct learner_stage *stage, const struct testing_peer_options *options);
void learner_stage_finish(struct learner_stage *stage);

/* It dials once more, after testing_peer_join; the handshake is done up to ACKEPOCH, which must
 * tell last_zxid. epoch_zxid: the new leader's. */
void learner_stage_discover_again(struct learner_stage *stage, int64_t epoch_zxid,
                                  int64_t last_zxid);

/* Without a history; the handshake is done up to ACKEPOCH. */
void learner_stage_start_discovered(struct learner_stage *stage);
void learner_stage_start_discovered_observer(struct learner_stage *stage);
/* Without a history, and synchronised by an empty DIFF, up to the ACK of UPTODATE. */
void learner_stage_start_synced(struct learner_stage *stage);
void learner_stage_start_synced_with(struct learner_stage *stage,
                                     const struct testing_peer_options *options);
void learner_stage_start_synced_observer(struct learner_stage *stage);

/* NEWLEADER, UPTODATE, and the ACK of each. */
void learner_stage_new_leader(struct learner_stage *stage, int64_t epoch_zxid);
void learner_stage_up_to_date(struct learner_stage *stage, int64_t epoch_zxid);

/* A packet that carries the transaction, of which the caller's reference is taken. */
void learner_stage_send_txn(struct learner_stage *stage, int32_t type, struct txn_log_entry *txn);
void learner_stage_send_commit(struct learner_stage *stage, int64_t zxid);
void learner_stage_expect_ack(struct learner_stage *stage, int64_t zxid);

/* A PING is answered, with an empty table: all before it was read, and the learner lives. */
void learner_stage_assert_still_there(struct learner_stage *stage);
/* Waits until the tree has applied everything up to zxid. */
void learner_stage_await_applied(struct learner_stage *stage, int64_t zxid);
/* The zxids in the log on disk, in its order: "100000001 100000002". */
void learner_stage_assert_logged(struct learner_stage *stage, const char *zxids);
/* An epoch file's text. */
void learner_stage_assert_file(struct learner_stage *stage, const char *name, const char *expected);

/* Loads the data directory anew, as after a restart, and returns the last zxid. */
int64_t learner_stage_reload(struct learner_stage *stage);

#endif
