/* The first station of a read-only server: what would change something gets the answer -119 there,
 * and is handed on as all the rest, so that all answers of a session come in their order.
 * Java: ReadOnlyRequestProcessor
 *
 * One thread "ReadOnlyRequestProcessor:N", as in Java, though nothing here would need one. */
#ifndef ZAB_READ_ONLY_REQUEST_PROCESSOR_H
#define ZAB_READ_ONLY_REQUEST_PROCESSOR_H

#include "zk/base/attrs.h"
#include "zk/server/request_processor.h"

struct read_only_request_processor;
struct zookeeper_server;

/* Java: new ReadOnlyRequestProcessor(). Takes ownership of next; server stays the caller's and
 * outlives the processor. The thread does not run yet. */
struct read_only_request_processor *read_only_request_processor_new(struct zookeeper_server *server,
                                                                    struct request_processor *next);
/* Once. Errors: -EAGAIN, the system gives no more threads. Java: start() */
ZK_NODISCARD int read_only_request_processor_start(struct read_only_request_processor *ro);
struct request_processor *read_only_request_processor_as_processor(
    struct read_only_request_processor *ro);

#endif
