/* The leader's side of one learner: a thread that reads from it and answers, and, once the learner
 * is being synchronised, a Sender thread that writes to it from a queue. Both belong to the
 * master's thread group and end when the connection does.
 *
 * Java: LearnerHandler */
#ifndef ZK_ZAB_LEARNER_HANDLER_H
#define ZK_ZAB_LEARNER_HANDLER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/ensemble/server_state.h"
#include "zk/jute/quorum.h"
#include "zk/server/server_status.h"

struct learner_handler;
struct learner_master;
struct sock;

/* How many bytes of packets may wait for one learner, besides what brought it up to date. If there
 * are more, the connection ends (D-43). Not one packet may be dropped: that would tear a hole into
 * the stream. The limit is for a learner that reads nothing while it still answers somehow. It is
 * far above what waits while a large SNAP goes out: 100 seconds of 10,000 writes a second, 500
 * bytes each. */
enum { LEARNER_HANDLER_QUEUED_BYTES = 1 << 30 };

/* Java: new LearnerHandler().start(). From now on the master's group has a thread that serves the
 * connection, and the master has it among its learners. Takes ownership of sock, and closes it if
 * that is not possible (logged). Called by acceptor threads. */
void learner_handler_start(struct learner_master *master, struct sock *sock);

struct learner_handler *learner_handler_ref(struct learner_handler *handler);
void learner_handler_unref(struct learner_handler *handler); /* NULL is fine */

/* Java: getSid(). Returns 0 until the learner has said who it is. Any thread; locks
 * learner_handler. */
int64_t learner_handler_get_sid(struct learner_handler *handler);

/* Java: getRemoteAddress(): "/127.0.0.1:50332". The text is the handler's. Any thread. */
const char *learner_handler_get_remote_address(const struct learner_handler *handler);

/* Java: getLearnerType(). The handler's thread, once the learner has said who it is. */
enum learner_type learner_handler_get_learner_type(const struct learner_handler *handler);

/* Returns what names this handler as the owner of sessions and of its learner's requests. It is
 * only compared. Any thread. */
const void *learner_handler_get_owner(const struct learner_handler *handler);

/* Java: getLearnerHandlerInfo(). Any thread; locks learner_handler. */
struct observer_info learner_handler_get_info(struct learner_handler *handler);
/* Java: resetObserverConnectionStats(). Any thread; locks learner_handler. */
void learner_handler_reset_stats(struct learner_handler *handler);

/* Java: synced(). Returns true if the learner was heard of in time, by the master's clock. Any
 * thread that holds no lock of the master; locks learner_handler. */
bool learner_handler_synced(struct learner_handler *handler);

/* Java: ping(). Queues a PING with the leader's last proposed zxid, unless the learner is not being
 * sent packets yet. A learner that has owed an ACK for syncLimit ticks is shut down instead. Any
 * thread that holds no lock of the master. */
void learner_handler_ping(struct learner_handler *handler);

/* Java: queuePacket(). Takes ownership of packet. Never blocks. Any thread; locks
 * learner_handler. */
void learner_handler_queue_packet(struct learner_handler *handler, struct quorum_packet *packet);
/* The same, but the Sender may sleep on until learner_handler_wake. */
void learner_handler_queue_packet_quietly(struct learner_handler *handler,
                                          struct quorum_packet *packet);
void learner_handler_wake(struct learner_handler *handler);

/* Java: shutdown(). Ends the connection: its threads are woken and end. Never blocks. Any thread,
 * any number of times; locks learner_handler. */
void learner_handler_shutdown(struct learner_handler *handler);

#endif
