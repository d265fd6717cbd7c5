/* The threads that read for clients, while CommitProcessor's own thread sorts what comes in.
 * Java: WorkerService, CommitProcessor.CommitWorkRequest
 *
 * Each thread has a queue of its own, and a session always has the same thread; so its reads keep
 * their order. */
#ifndef ZK_SERVER_COMMIT_WORKERS_H
#define ZK_SERVER_COMMIT_WORKERS_H

#include <stdint.h>

#include "zk/base/attrs.h"

struct commit_workers;
struct request;
struct request_processor;
struct zookeeper_server;

/* Returns count workers, at least one, that hand requests on to next. server and next stay the
 * caller's and outlive the workers. The threads do not run yet. If next fails, the server is told
 * so and the workers do nothing more. Java: new WorkerService(name, numThreads, true) */
struct commit_workers *commit_workers_new(struct zookeeper_server *server,
                                          struct request_processor *next, int32_t count);
/* Starts thread CommitProcWorkThread-1; each other one starts with its first request. Errors:
 * -EAGAIN, the system gives no more threads. Java: start() */
ZK_NODISCARD int commit_workers_start(struct commit_workers *workers);

/* Puts a request behind those of its session, and takes a reference. Its worker may sleep on until
 * commit_workers_wake. One thread calls both; neither blocks. Java: schedule(workRequest, id) */
void commit_workers_schedule(struct commit_workers *workers, struct request *request);
void commit_workers_wake(struct commit_workers *workers);
/* Blocks until all that was scheduled is done, or the workers have been stopped.
 * Java: CommitProcessor.waitForEmptyPool() */
void commit_workers_await_empty(struct commit_workers *workers);

/* A worker finishes the request that it is at, and begins no other one. Any thread; never blocks.
 * Java: stop() */
void commit_workers_stop(struct commit_workers *workers);
/* Blocks until no worker runs; after the stop. Java: join() */
void commit_workers_join(struct commit_workers *workers);
void commit_workers_free(struct commit_workers *workers); /* NULL is fine */

#endif
