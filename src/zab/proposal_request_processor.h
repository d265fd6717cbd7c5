/* Where the way of a request on a leader forks: every request goes to CommitProcessor, where a
 * write waits for its commit; a write is proposed as well, and goes to the leader's own log.
 * Java: ProposalRequestProcessor */
#ifndef ZAB_PROPOSAL_REQUEST_PROCESSOR_H
#define ZAB_PROPOSAL_REQUEST_PROCESSOR_H

#include "zk/base/attrs.h"

struct leader;
struct request_processor;
struct sync_request_processor;
struct zookeeper_server;

/* Java: new ProposalRequestProcessor(zks, nextProcessor). Takes ownership of next; leader and
 * server stay the caller's and outlive the processor. Makes SyncRequestProcessor and, behind it,
 * AckRequestProcessor; ret_sync_processor gets the former, which stays the processor's: the caller
 * starts it (Java: initialize()). */
struct request_processor *proposal_request_processor_new(
    struct leader *leader, struct zookeeper_server *server, struct request_processor *next,
    struct sync_request_processor **ret_sync_processor);

#endif
