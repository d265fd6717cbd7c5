/* The records of Java's module org.apache.zookeeper.data: who (Id), who may do what (ACL), a node's
 * numbers (StatPersisted). Byte tables stand above each codec in data.c. */
#ifndef ZK_JUTE_DATA_H
#define ZK_JUTE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/jute/archive.h"

/* Java: ZooDefs.Perms. Bits of struct acl.perms. */
enum {
    PERMS_READ = 1,
    PERMS_WRITE = 2,
    PERMS_CREATE = 4,
    PERMS_DELETE = 8,
    PERMS_ADMIN = 16,
    PERMS_ALL = 31,
};

/* Java: data.Id */
struct id {
    struct ustring scheme;
    struct ustring id;
};

ZK_NODISCARD int id_read(struct jute_in *in, struct id *ret_id); /* gives */
void id_write(struct jute_out *out, const struct id *id);
void id_done(struct id *id);

/* Java: List<Id>. Zero-initialised is null. */
struct id_list {
    bool present; /* false: Java's null, which is not the empty list */
    struct id *items;
    size_t count;
};

/* Java: QuorumPacket.authinfo. The strings of one list together are held to the limit of one buffer
 * (-EPROTO; D-35). */
ZK_NODISCARD int id_list_read(struct jute_in *in, struct id_list *ret_list); /* gives */
void id_list_write(struct jute_out *out, const struct id_list *list);
void id_list_done(struct id_list *list);

/* Java: data.ACL */
struct acl {
    int32_t perms;
    struct id id;
};

/* Java: List<ACL>. Zero-initialised is empty. */
struct acl_list {
    struct acl *items;
    size_t count;
};

/* A null list is -EPROTO: Java's reader has no use for one either. Held to the limit of one buffer,
 * like id_list. */
ZK_NODISCARD int acl_list_read(struct jute_in *in, struct acl_list *ret_list); /* gives */
void acl_list_write(struct jute_out *out, const struct acl_list *list);
void acl_list_add(struct acl_list *list, int32_t perms, const char *scheme, const char *id);
void acl_list_copy(struct acl_list *list, const struct acl_list *from);
bool acl_list_equal(const struct acl_list *a, const struct acl_list *b); /* order counts */
void acl_list_done(struct acl_list *list);

/* Java: data.StatPersisted. A value. */
struct stat_persisted {
    int64_t czxid; /* created by */
    int64_t mzxid; /* data last changed by */
    int64_t ctime_ms;
    int64_t mtime_ms;
    int32_t version;         /* of the data */
    int32_t cversion;        /* of the children */
    int32_t aversion;        /* of the ACL */
    int64_t ephemeral_owner; /* 0: none; a session; a container's or TTL's mark */
    int64_t pzxid;           /* children last changed by */
};

enum { STAT_PERSISTED_BYTES = 60 };

ZK_NODISCARD int stat_persisted_read(struct jute_in *in, struct stat_persisted *ret_stat);
void stat_persisted_write(struct jute_out *out, const struct stat_persisted *stat);

#endif
