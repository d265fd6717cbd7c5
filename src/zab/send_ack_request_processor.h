/* Tells the leader what is in this follower's log: an ACK for each transaction, and one flush for
 * all that shared an fsync. Java: SendAckRequestProcessor
 *
 * It has no thread of its own: the SyncRequestProcessor calls it when the log is on disk, never
 * before. A connection that fails is closed, which ends the role. */
#ifndef ZAB_SEND_ACK_REQUEST_PROCESSOR_H
#define ZAB_SEND_ACK_REQUEST_PROCESSOR_H

struct learner;
struct request_processor;

/* Java: new SendAckRequestProcessor(). learner stays the caller's and outlives the processor. */
struct request_processor *send_ack_request_processor_new(struct learner *learner);

#endif
