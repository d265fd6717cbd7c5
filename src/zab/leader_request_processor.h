/* The first station of what the leader's own clients ask for: a local session that creates an
 * ephemeral node is upgraded. Requests of learners do not come this way: their own server has
 * looked at them. It has no thread: process_request runs on the caller's, and does not block.
 * Java: LeaderRequestProcessor */
#ifndef ZAB_LEADER_REQUEST_PROCESSOR_H
#define ZAB_LEADER_REQUEST_PROCESSOR_H

struct quorum_peer;
struct request_processor;
struct zookeeper_server;

/* Java: new LeaderRequestProcessor(zks, nextProcessor). Takes ownership of next; server and peer
 * stay the caller's and outlive the processor. */
struct request_processor *leader_request_processor_new(struct zookeeper_server *server,
                                                       struct quorum_peer *peer,
                                                       struct request_processor *next);

#endif
