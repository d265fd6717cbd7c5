/* The leader's own ACK: what its SyncRequestProcessor has on disk counts like a follower's ACK.
 * Java: AckRequestProcessor */
#ifndef ZAB_ACK_REQUEST_PROCESSOR_H
#define ZAB_ACK_REQUEST_PROCESSOR_H

struct leader;
struct request_processor;

/* Java: new AckRequestProcessor(leader). leader stays the caller's and outlives the processor. */
struct request_processor *ack_request_processor_new(struct leader *leader);

#endif
