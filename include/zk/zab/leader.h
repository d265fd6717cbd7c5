/* The leader: it chooses the epoch with a quorum, brings learners to its own state, and keeps them
 * together by pings.
 *
 * Threads: the peer's main thread runs leader_lead (the tick loop); LearnerCnxAcceptor and one
 * LearnerCnxAcceptorHandler per address accept; each learner has a LearnerHandler and a Sender
 * (learner_handler.h). Three rendezvous tie them together: all wait in getEpochToPropose,
 * waitForEpochAck and waitForNewLeaderAck until a quorum has come, and are woken the moment it has.
 * The handlers then wait once more, in waitForStartup, until the leader serves.
 *
 * Writes (leader_broadcast.c) come on the ProcessThread, ACKs on the LearnerHandlers and the
 * SyncThread; one lock puts them in order.
 *
 * Java: Leader */
#ifndef ZK_ZAB_LEADER_H
#define ZK_ZAB_LEADER_H

#include "zk/base/attrs.h"
#include "zk/quorum/quorum_peer.h"

struct leader;

/* Makes a leader that does nothing yet. self stays the caller's and must outlive it. Main
 * thread. */
struct leader *leader_new(struct quorum_peer *self);

/* Java: Leader.lead(). Binds the quorum ports, then leads until leadership ends; blocks all the
 * while. Meanwhile it is the peer's role, through which other threads can shut it down, ask for its
 * status, and report a voter that looks again. When it returns, no thread and no socket of the
 * leadership is left. Main thread, once.
 * Returns why it ended, logged already: -errno (-EADDRINUSE and the like: no port could be bound;
 * -ETIMEDOUT: no quorum in time; -ECANCELED: it was shut down; -ENOTCONN: the quorum is lost;
 * -ERANGE: the promised epochs leave none to lead in; -EOVERFLOW: the epoch has no zxid left; -EIO:
 * the server does not run any more; or what an epoch file met when it was written), or a positive
 * enum exit_code: then the process must end. */
ZK_NODISCARD int leader_lead(struct leader *leader);

/* The main thread has done with it: leader_lead has returned or was never called. The memory goes
 * when no other thread calls it as a role any more. NULL is fine. */
void leader_free(struct leader *leader);

#endif
