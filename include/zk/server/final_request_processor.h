/* The last station of every request: it applies the transaction to the database and answers the
 * client. Java: server.FinalRequestProcessor
 *
 * It has no thread of its own. Transactions come on one thread, that of CommitProcessor or, on a
 * server alone, of SyncRequestProcessor. Reads come on the same, on CommitProcessor's workers, or
 * straight from a thread that reads connections, so it may be called by several threads at
 * once. One mutex (ZK_RANK_REQUEST_PROCESSOR) guards the list of connections that were answered. */
#ifndef ZK_SERVER_FINAL_REQUEST_PROCESSOR_H
#define ZK_SERVER_FINAL_REQUEST_PROCESSOR_H

struct request_processor;
struct zookeeper_server;

/* Java: new FinalRequestProcessor(zks). server stays the caller's and outlives the processor. The
 * caller frees what is returned with request_processor_free, or gives it to a processor that stands
 * before it. */
struct request_processor *final_request_processor_new(struct zookeeper_server *server);

#endif
