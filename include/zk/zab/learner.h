/* What follower and observer have in common: they find the leader, connect to it, tell it where
 * they stand, and are brought to where it stands. All of it runs in the peer's main thread, but for
 * what may be written to the leader: the processors of the term's server do that, too.
 *
 * A learner is counted. Its role holds it, and so does the role's server, which a thread that
 * serves a client may still know when the term has ended: it finds a connection that is closed.
 *
 * Java: Learner */
#ifndef ZK_ZAB_LEARNER_H
#define ZK_ZAB_LEARNER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/ensemble/quorum_server.h"
#include "zk/jute/quorum.h"
#include "zk/server/exit_code.h"

struct array_deque;
struct learner;
struct quorum_peer;
struct request;
struct server_cnxn;
struct txn_log_entry;

enum {
    LEARNER_CONNECT_TRIES = 5,         /* at least, unless the time is over */
    LEARNER_CONNECT_AT_LEAST_MS = 500, /* as long as Java's five tries take (D-25) */
    LEARNER_CONNECT_DELAY_MS = 100,    /* Java: leaderConnectDelayDuringRetryMs */
};

/* ---- life ------------------------------------------------------------------------------------ */

/* Makes a learner without a connection. self stays the caller's and must outlive it. The caller
 * unrefs it. */
struct learner *learner_new(struct quorum_peer *self);
struct learner *learner_ref(struct learner *learner);
void learner_unref(struct learner *learner); /* NULL is fine; the last one closes the connection */

/* ---- what any thread may do ------------------------------------------------------------------ */

/* Writes one packet of these fields and flushes. data may be NULL, which is not the same as
 * empty; it stays the caller's. Any thread. Blocks on the socket. -ECANCELED: the learner is
 * shut down, or has no connection. */
ZK_NODISCARD int learner_send(struct learner *learner, int32_t type, int64_t zxid,
                              struct buf *data);

/* The next four are for the processors, which have nobody to return an error to: the first failure
 * is logged and closes the connection, so that the main thread, which reads from it, ends the role.
 * They block on the socket.
 *
 * Java: request(). A client's request becomes REQUEST, which is not flushed. */
void learner_request(struct learner *learner, const struct request *request);
/* What has been written leaves now. */
void learner_flush(struct learner *learner);
/* Writes an ACK for each of zxids, an array_deque of int64_t, which it empties, and flushes. */
void learner_send_acks(struct learner *learner, struct array_deque *zxids);
/* Java: validateSession(). A client has come back with a session: asks the leader whether there is
 * one. Takes a reference to cnxn, which learner_revalidate tells the answer. */
void learner_validate_session(struct learner *learner, struct server_cnxn *cnxn, int64_t client_id,
                              int32_t timeout_ms);

/* ---- what the main thread does --------------------------------------------------------------- */

/* Java: readPacket(qp). Replaces *packet, which may be NULL, by the next packet, or by NULL on
 * failure. In the end the caller frees it. Blocks on the socket. Before it waits there, it hands
 * over to SyncThread and CommitProcessor what has been read for them, and in a burst it lets
 * the next packets gather for some milliseconds. Errors: those of quorum_packet_read. A
 * shutdown of the learner ends it, too. */
ZK_NODISCARD int learner_read_packet(struct learner *learner, struct quorum_packet **packet);

/* Java: findLeader(). Finds the server that the current vote names, and looks its addresses up
 * again (blocks on the name service). The caller passes *ret_server to quorum_server_done.
 * Errors: -ENOENT: it is not in the configuration (logged). */
ZK_NODISCARD int learner_find_leader(struct learner *learner, struct quorum_server *ret_server);

/* Java: connectToLeader(). Dials each address again and again until the first one answers. With
 * several addresses each has a thread LeaderConnector-<address>; they are joined before this
 * returns. Blocks at most initLimit ticks, or connectToLearnerMasterLimit ones if that is set.
 * Errors: why the first address could not be reached (logged); -ECANCELED. */
ZK_NODISCARD int learner_connect_to_leader(struct learner *learner,
                                           const struct quorum_server *leader);

/* Java: registerWithLeader(). Says who we are (packet_type is FOLLOWERINFO or OBSERVERINFO),
 * promises the leader's epoch on disk, and says what history we have. *ret_zxid is the first zxid
 * of the new epoch. Errors: -EPROTO: the epoch is behind our promise, or nonsense came. */
ZK_NODISCARD int learner_register_with_leader(struct learner *learner, int32_t packet_type,
                                              int64_t *ret_zxid);

/* Java: syncWithLeader(). From DIFF, SNAP or TRUNC to UPTODATE, and on until the role's server is
 * started and has been given what came meanwhile. All that is committed is on disk, then
 * currentEpoch, before the ACK of NEWLEADER leaves (D-26). Errors: -EPROTO, those of the socket and
 * the disk, -ECANCELED; -ENOTRECOVERABLE: learner_must_end was called. */
ZK_NODISCARD int learner_sync_with_leader(struct learner *learner, int64_t new_leader_zxid);

/* Java: revalidate(). Hands the leader's word on a session to the client that waits for it.
 * -EPROTO: the packet is too short. */
ZK_NODISCARD int learner_revalidate(struct learner *learner, const struct quorum_packet *packet);

/* Java: ping(). The answer lists the sessions that were heard from since the last one. */
ZK_NODISCARD int learner_ping(struct learner *learner, const struct quorum_packet *packet);

/* Java: shutdown(), closeSocket(). Whatever the main thread blocks on ends with -ECANCELED. Any
 * thread, any number of times. */
void learner_shutdown(struct learner *learner);

bool learner_is_stopping(const struct learner *learner); /* any thread */

/* Returns whether the term goes on: the learner is not stopping, and its server runs. Main thread,
 * between two packets; takes no lock. Java: isRunning() */
bool learner_is_running(const struct learner *learner);

/* Takes the transaction out of a PROPOSAL or INFORM. The caller unrefs *ret_txn. -EPROTO (noted as
 * below): there is none, or it has another zxid than the packet. */
ZK_NODISCARD int learner_read_txn(struct learner *learner, const struct quorum_packet *packet,
                                  struct txn_log_entry **ret_txn);
/* The same in the broadcast. -EPROTO also if it cannot come behind the one before: its epoch is
 * another, or its zxid is not higher. */
ZK_NODISCARD int learner_read_next_txn(struct learner *learner, const struct quorum_packet *packet,
                                       struct txn_log_entry **ret_txn);
/* Notes that the leader broke the protocol, and how: learner_error_text will say it. Returns
 * -EPROTO. */
int learner_protocol_error(struct learner *learner, const char *format, ...) ZK_PRINTF_LIKE(2, 3);
/* Notes that the process must end: there is no way on that would keep what this server has
 * promised, and a line of the log says why. learner_end will return the exit code. Returns
 * -ENOTRECOVERABLE, which ends the term as any other error does. */
ZK_NODISCARD int learner_must_end(struct learner *learner, enum exit_code exit_code);

/* The leader has sent a packet that makes no sense, and does no harm: the term goes on. Returns
 * whether it has a line in the log: of each type the 1st, 2nd, 4th, 8th ... (D-334). */
bool learner_line_is_due(struct learner *learner, int32_t type);

/* Returns why the term ended, for the log: what learner_protocol_error noted, or the words for
 * error. The text is the learner's. */
const char *learner_error_text(struct learner *learner, int error);

/* Ends the term, for follower and observer alike. role is "Follower" or "Observer". Blocks until no
 * thread of the server is left. Returns the exit code if the process must end, because of what this
 * thread (learner_must_end) or one of the server has met; otherwise 0. Java:
 * Follower.followLeader(), its finally, and shutdown(), which forgets a database that was cut off
 * in the middle of a SNAP. */
ZK_NODISCARD int learner_end(struct learner *learner, const char *role, bool completed_sync);

#endif
