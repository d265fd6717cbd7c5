/* The first station of what the leader's own clients ask for. Java would upgrade a local session
 * here that creates an ephemeral node; local sessions come with the clients (D-158). Requests of
 * learners do not come this way: their own server has looked at them.
 * Java: LeaderRequestProcessor */
#ifndef ZAB_LEADER_REQUEST_PROCESSOR_H
#define ZAB_LEADER_REQUEST_PROCESSOR_H

struct request_processor;

/* Java: new LeaderRequestProcessor(zks, nextProcessor). Takes ownership of next. */
struct request_processor *leader_request_processor_new(struct request_processor *next);

#endif
