/* The records of Java's module org.apache.zookeeper.server.quorum: the packets between leader and
 * learners, and the LearnerInfo inside the first one. RECORDS.md has their bytes. */
#ifndef ZK_JUTE_QUORUM_H
#define ZK_JUTE_QUORUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/jute/archive.h"
#include "zk/jute/data.h"

/* Java: Leader, its constants */
enum quorum_packet_type {
    LEADER_REQUEST = 1,
    LEADER_PROPOSAL = 2,
    LEADER_ACK = 3,
    LEADER_COMMIT = 4,
    LEADER_PING = 5,
    LEADER_REVALIDATE = 6,
    LEADER_SYNC = 7,
    LEADER_INFORM = 8,
    LEADER_COMMITANDACTIVATE = 9,
    LEADER_NEWLEADER = 10,
    LEADER_FOLLOWERINFO = 11,
    LEADER_UPTODATE = 12,
    LEADER_DIFF = 13,
    LEADER_TRUNC = 14,
    LEADER_SNAP = 15,
    LEADER_OBSERVERINFO = 16,
    LEADER_LEADERINFO = 17,
    LEADER_ACKEPOCH = 18,
    LEADER_INFORMANDACTIVATE = 19,
};

_Static_assert(LEADER_INFORMANDACTIVATE == 19, "packet types are wire values");

/* What ends the body of a SNAP, as a jute string: it tells a whole tree from a cut one. */
#define LEADER_SNAP_SIGNATURE "BenWasHere"

/* "UPTODATE"; "UNKNOWN" for what nobody defined. Java: LearnerHandler.packetToString() */
const char *quorum_packet_type_name(int32_t type);

/* Java: QuorumPacket. Never changed once made; it has one owner, such as a queue. Packets follow
 * one another on the stream without any frame, 20 bytes at least each. */
struct quorum_packet {
    int32_t type; /* as it came: perhaps none of the enum */
    int64_t zxid;
    struct buf *data;           /* null and empty differ: a PING is answered with empty, not null */
    struct zk_id_list authinfo; /* null but for REQUESTs of clients */
};

extern const struct jute_record quorum_packet_record;

/* Java: new QuorumPacket(type, zxid, data, null). Shares data (NULL: null). The caller frees it. */
struct quorum_packet *quorum_packet_new(int32_t type, int64_t zxid, struct buf *data);
void quorum_packet_free(struct quorum_packet *packet); /* NULL is fine */

/* Replaces *packet, which may be NULL, by the next packet of the stream, or by NULL on failure; in
 * the end the caller frees it. The memory of the one before is used again. Blocks as the stream
 * does. Errors: jute_read's. */
ZK_NODISCARD int quorum_packet_read(struct jute_in *in, struct quorum_packet **packet);

/* Appends a packet to out. Java: BinaryOutputArchive.writeRecord() */
void quorum_packet_write(struct jute_out *out, const struct quorum_packet *packet);

/* Appends {"zxid":"0x100000000","data":20}, for the trace. */
void quorum_packet_append_json(const struct quorum_packet *packet, struct zk_str *str);

/* Java: LearnerInfo, and how LearnerHandler.run() reads it: by its length, each field only if it is
 * there. */
struct learner_info {
    int64_t serverid;         /* 0 if absent */
    int32_t protocol_version; /* 1 if absent; 0x10000 today */
    bool has_config_version;
    int64_t config_version; /* 0 if absent */
};

extern const struct jute_record learner_info_record;

enum { LEARNER_PROTOCOL_VERSION = 0x10000 };

/* Returns 20 bytes; the caller unrefs them. */
struct buf *learner_info_encode(const struct learner_info *info);
/* Never fails: what is not in data gets the value that stands for "absent". data may be NULL, too.
 * Then the learner has not said who it is, and the caller gives it a number of its own, as Java
 * does. */
void learner_info_decode(const struct buf *data, struct learner_info *ret_info);

#endif
