/* The data of packets between leader and learners. Java writes and reads it field by field, where
 * it needs it; here both halves of each format stand together. The packets around it are in
 * BYTES.md.
 *
 *   REQUEST               8 long session, 4 int cxid, 4 int opcode, the client's request to the end
 *   PING, the answer      each session: 8 long session, 4 int timeout in ms
 *   REVALIDATE            one session, as above; the answer: 8 long session, 1 boolean
 *   LEADERINFO, ACKEPOCH  4 int
 *
 * The caller unrefs what is written. What is read is the data of a packet as it came, NULL if it is
 * null; errors: -EPROTO, it is too short. Any thread; nothing blocks. Java: Learner,
 * LearnerHandler, Leader */
#ifndef ZAB_PACKET_DATA_H
#define ZAB_PACKET_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/jute/quorum.h"
#include "zk/persistence/serialize_utils.h"

struct request;

enum { PACKET_DATA_SESSION_BYTES = 8 + 4 };

/* ---- REQUEST --------------------------------------------------------------------------------- */

struct buf *packet_data_of_request(const struct request *request);
/* Makes a request of it, with the client's ids, which stand in the packet beside the data. It has
 * no connection: the learner keeps the request, too, and answers its client when the commit has
 * come. The caller unrefs *ret_request. */
ZK_NODISCARD int packet_data_read_request(const struct quorum_packet *packet,
                                          struct request **ret_request);

/* ---- sessions: PING, REVALIDATE -------------------------------------------------------------- */

/* Without sessions it is empty, not null: null would be a null pointer in the thread of a Java
 * leader that serves us, and end it. */
struct buf *packet_data_of_sessions(const struct session_timeout *sessions, size_t count);
/* Returns whether it has nothing but whole sessions, perhaps none. */
bool packet_data_has_sessions(const struct buf *data);
/* Reads session number index, from 0. */
ZK_NODISCARD int packet_data_read_session(const struct buf *data, size_t index,
                                          struct session_timeout *ret_session);

/* The answer to REVALIDATE: whether the leader knows the session. */
struct buf *packet_data_of_validity(int64_t session_id, bool valid);
ZK_NODISCARD int packet_data_read_validity(const struct buf *data, int64_t *ret_session_id,
                                           bool *ret_valid);

/* ---- LEADERINFO, ACKEPOCH -------------------------------------------------------------------- */

struct buf *packet_data_of_int(int32_t value);
ZK_NODISCARD int packet_data_read_int(const struct buf *data, int32_t *ret_value);

#endif
