/* The leader's side of one learner: a thread that reads from it and answers, and, once the
 * learner is being synchronised, a Sender thread that writes to it from a queue. Both belong to
 * the leader's group; they end when the connection does.
 *
 * Java: LearnerHandler */
#ifndef ZK_ZAB_LEARNER_HANDLER_H
#define ZK_ZAB_LEARNER_HANDLER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/jute/quorum.h"

struct leader;
struct learner_handler;
struct sock;

/* Packets that may wait for one learner; one more ends the connection (D-43). Below the queue's
 * own limit, which would drop the oldest packet and so tear a hole into the stream. */
enum { LEARNER_HANDLER_QUEUED_PACKETS = 65535 };

/* Java: new LearnerHandler().start(). Take over a connection: from now on the leader's group has
 * a thread that serves it, and the leader has it among its learners. Takes sock; closes it if
 * that is not possible (logged). Acceptor threads. */
void learner_handler_start(struct leader *leader, struct sock *sock);

struct learner_handler *learner_handler_ref(struct learner_handler *handler);
void learner_handler_unref(struct learner_handler *handler); /* NULL is fine */

/* Java: getSid(). 0 until the learner has said who it is. Any thread; locks learner_handler. */
int64_t learner_handler_get_sid(struct learner_handler *handler);

/* Java: getRemoteAddress(): "/127.0.0.1:50332". Borrowed. */
const char *learner_handler_get_remote_address(const struct learner_handler *handler);

/* Java: synced(). Was it heard of in time, now that the leader's clock shows tick? Any thread;
 * locks learner_handler. */
bool learner_handler_synced(struct learner_handler *handler, int64_t tick);

/* Java: ping(). Queue a PING with the leader's last proposed zxid, unless the learner is not
 * being sent packets yet. Any thread that holds neither leader nor learner_handler. */
void learner_handler_ping(struct learner_handler *handler);

/* Java: queuePacket(). Takes packet. Never blocks. Any thread; locks learner_handler. */
void learner_handler_queue_packet(struct learner_handler *handler, struct quorum_packet *packet);

/* Java: shutdown(). End the connection: its threads wake and end. Never blocks; any thread, any
 * number of times; locks learner_handler. */
void learner_handler_shutdown(struct learner_handler *handler);

#endif
