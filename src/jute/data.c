/* Java's module org.apache.zookeeper.data */
#include "zk/jute/data.h"

static const struct jute_field zk_id_fields[] = {
    JUTE_FIELD(zk_id, scheme, "scheme"),
    JUTE_FIELD(zk_id, id, "id"),
};
const struct jute_record zk_id_record = JUTE_RECORD(zk_id, "Id", zk_id_fields);

static const struct jute_field zk_acl_fields[] = {
    JUTE_FIELD(zk_acl, perms, "perms"),
    JUTE_NESTED(zk_acl, id, "id", &zk_id_record),
};

/* Java: ZooDefs.Ids.OPEN_ACL_UNSAFE, which nearly all nodes have. */
static const struct zk_acl open_acl_unsafe[] = {
    {.perms = PERMS_ALL,
     .id = {.scheme = {.text = (char *)"world", .length = 5},
            .id = {.text = (char *)"anyone", .length = 6}}},
};
static const char open_acl_unsafe_bytes[] = "\0\0\0\1\0\0\0\x1f\0\0\0\5world\0\0\0\6"
                                            "anyone";
static const struct jute_common_list common_acl_list = {
    .items = open_acl_unsafe,
    .count = 1,
    .bytes = open_acl_unsafe_bytes,
    .length = sizeof open_acl_unsafe_bytes - 1,
};
const struct jute_record zk_acl_record = {
    .name = "ACL",
    .size = sizeof(struct zk_acl),
    .fields = zk_acl_fields,
    .field_count = sizeof zk_acl_fields / sizeof zk_acl_fields[0],
    .common = &common_acl_list,
};

static const struct jute_field zk_acl_list_fields[] = {
    {.name = "acl", .type = JUTE_TYPE_VECTOR, .offset = 0, .record = &zk_acl_record},
};
const struct jute_record zk_acl_list_record =
    JUTE_RECORD(zk_acl_list, "List<ACL>", zk_acl_list_fields);

static const struct jute_field stat_persisted_fields[] = {
    JUTE_FIELD(stat_persisted, czxid, "czxid"),
    JUTE_FIELD(stat_persisted, mzxid, "mzxid"),
    JUTE_FIELD(stat_persisted, ctime_ms, "ctime"),
    JUTE_FIELD(stat_persisted, mtime_ms, "mtime"),
    JUTE_FIELD(stat_persisted, version, "version"),
    JUTE_FIELD(stat_persisted, cversion, "cversion"),
    JUTE_FIELD(stat_persisted, aversion, "aversion"),
    JUTE_FIELD(stat_persisted, ephemeral_owner, "ephemeralOwner"),
    JUTE_FIELD(stat_persisted, pzxid, "pzxid"),
};
const struct jute_record stat_persisted_record =
    JUTE_RECORD(stat_persisted, "StatPersisted", stat_persisted_fields);

void stat_persisted_store(const struct stat_persisted *stat, uint8_t *ret_bytes)
{
    zk_store_long(ret_bytes, stat->czxid);
    zk_store_long(ret_bytes + 8, stat->mzxid);
    zk_store_long(ret_bytes + 16, stat->ctime_ms);
    zk_store_long(ret_bytes + 24, stat->mtime_ms);
    zk_store_int(ret_bytes + 32, stat->version);
    zk_store_int(ret_bytes + 36, stat->cversion);
    zk_store_int(ret_bytes + 40, stat->aversion);
    zk_store_long(ret_bytes + 44, stat->ephemeral_owner);
    zk_store_long(ret_bytes + 52, stat->pzxid);
}

void stat_persisted_load(const uint8_t *bytes, struct stat_persisted *ret_stat)
{
    *ret_stat = (struct stat_persisted){
        .czxid = zk_load_long(bytes),
        .mzxid = zk_load_long(bytes + 8),
        .ctime_ms = zk_load_long(bytes + 16),
        .mtime_ms = zk_load_long(bytes + 24),
        .version = zk_load_int(bytes + 32),
        .cversion = zk_load_int(bytes + 36),
        .aversion = zk_load_int(bytes + 40),
        .ephemeral_owner = zk_load_long(bytes + 44),
        .pzxid = zk_load_long(bytes + 52),
    };
}

static const struct jute_field zk_stat_fields[] = {
    JUTE_FIELD(zk_stat, czxid, "czxid"),
    JUTE_FIELD(zk_stat, mzxid, "mzxid"),
    JUTE_FIELD(zk_stat, ctime_ms, "ctime"),
    JUTE_FIELD(zk_stat, mtime_ms, "mtime"),
    JUTE_FIELD(zk_stat, version, "version"),
    JUTE_FIELD(zk_stat, cversion, "cversion"),
    JUTE_FIELD(zk_stat, aversion, "aversion"),
    JUTE_FIELD(zk_stat, ephemeral_owner, "ephemeralOwner"),
    JUTE_FIELD(zk_stat, data_length, "dataLength"),
    JUTE_FIELD(zk_stat, num_children, "numChildren"),
    JUTE_FIELD(zk_stat, pzxid, "pzxid"),
};
const struct jute_record zk_stat_record = JUTE_RECORD(zk_stat, "Stat", zk_stat_fields);

static const struct jute_field client_info_fields[] = {
    JUTE_FIELD(client_info, auth_scheme, "authScheme"),
    JUTE_FIELD(client_info, user, "user"),
};
const struct jute_record client_info_record =
    JUTE_RECORD(client_info, "ClientInfo", client_info_fields);

struct zk_acl_list zk_acl_list_open_unsafe(void)
{
    return (struct zk_acl_list){
        .present = true, .count = 1, .items = (struct zk_acl *)open_acl_unsafe};
}

bool zk_acl_list_is_open_unsafe(const struct zk_acl_list *list)
{
    return list->items == open_acl_unsafe;
}

void zk_acl_list_add(struct zk_acl_list *list, int32_t perms, const char *scheme, const char *id)
{
    struct zk_acl *acl = jute_list_add(&zk_acl_record, list);
    acl->perms = perms;
    acl->id.scheme = ustring_of(scheme);
    acl->id.id = ustring_of(id);
}
