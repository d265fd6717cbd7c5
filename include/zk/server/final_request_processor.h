/* The last station of every request: it applies the transaction to the database and answers the
 * client. Java: server.FinalRequestProcessor
 *
 * One thread at a time, the CommitProcessor's. It has no thread of its own. */
#ifndef ZK_SERVER_FINAL_REQUEST_PROCESSOR_H
#define ZK_SERVER_FINAL_REQUEST_PROCESSOR_H

struct request_processor;
struct zookeeper_server;

/* Java: new FinalRequestProcessor(zks). server stays the caller's and outlives the processor. */
struct request_processor *final_request_processor_new(struct zookeeper_server *server);

#endif
