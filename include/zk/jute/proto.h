/* The records of Java's module org.apache.zookeeper.proto: what clients send and what they are
 * answered. RECORDS.md has their bytes; the names tell which belongs to which op code. */
#ifndef ZK_JUTE_PROTO_H
#define ZK_JUTE_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/jute/data.h"
#include "zk/jute/record.h"

/* ---- connections and headers ----------------------------------------------------------------- */

/* Java: ConnectRequest. Behind it stands a boolean, readOnly, which clients before 3.4 do not
 * send. */
struct connect_request {
    int32_t protocol_version;
    int64_t last_zxid_seen;
    int32_t time_out_ms;
    int64_t session_id;
    struct buf *passwd;
};

/* Java: ConnectResponse. Behind it stands a boolean, readOnly, for clients that sent one. */
struct connect_response {
    int32_t protocol_version;
    int32_t time_out_ms;
    int64_t session_id;
    struct buf *passwd;
};

/* Java: RequestHeader */
struct request_header {
    int32_t xid;
    int32_t type;
};

enum { REQUEST_HEADER_BYTES = 4 + 4 };

/* Java: ReplyHeader */
struct reply_header {
    int32_t xid;
    int64_t zxid;
    int32_t err;
};

enum { REPLY_HEADER_BYTES = 4 + 8 + 4 };

/* The xids of what answers no request of an application: a watch event, and a ping with its answer.
 * Java: ClientCnxn, its constants */
enum { NOTIFICATION_XID = -1, PING_XID = -2 };

/* Java: MultiHeader. One stands before each operation of a multi and before each of its results,
 * and one with done behind the last. */
struct multi_header {
    int32_t type;
    bool done;
    int32_t err;
};

/* ---- requests that write --------------------------------------------------------------------- */

/* Java: CreateRequest */
struct create_request {
    struct ustring path;
    struct buf *data;
    struct zk_acl_list acl;
    int32_t flags;
};

/* Java: CreateTTLRequest */
struct create_ttl_request {
    struct ustring path;
    struct buf *data;
    struct zk_acl_list acl;
    int32_t flags;
    int64_t ttl; /* in ms */
};

/* Java: DeleteRequest */
struct delete_request {
    struct ustring path;
    int32_t version;
};

/* Java: SetDataRequest */
struct set_data_request {
    struct ustring path;
    struct buf *data;
    int32_t version;
};

/* Java: SetACLRequest */
struct set_acl_request {
    struct ustring path;
    struct zk_acl_list acl;
    int32_t version;
};

/* Java: CheckVersionRequest */
struct check_version_request {
    struct ustring path;
    int32_t version;
};

/* Java: ReconfigRequest. The three texts are null or lists with commas. */
struct reconfig_request {
    struct ustring joining_servers;
    struct ustring leaving_servers;
    struct ustring new_members;
    int64_t cur_config_id;
};

/* Java: SyncRequest */
struct sync_request {
    struct ustring path;
};

/* ---- their answers --------------------------------------------------------------------------- */

/* Java: CreateResponse */
struct create_response {
    struct ustring path;
};

/* Java: Create2Response */
struct create2_response {
    struct ustring path;
    struct zk_stat stat;
};

/* Java: SetDataResponse */
struct set_data_response {
    struct zk_stat stat;
};

/* Java: SetACLResponse */
struct set_acl_response {
    struct zk_stat stat;
};

/* Java: SyncResponse */
struct sync_response {
    struct ustring path;
};

/* Java: ErrorResponse */
struct error_response {
    int32_t err;
};

/* ---- requests that read, and their answers --------------------------------------------------- */

/* Java: ExistsRequest */
struct exists_request {
    struct ustring path;
    bool watch;
};

/* Java: ExistsResponse */
struct exists_response {
    struct zk_stat stat;
};

/* Java: GetDataRequest */
struct get_data_request {
    struct ustring path;
    bool watch;
};

/* Java: GetDataResponse */
struct get_data_response {
    struct buf *data;
    struct zk_stat stat;
};

/* Java: GetACLRequest */
struct get_acl_request {
    struct ustring path;
};

/* Java: GetACLResponse */
struct get_acl_response {
    struct zk_acl_list acl;
    struct zk_stat stat;
};

/* Java: GetChildrenRequest */
struct get_children_request {
    struct ustring path;
    bool watch;
};

/* Java: GetChildrenResponse */
struct get_children_response {
    struct ustring_list children;
};

/* Java: GetChildren2Request */
struct get_children2_request {
    struct ustring path;
    bool watch;
};

/* Java: GetChildren2Response */
struct get_children2_response {
    struct ustring_list children;
    struct zk_stat stat;
};

/* Java: GetEphemeralsRequest */
struct get_ephemerals_request {
    struct ustring prefix_path;
};

/* Java: GetEphemeralsResponse */
struct get_ephemerals_response {
    struct ustring_list ephemerals;
};

/* Java: GetAllChildrenNumberRequest */
struct get_all_children_number_request {
    struct ustring path;
};

/* Java: GetAllChildrenNumberResponse */
struct get_all_children_number_response {
    int32_t total_number;
};

struct client_info_list {
    JUTE_LIST(struct client_info);
};

/* Java: WhoAmIResponse */
struct who_am_i_response {
    struct client_info_list client_info;
};

/* ---- authentication and watches -------------------------------------------------------------- */

/* Java: AuthPacket */
struct auth_packet {
    int32_t type;
    struct ustring scheme;
    struct buf *auth;
};

/* Java: SetWatches */
struct set_watches {
    int64_t relative_zxid;
    struct ustring_list data_watches;
    struct ustring_list exist_watches;
    struct ustring_list child_watches;
};

/* Java: SetWatches2 */
struct set_watches2 {
    int64_t relative_zxid;
    struct ustring_list data_watches;
    struct ustring_list exist_watches;
    struct ustring_list child_watches;
    struct ustring_list persistent_watches;
    struct ustring_list persistent_recursive_watches;
};

/* Java: AddWatchRequest */
struct add_watch_request {
    struct ustring path;
    int32_t mode;
};

/* Java: CheckWatchesRequest */
struct check_watches_request {
    struct ustring path;
    int32_t type;
};

/* Java: RemoveWatchesRequest */
struct remove_watches_request {
    struct ustring path;
    int32_t type;
};

/* Java: WatcherEvent */
struct watcher_event {
    int32_t type;
    int32_t state;
    struct ustring path;
};

/* ---- their tables ---------------------------------------------------------------------------- */

extern const struct jute_record connect_request_record;
extern const struct jute_record connect_response_record;
extern const struct jute_record request_header_record;
extern const struct jute_record reply_header_record;
extern const struct jute_record multi_header_record;
extern const struct jute_record create_request_record;
extern const struct jute_record create_ttl_request_record;
extern const struct jute_record delete_request_record;
extern const struct jute_record set_data_request_record;
extern const struct jute_record set_acl_request_record;
extern const struct jute_record check_version_request_record;
extern const struct jute_record reconfig_request_record;
extern const struct jute_record sync_request_record;
extern const struct jute_record create_response_record;
extern const struct jute_record create2_response_record;
extern const struct jute_record set_data_response_record;
extern const struct jute_record set_acl_response_record;
extern const struct jute_record sync_response_record;
extern const struct jute_record error_response_record;
extern const struct jute_record exists_request_record;
extern const struct jute_record exists_response_record;
extern const struct jute_record get_data_request_record;
extern const struct jute_record get_data_response_record;
extern const struct jute_record get_acl_request_record;
extern const struct jute_record get_acl_response_record;
extern const struct jute_record get_children_request_record;
extern const struct jute_record get_children_response_record;
extern const struct jute_record get_children2_request_record;
extern const struct jute_record get_children2_response_record;
extern const struct jute_record get_ephemerals_request_record;
extern const struct jute_record get_ephemerals_response_record;
extern const struct jute_record get_all_children_number_request_record;
extern const struct jute_record get_all_children_number_response_record;
extern const struct jute_record who_am_i_response_record;
extern const struct jute_record auth_packet_record;
extern const struct jute_record set_watches_record;
extern const struct jute_record set_watches2_record;
extern const struct jute_record add_watch_request_record;
extern const struct jute_record check_watches_request_record;
extern const struct jute_record remove_watches_request_record;
extern const struct jute_record watcher_event_record;

#endif
