/* Brings requests and commits into one order: writes in the order of their zxids, each client's
 * requests in the order in which it sent them, and no read that comes through here while a write is
 * applied (those on the short way, A-240, do not). Java: server.quorum.CommitProcessor
 *
 * A request comes in twice: when the client has sent it (process_request), and, if it is a write,
 * when the ensemble has committed it (commit_processor_commit). A write of our own client
 * waits for its commit, and with it all that the client sent later; others' writes have no request
 * here, and their commits are applied as they come.
 *
 * Thread CommitProcessor:N does all this, and runs the reads as well, unless the setting
 * zookeeper.commitProcessor.numWorkerThreads gives them threads of their own. One mutex
 * (ZK_RANK_REQUEST_PROCESSOR) guards what has come in and was not taken yet. */
#ifndef ZK_SERVER_COMMIT_PROCESSOR_H
#define ZK_SERVER_COMMIT_PROCESSOR_H

#include <stdbool.h>

#include "zk/base/attrs.h"
#include "zk/server/request_processor.h"

struct array_deque;
struct commit_processor;
struct request;
struct zookeeper_server;

/* Java: new CommitProcessor(nextProcessor, id, matchSyncs, listener). Takes ownership of next;
 * server stays the caller's and outlives the processor. A SYNC waits for the leader's answer, which
 * comes as a commit, on a leader, too (D-241). The thread does not run yet. */
struct commit_processor *commit_processor_new(struct zookeeper_server *server,
                                              struct request_processor *next);

/* Java: start(). Starts thread CommitProcessor:N. Once. -EAGAIN: the system gives no more
 * threads. */
ZK_NODISCARD int commit_processor_start(struct commit_processor *commit);

/* Java: commit(). The request has been committed; commits come in the order of their zxids. Takes a
 * reference. The thread may sleep on until request_processor_wake. Any thread; never blocks. */
void commit_processor_commit(struct commit_processor *commit, struct request *request);

/* Does what commit_processor_commit does for each of requests, an array_deque of references, which
 * the processor takes over; it is empty then. Any thread; never blocks. */
void commit_processor_commit_all(struct commit_processor *commit, struct array_deque *requests);

/* The processor as a link of the chain. process_request: any thread; never blocks. A write of a
 * local client must be given to it before the leader hears of the write, or the commit may be
 * there first and find nobody who waits for it. shutdown: what waits is dropped. */
struct request_processor *commit_processor_as_processor(struct commit_processor *commit);

#endif
