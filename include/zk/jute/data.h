/* The records of Java's module org.apache.zookeeper.data: an identity (Id), what it may do (ACL),
 * a node's numbers as they are stored (StatPersisted) and as clients see them (Stat). RECORDS.md
 * has their bytes. */
#ifndef ZK_JUTE_DATA_H
#define ZK_JUTE_DATA_H

#include "zk/jute/record.h"

/* Java: ZooDefs.Perms. Bits of struct zk_acl.perms. */
enum {
    PERMS_READ = 1,
    PERMS_WRITE = 2,
    PERMS_CREATE = 4,
    PERMS_DELETE = 8,
    PERMS_ADMIN = 16,
    PERMS_ALL = 31,
};

/* Java: data.Id */
struct zk_id {
    struct ustring scheme; /* "world", "digest", "ip" ... */
    struct ustring id;     /* "anyone", "user:hash", "127.0.0.1" ... */
};

struct zk_id_list {
    JUTE_LIST(struct zk_id);
};

/* Java: data.ACL */
struct zk_acl {
    int32_t perms;
    struct zk_id id;
};

/* Java: List<ACL>. It is a record of one field, so that the codec also takes a list that stands
 * alone. */
struct zk_acl_list {
    JUTE_LIST(struct zk_acl);
};

/* Java: ZooDefs.Ids.OPEN_ACL_UNSAFE: everybody may do everything. It stands once in memory, and
 * every list that is read as its bytes is this one (struct jute_common_list). */
struct zk_acl_list zk_acl_list_open_unsafe(void);
/* Returns whether list is that one in memory. A list that was put together item by item is another
 * one, even if it says the same. */
bool zk_acl_list_is_open_unsafe(const struct zk_acl_list *list);
/* Appends an entry. Copies both texts. */
void zk_acl_list_add(struct zk_acl_list *list, int32_t perms, const char *scheme, const char *id);

/* Java: data.StatPersisted. A value. */
struct stat_persisted {
    int64_t czxid; /* created by */
    int64_t mzxid; /* data last changed by */
    int64_t ctime_ms;
    int64_t mtime_ms;
    int32_t version;         /* of the data */
    int32_t cversion;        /* creations of children */
    int32_t aversion;        /* of the ACL */
    int64_t ephemeral_owner; /* 0: none; a session; a container's or TTL's mark */
    int64_t pzxid;           /* children last changed by */
};

enum { STAT_PERSISTED_BYTES = 60 };

/* Write and read the bytes that stat_persisted_record describes, without that table: a snapshot has
 * one of them for each node, and the way by the table was a fifth of its instructions. */
void stat_persisted_store(const struct stat_persisted *stat, uint8_t *ret_bytes);
void stat_persisted_load(const uint8_t *bytes, struct stat_persisted *ret_stat);

/* Java: data.Stat, what clients see. A value. Its fields are in another order than StatPersisted's,
 * and two mean something else: see data_node_copy_stat() in src/tree. */
struct zk_stat {
    int64_t czxid;
    int64_t mzxid;
    int64_t ctime_ms;
    int64_t mtime_ms;
    int32_t version;
    int32_t cversion; /* creations and deletions of children; StatPersisted counts creations */
    int32_t aversion;
    int64_t ephemeral_owner; /* 0 also for containers and nodes with a TTL */
    int32_t data_length;
    int32_t num_children;
    int64_t pzxid;
};

/* Java: data.ClientInfo */
struct client_info {
    struct ustring auth_scheme;
    struct ustring user;
};

extern const struct jute_record zk_id_record;
extern const struct jute_record zk_acl_record;
extern const struct jute_record zk_acl_list_record;
extern const struct jute_record stat_persisted_record;
extern const struct jute_record zk_stat_record;
extern const struct jute_record client_info_record;

#endif
