/* What people are told of zab beside the log lines at their places: the traces of packets, and the
 * line and the metric with which a role begins. The algorithm's files call these and know nothing
 * of JSON. */
#ifndef ZAB_ZAB_TRACE_H
#define ZAB_ZAB_TRACE_H

#include <stdint.h>

struct packet_stream;
struct quorum_packet;
struct quorum_peer;

/* A role begins: how long the election took. role is "LEADING" or "FOLLOWING".
 * (In Java these are the first lines of lead() and of followLeader().) */
void zab_log_election_took(struct quorum_peer *self, const char *role);

/* A packet was read, or is about to be written. peer is the sid at the other end; the first packet
 * of a learner says itself whom it is from. Cheap while the trace is off. */
void zab_trace_received(const struct packet_stream *stream, int64_t peer,
                        const struct quorum_packet *packet);
void zab_trace_sent(const struct packet_stream *stream, int64_t peer,
                    const struct quorum_packet *packet);

#endif
