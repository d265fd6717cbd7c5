/* The first processor of a learner: it sends to the leader what changes something, and hands every
 * request on. In Java there are two classes of the same lines, FollowerRequestProcessor and
 * ObserverRequestProcessor; here there is one, which is told the name of its thread.
 *
 * The order is what matters. A request goes to the CommitProcessor first and to the leader second,
 * so that the commit, which may come back at once, finds the request that waits for it. */
#ifndef ZAB_LEARNER_REQUEST_PROCESSOR_H
#define ZAB_LEARNER_REQUEST_PROCESSOR_H

#include "zk/base/attrs.h"
#include "zk/server/request_processor.h"

struct learner_request_processor;
struct zookeeper_server;

/* Java: new FollowerRequestProcessor(), new ObserverRequestProcessor(). role is "Follower" or
 * "Observer", static text. server is a learner's; it stays the caller's and outlives the processor.
 * Takes ownership of next. The thread does not run yet. */
struct learner_request_processor *learner_request_processor_new(struct zookeeper_server *server,
                                                                const char *role,
                                                                struct request_processor *next);

/* Starts thread FollowerRequestProcessor:N or ObserverRequestProcessor:N. Errors: -EAGAIN, the
 * system gives no more threads. */
ZK_NODISCARD int learner_request_processor_start(struct learner_request_processor *processor);

/* The processor as a link of the chain. process_request: any thread; never blocks. shutdown: what
 * waits is dropped; the thread must not be blocked in a write, so the connection to the leader is
 * closed before. */
struct request_processor *learner_request_processor_as_processor(
    struct learner_request_processor *processor);

#endif
