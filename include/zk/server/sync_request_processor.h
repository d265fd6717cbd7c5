/* Writes transactions to the log, many with one fsync, and hands each on when it is on disk: on a
 * leader to AckRequestProcessor, on a follower to SendAckRequestProcessor, on a server alone to
 * FinalRequestProcessor, on an observer to nobody. Java: server.SyncRequestProcessor
 *
 * It takes all requests that wait, appends them, and calls fdatasync once when the queue is empty
 * or a thousand are appended (zookeeper.maxBatchSize): the more there is to do, the more share an
 * fsync. Nothing is handed on before its fsync has succeeded. When the log has grown by enough
 * transactions (zookeeper.snapCount) or bytes (zookeeper.snapSizeLimitInKb), it begins a new log
 * file, and a thread of its own takes a snapshot. How much is enough is drawn anew each time,
 * between half of the setting and all of it, so that the members of an ensemble do not do this at
 * the same moment.
 *
 * When the log cannot be written, nothing that waits is handed on, the server's state becomes
 * ERROR, and zookeeper_server_exit_code says with what the process must end: a peer that went
 * on would have a hole in its log. */
#ifndef ZK_SERVER_SYNC_REQUEST_PROCESSOR_H
#define ZK_SERVER_SYNC_REQUEST_PROCESSOR_H

#include "zk/base/attrs.h"
#include "zk/server/request_processor.h"

struct array_deque;
struct sync_request_processor;
struct zookeeper_server;

/* Java: new SyncRequestProcessor(zks, nextProcessor). Takes ownership of next (NULL: none); server
 * stays the caller's and outlives the processor. The thread does not run yet. */
struct sync_request_processor *sync_request_processor_new(struct zookeeper_server *server,
                                                          struct request_processor *next);

/* Java: start(). Starts thread SyncThread:N. Once. -EAGAIN: the system gives no more threads. */
ZK_NODISCARD int sync_request_processor_start(struct sync_request_processor *sync);

/* Does what process_request does for each of requests, an array_deque of references, which the
 * processor takes over; it is empty then. What came together waits for the disk together, so it is
 * queued under one lock. The thread may sleep on until request_processor_wake. Any thread; never
 * blocks. Java: processRequest() */
void sync_request_processor_process_requests(struct sync_request_processor *sync,
                                             struct array_deque *requests);

/* The processor as a link of the chain.
 *
 * process_request: any thread. Requests without a transaction pass through in their order.
 * shutdown: writes and hands on all that was given to it before, and waits for a snapshot that is
 * being taken, so that nothing of this term writes to disk when it returns. */
struct request_processor *sync_request_processor_as_processor(struct sync_request_processor *sync);

#endif
