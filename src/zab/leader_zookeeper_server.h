/* What serves clients while this peer leads. Java: LeaderZooKeeperServer
 *
 *   own clients -> LeaderRequestProcessor -> PrepRequestProcessor -> ProposalRequestProcessor
 *                              learners' requests -^                   |              |
 *                                                                      v              v
 *                                             FinalRequestProcessor <- ToBeApplied    SyncRequest-
 *                                                                   <- Commit-        Processor ->
 *                                                                      Processor      Ack */
#ifndef ZAB_LEADER_ZOOKEEPER_SERVER_H
#define ZAB_LEADER_ZOOKEEPER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/server/zookeeper_server.h"

struct leader;
struct request;

/* Java: new LeaderZooKeeperServer(). leader outlives the server's threads. The caller unrefs it. */
struct zookeeper_server *leader_zookeeper_server_new(struct leader *leader);

/* The request is committed: CommitProcessor may hand it on. It stays the caller's. Once the server
 * runs; any thread. */
void leader_zookeeper_server_commit(struct zookeeper_server *server, struct request *request);

/* The three below are asked by LearnerHandlers, while the server runs or after it. */

/* Java: touch() */
void leader_zookeeper_server_touch(struct zookeeper_server *server, int64_t session_id,
                                   int32_t timeout_ms);
/* Returns whether the session exists; then it has been touched, and only owner may use it from now
 * on.
 * Java: checkIfValidGlobalSession(), and setOwner() as revalidateSession() calls it */
bool leader_zookeeper_server_check_if_valid_global_session(struct zookeeper_server *server,
                                                           int64_t session_id, int32_t timeout_ms,
                                                           const void *owner);
/* Java: submitLearnerRequest(). The request stays the caller's. Errors: those of the processors. */
ZK_NODISCARD int leader_zookeeper_server_submit_learner_request(struct zookeeper_server *server,
                                                                struct request *request);

/* Each wakes one thread for what it has been given: CommitProcessor's for commits, ProcessThread
 * for learners' requests. Once the server runs; any thread. */
void leader_zookeeper_server_wake_commit(struct zookeeper_server *server);
void leader_zookeeper_server_wake_prep(struct zookeeper_server *server);

#endif
