/* A vote on its way: what travels between two elections. Java: FastLeaderElection.Notification,
 * FastLeaderElection.ToSend and the decoding half of WorkerReceiver.run()
 *
 *   off  size  field          remarks
 *   0    4     state          0 LOOKING, 1 FOLLOWING, 2 LEADING, 3 OBSERVING: the sender's
 *   4    8     leader         sid that the sender votes for
 *   12   8     zxid           last zxid of that leader
 *   20   8     electionEpoch  the sender's round
 *   28   8     peerEpoch      epoch of that leader
 *   36   4     version        2
 *   40   4     configLength   bytes of text that follow
 *   44   n     config         the sender's quorum verifier, as text
 *
 * Each is preceded on the wire by its length, 4 bytes. The sender's sid is the connection's. */
#ifndef ZK_ELECTION_NOTIFICATION_H
#define ZK_ELECTION_NOTIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/ensemble/server_state.h"

enum {
    NOTIFICATION_CURRENT_VERSION = 2, /* Java: Notification.CURRENTVERSION */
    NOTIFICATION_MIN_LENGTH = 28,     /* state, leader, zxid, round */
    NOTIFICATION_40_LENGTH = 40,      /* plus peerEpoch and a version that nobody reads (K-7) */
    NOTIFICATION_HEADER_LENGTH = 44,
};

/* A vote received. Java: FastLeaderElection.Notification */
struct notification {
    int32_t version;
    int64_t leader;
    int64_t zxid;
    int64_t election_epoch;
    enum server_state state;
    int64_t sid; /* the sender's */
    int64_t peer_epoch;
    /* Version of the sender's configuration; 0 if it sent none, or none that we can read. */
    int64_t config_version;
};

/* A vote to send. Java: FastLeaderElection.ToSend */
struct to_send {
    int64_t leader;
    int64_t zxid;
    int64_t election_epoch;
    enum server_state state;
    int64_t sid; /* the receiver's */
    int64_t peer_epoch;
    /* The text of a verifier, which lends it: verifiers live as long as the peer. */
    const char *config;
};

/* Returns a vote that the caller frees; config stays the verifier's. */
struct to_send *to_send_new(int64_t leader, int64_t zxid, int64_t election_epoch,
                            enum server_state state, int64_t sid, int64_t peer_epoch,
                            const char *config);
void to_send_free(void *item);

/* Returns the payload, without its length in front, as a buffer that the caller unrefs.
 * Java: FastLeaderElection.buildMsg() */
struct buf *notification_build_msg(const struct to_send *to_send);

/* Which generation of peers sends notifications of this length: it decides which line the log
 * gets. */
enum notification_format {
    NOTIFICATION_FORMAT_28,              /* up to 3.3 */
    NOTIFICATION_FORMAT_40,              /* 3.4.6 and later */
    NOTIFICATION_FORMAT_BEFORE_RECONFIG, /* longer, but version 0 or 1 */
    NOTIFICATION_FORMAT_CONFIG,          /* 3.5 and later: config follows */
};

/* The fields as they stand on the wire, before anybody judges them. */
struct notification_fields {
    enum notification_format format;
    int32_t state; /* may be no state at all */
    int64_t leader;
    int64_t zxid;
    int64_t election_epoch;
    int64_t peer_epoch;
    int32_t version;
    const char *config; /* in the buffer, which owns it; NULL: none */
    size_t config_length;
};

/* The decoding half of WorkerReceiver.run().
 * Errors: -EMSGSIZE, shorter than 28 bytes; -EPROTO, partial or malformed. */
ZK_NODISCARD int notification_decode(const struct buf *message,
                                     struct notification_fields *ret_fields);

/* Appends the vote as a JSON object, for the trace. */
void notification_append_json(int32_t state, int64_t leader, int64_t zxid, int64_t election_epoch,
                              int64_t peer_epoch, struct zk_str *str);

#endif
