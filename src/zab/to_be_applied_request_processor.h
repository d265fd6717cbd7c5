/* Stands in front of FinalRequestProcessor on a leader, and takes off the leader's list toBeApplied
 * what that one has applied. Java: Leader.ToBeAppliedRequestProcessor */
#ifndef ZAB_TO_BE_APPLIED_REQUEST_PROCESSOR_H
#define ZAB_TO_BE_APPLIED_REQUEST_PROCESSOR_H

struct leader;
struct request_processor;

/* Java: new ToBeAppliedRequestProcessor(next, leader). Takes ownership of next, which applies a
 * request before its process_request returns. leader stays the caller's and outlives the
 * processor. */
struct request_processor *to_be_applied_request_processor_new(struct leader *leader,
                                                              struct request_processor *next);

#endif
