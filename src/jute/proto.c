/* Java's module org.apache.zookeeper.proto */
#include "zk/jute/proto.h"

static const struct jute_field connect_request_fields[] = {
    JUTE_FIELD(connect_request, protocol_version, "protocolVersion"),
    JUTE_FIELD(connect_request, last_zxid_seen, "lastZxidSeen"),
    JUTE_FIELD(connect_request, time_out_ms, "timeOut"),
    JUTE_FIELD(connect_request, session_id, "sessionId"),
    JUTE_FIELD(connect_request, passwd, "passwd"),
};
const struct jute_record connect_request_record =
    JUTE_RECORD(connect_request, "ConnectRequest", connect_request_fields);

static const struct jute_field connect_response_fields[] = {
    JUTE_FIELD(connect_response, protocol_version, "protocolVersion"),
    JUTE_FIELD(connect_response, time_out_ms, "timeOut"),
    JUTE_FIELD(connect_response, session_id, "sessionId"),
    JUTE_FIELD(connect_response, passwd, "passwd"),
};
const struct jute_record connect_response_record =
    JUTE_RECORD(connect_response, "ConnectResponse", connect_response_fields);

static const struct jute_field request_header_fields[] = {
    JUTE_FIELD(request_header, xid, "xid"),
    JUTE_FIELD(request_header, type, "type"),
};
const struct jute_record request_header_record =
    JUTE_RECORD(request_header, "RequestHeader", request_header_fields);

static const struct jute_field reply_header_fields[] = {
    JUTE_FIELD(reply_header, xid, "xid"),
    JUTE_FIELD(reply_header, zxid, "zxid"),
    JUTE_FIELD(reply_header, err, "err"),
};
const struct jute_record reply_header_record =
    JUTE_RECORD(reply_header, "ReplyHeader", reply_header_fields);

static const struct jute_field multi_header_fields[] = {
    JUTE_FIELD(multi_header, type, "type"),
    JUTE_FIELD(multi_header, done, "done"),
    JUTE_FIELD(multi_header, err, "err"),
};
const struct jute_record multi_header_record =
    JUTE_RECORD(multi_header, "MultiHeader", multi_header_fields);

static const struct jute_field create_request_fields[] = {
    JUTE_FIELD(create_request, path, "path"),
    JUTE_FIELD(create_request, data, "data"),
    JUTE_VECTOR(create_request, acl, "acl", &zk_acl_record),
    JUTE_FIELD(create_request, flags, "flags"),
};
const struct jute_record create_request_record =
    JUTE_RECORD(create_request, "CreateRequest", create_request_fields);

static const struct jute_field create_ttl_request_fields[] = {
    JUTE_FIELD(create_ttl_request, path, "path"),
    JUTE_FIELD(create_ttl_request, data, "data"),
    JUTE_VECTOR(create_ttl_request, acl, "acl", &zk_acl_record),
    JUTE_FIELD(create_ttl_request, flags, "flags"),
    JUTE_FIELD(create_ttl_request, ttl, "ttl"),
};
const struct jute_record create_ttl_request_record =
    JUTE_RECORD(create_ttl_request, "CreateTTLRequest", create_ttl_request_fields);

static const struct jute_field delete_request_fields[] = {
    JUTE_FIELD(delete_request, path, "path"),
    JUTE_FIELD(delete_request, version, "version"),
};
const struct jute_record delete_request_record =
    JUTE_RECORD(delete_request, "DeleteRequest", delete_request_fields);

static const struct jute_field set_data_request_fields[] = {
    JUTE_FIELD(set_data_request, path, "path"),
    JUTE_FIELD(set_data_request, data, "data"),
    JUTE_FIELD(set_data_request, version, "version"),
};
const struct jute_record set_data_request_record =
    JUTE_RECORD(set_data_request, "SetDataRequest", set_data_request_fields);

static const struct jute_field set_acl_request_fields[] = {
    JUTE_FIELD(set_acl_request, path, "path"),
    JUTE_VECTOR(set_acl_request, acl, "acl", &zk_acl_record),
    JUTE_FIELD(set_acl_request, version, "version"),
};
const struct jute_record set_acl_request_record =
    JUTE_RECORD(set_acl_request, "SetACLRequest", set_acl_request_fields);

static const struct jute_field check_version_request_fields[] = {
    JUTE_FIELD(check_version_request, path, "path"),
    JUTE_FIELD(check_version_request, version, "version"),
};
const struct jute_record check_version_request_record =
    JUTE_RECORD(check_version_request, "CheckVersionRequest", check_version_request_fields);

static const struct jute_field reconfig_request_fields[] = {
    JUTE_FIELD(reconfig_request, joining_servers, "joiningServers"),
    JUTE_FIELD(reconfig_request, leaving_servers, "leavingServers"),
    JUTE_FIELD(reconfig_request, new_members, "newMembers"),
    JUTE_FIELD(reconfig_request, cur_config_id, "curConfigId"),
};
const struct jute_record reconfig_request_record =
    JUTE_RECORD(reconfig_request, "ReconfigRequest", reconfig_request_fields);

static const struct jute_field sync_request_fields[] = {
    JUTE_FIELD(sync_request, path, "path"),
};
const struct jute_record sync_request_record =
    JUTE_RECORD(sync_request, "SyncRequest", sync_request_fields);

static const struct jute_field create_response_fields[] = {
    JUTE_FIELD(create_response, path, "path"),
};
const struct jute_record create_response_record =
    JUTE_RECORD(create_response, "CreateResponse", create_response_fields);

static const struct jute_field create2_response_fields[] = {
    JUTE_FIELD(create2_response, path, "path"),
    JUTE_NESTED(create2_response, stat, "stat", &zk_stat_record),
};
const struct jute_record create2_response_record =
    JUTE_RECORD(create2_response, "Create2Response", create2_response_fields);

static const struct jute_field set_data_response_fields[] = {
    JUTE_NESTED(set_data_response, stat, "stat", &zk_stat_record),
};
const struct jute_record set_data_response_record =
    JUTE_RECORD(set_data_response, "SetDataResponse", set_data_response_fields);

static const struct jute_field set_acl_response_fields[] = {
    JUTE_NESTED(set_acl_response, stat, "stat", &zk_stat_record),
};
const struct jute_record set_acl_response_record =
    JUTE_RECORD(set_acl_response, "SetACLResponse", set_acl_response_fields);

static const struct jute_field sync_response_fields[] = {
    JUTE_FIELD(sync_response, path, "path"),
};
const struct jute_record sync_response_record =
    JUTE_RECORD(sync_response, "SyncResponse", sync_response_fields);

static const struct jute_field error_response_fields[] = {
    JUTE_FIELD(error_response, err, "err"),
};
const struct jute_record error_response_record =
    JUTE_RECORD(error_response, "ErrorResponse", error_response_fields);

static const struct jute_field exists_request_fields[] = {
    JUTE_FIELD(exists_request, path, "path"),
    JUTE_FIELD(exists_request, watch, "watch"),
};
const struct jute_record exists_request_record =
    JUTE_RECORD(exists_request, "ExistsRequest", exists_request_fields);

static const struct jute_field exists_response_fields[] = {
    JUTE_NESTED(exists_response, stat, "stat", &zk_stat_record),
};
const struct jute_record exists_response_record =
    JUTE_RECORD(exists_response, "ExistsResponse", exists_response_fields);

static const struct jute_field get_data_request_fields[] = {
    JUTE_FIELD(get_data_request, path, "path"),
    JUTE_FIELD(get_data_request, watch, "watch"),
};
const struct jute_record get_data_request_record =
    JUTE_RECORD(get_data_request, "GetDataRequest", get_data_request_fields);

static const struct jute_field get_data_response_fields[] = {
    JUTE_FIELD(get_data_response, data, "data"),
    JUTE_NESTED(get_data_response, stat, "stat", &zk_stat_record),
};
const struct jute_record get_data_response_record =
    JUTE_RECORD(get_data_response, "GetDataResponse", get_data_response_fields);

static const struct jute_field get_acl_request_fields[] = {
    JUTE_FIELD(get_acl_request, path, "path"),
};
const struct jute_record get_acl_request_record =
    JUTE_RECORD(get_acl_request, "GetACLRequest", get_acl_request_fields);

static const struct jute_field get_acl_response_fields[] = {
    JUTE_VECTOR(get_acl_response, acl, "acl", &zk_acl_record),
    JUTE_NESTED(get_acl_response, stat, "stat", &zk_stat_record),
};
const struct jute_record get_acl_response_record =
    JUTE_RECORD(get_acl_response, "GetACLResponse", get_acl_response_fields);

static const struct jute_field get_children_request_fields[] = {
    JUTE_FIELD(get_children_request, path, "path"),
    JUTE_FIELD(get_children_request, watch, "watch"),
};
const struct jute_record get_children_request_record =
    JUTE_RECORD(get_children_request, "GetChildrenRequest", get_children_request_fields);

static const struct jute_field get_children_response_fields[] = {
    JUTE_VECTOR(get_children_response, children, "children", &ustring_record),
};
const struct jute_record get_children_response_record =
    JUTE_RECORD(get_children_response, "GetChildrenResponse", get_children_response_fields);

static const struct jute_field get_children2_request_fields[] = {
    JUTE_FIELD(get_children2_request, path, "path"),
    JUTE_FIELD(get_children2_request, watch, "watch"),
};
const struct jute_record get_children2_request_record =
    JUTE_RECORD(get_children2_request, "GetChildren2Request", get_children2_request_fields);

static const struct jute_field get_children2_response_fields[] = {
    JUTE_VECTOR(get_children2_response, children, "children", &ustring_record),
    JUTE_NESTED(get_children2_response, stat, "stat", &zk_stat_record),
};
const struct jute_record get_children2_response_record =
    JUTE_RECORD(get_children2_response, "GetChildren2Response", get_children2_response_fields);

static const struct jute_field get_ephemerals_request_fields[] = {
    JUTE_FIELD(get_ephemerals_request, prefix_path, "prefixPath"),
};
const struct jute_record get_ephemerals_request_record =
    JUTE_RECORD(get_ephemerals_request, "GetEphemeralsRequest", get_ephemerals_request_fields);

static const struct jute_field get_ephemerals_response_fields[] = {
    JUTE_VECTOR(get_ephemerals_response, ephemerals, "ephemerals", &ustring_record),
};
const struct jute_record get_ephemerals_response_record =
    JUTE_RECORD(get_ephemerals_response, "GetEphemeralsResponse", get_ephemerals_response_fields);

static const struct jute_field get_all_children_number_request_fields[] = {
    JUTE_FIELD(get_all_children_number_request, path, "path"),
};
const struct jute_record get_all_children_number_request_record =
    JUTE_RECORD(get_all_children_number_request, "GetAllChildrenNumberRequest",
                get_all_children_number_request_fields);

static const struct jute_field get_all_children_number_response_fields[] = {
    JUTE_FIELD(get_all_children_number_response, total_number, "totalNumber"),
};
const struct jute_record get_all_children_number_response_record =
    JUTE_RECORD(get_all_children_number_response, "GetAllChildrenNumberResponse",
                get_all_children_number_response_fields);

static const struct jute_field who_am_i_response_fields[] = {
    JUTE_VECTOR(who_am_i_response, client_info, "clientInfo", &client_info_record),
};
const struct jute_record who_am_i_response_record =
    JUTE_RECORD(who_am_i_response, "WhoAmIResponse", who_am_i_response_fields);

static const struct jute_field auth_packet_fields[] = {
    JUTE_FIELD(auth_packet, type, "type"),
    JUTE_FIELD(auth_packet, scheme, "scheme"),
    JUTE_FIELD(auth_packet, auth, "auth"),
};
const struct jute_record auth_packet_record =
    JUTE_RECORD(auth_packet, "AuthPacket", auth_packet_fields);

static const struct jute_field set_watches_fields[] = {
    JUTE_FIELD(set_watches, relative_zxid, "relativeZxid"),
    JUTE_VECTOR(set_watches, data_watches, "dataWatches", &ustring_record),
    JUTE_VECTOR(set_watches, exist_watches, "existWatches", &ustring_record),
    JUTE_VECTOR(set_watches, child_watches, "childWatches", &ustring_record),
};
const struct jute_record set_watches_record =
    JUTE_RECORD(set_watches, "SetWatches", set_watches_fields);

static const struct jute_field set_watches2_fields[] = {
    JUTE_FIELD(set_watches2, relative_zxid, "relativeZxid"),
    JUTE_VECTOR(set_watches2, data_watches, "dataWatches", &ustring_record),
    JUTE_VECTOR(set_watches2, exist_watches, "existWatches", &ustring_record),
    JUTE_VECTOR(set_watches2, child_watches, "childWatches", &ustring_record),
    JUTE_VECTOR(set_watches2, persistent_watches, "persistentWatches", &ustring_record),
    JUTE_VECTOR(set_watches2, persistent_recursive_watches, "persistentRecursiveWatches",
                &ustring_record),
};
const struct jute_record set_watches2_record =
    JUTE_RECORD(set_watches2, "SetWatches2", set_watches2_fields);

static const struct jute_field add_watch_request_fields[] = {
    JUTE_FIELD(add_watch_request, path, "path"),
    JUTE_FIELD(add_watch_request, mode, "mode"),
};
const struct jute_record add_watch_request_record =
    JUTE_RECORD(add_watch_request, "AddWatchRequest", add_watch_request_fields);

static const struct jute_field check_watches_request_fields[] = {
    JUTE_FIELD(check_watches_request, path, "path"),
    JUTE_FIELD(check_watches_request, type, "type"),
};
const struct jute_record check_watches_request_record =
    JUTE_RECORD(check_watches_request, "CheckWatchesRequest", check_watches_request_fields);

static const struct jute_field remove_watches_request_fields[] = {
    JUTE_FIELD(remove_watches_request, path, "path"),
    JUTE_FIELD(remove_watches_request, type, "type"),
};
const struct jute_record remove_watches_request_record =
    JUTE_RECORD(remove_watches_request, "RemoveWatchesRequest", remove_watches_request_fields);

static const struct jute_field watcher_event_fields[] = {
    JUTE_FIELD(watcher_event, type, "type"),
    JUTE_FIELD(watcher_event, state, "state"),
    JUTE_FIELD(watcher_event, path, "path"),
};
const struct jute_record watcher_event_record =
    JUTE_RECORD(watcher_event, "WatcherEvent", watcher_event_fields);
