/* The leader: chooses the epoch with a quorum, brings learners to its own state, and keeps them
 * together by pings.
 *
 * Threads: the peer's main thread runs leader_lead (the tick loop); LearnerCnxAcceptor and one
 * LearnerCnxAcceptorHandler per address accept; each learner has a LearnerHandler and a Sender
 * (learner_handler.h). Four rendezvous tie them together: everybody waits in
 * leader_get_epoch_to_propose, leader_wait_for_epoch_ack, leader_wait_for_new_leader_ack and
 * leader_wait_for_startup until a quorum has come, and is waked the moment it has.
 *
 * Client writes are not served yet: nothing is proposed, so lastProposed stays at epoch<<32
 * (D-27).
 *
 * Java: Leader, LearnerMaster */
#ifndef ZK_ZAB_LEADER_H
#define ZK_ZAB_LEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/quorum/quorum_peer.h"

struct leader;

/* Make a leader that does nothing yet. Borrows self until leader_free. Main thread. */
struct leader *leader_new(struct quorum_peer *self);

/* Java: new Leader() (binding the quorum ports) and Leader.lead(). Lead until leadership ends;
 * blocks all the while. Sets itself as the peer's role at its start and takes itself back before
 * it returns; after that no thread and no socket of the leadership is left. Main thread, once.
 * Returns why it ended, logged already: -errno (-EADDRINUSE and the like: no port could be
 * bound; -ETIMEDOUT: no quorum in time; -ECANCELED: leader_shutdown by another; -ENOTCONN: the
 * quorum is lost; -EIO: an epoch file could not be written), or a positive enum exit_code. */
ZK_NODISCARD int leader_lead(struct leader *leader);

/* Java: Leader.shutdown(reason). Make leader_lead return; does not wait for it. Any thread, any
 * number of times; reason is copied. */
void leader_shutdown(struct leader *leader, const char *reason);

/* The main thread has done with it: leader_lead has returned or was never called. The memory goes
 * when no other thread calls it as a role any more. NULL is fine. */
void leader_free(struct leader *leader);

/* What mntr reports about a leader's learners. Any thread while the leader exists; also through
 * the role (quorum_peer_get_leader_status). Locks learner_master. */
void leader_get_status(struct leader *leader, struct leader_status *ret_status);

#endif
