/* Jute records. Each is described once, by a table of its fields in the order of the wire: name,
 * type, and where the struct has it. One codec walks the tables, so no record has code of its own,
 * but for StatPersisted, of which a snapshot has one for each node. RECORDS.md beside this file is
 * made of the same tables. In Java the compiler of jute makes a class with code of its own for each
 * record.
 *
 *     struct zk_acl {                                     a plain struct, in a header
 *         int32_t perms;
 *         struct zk_id id;
 *     };
 *
 *     static const struct jute_field zk_acl_fields[] = {   its table, in a C file
 *         JUTE_FIELD(zk_acl, perms, "perms"),
 *         JUTE_NESTED(zk_acl, id, "id", &zk_id_record),
 *     };
 *     const struct jute_record zk_acl_record = JUTE_RECORD(zk_acl, "ACL", zk_acl_fields);
 *
 *     r = jute_read(&in, &zk_acl_record, &acl);
 *
 * One thread at a time. */
#ifndef ZK_JUTE_RECORD_H
#define ZK_JUTE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/jute/archive.h"

enum jute_type {
    JUTE_TYPE_INT,     /* int32_t */
    JUTE_TYPE_LONG,    /* int64_t */
    JUTE_TYPE_BOOLEAN, /* bool */
    JUTE_TYPE_USTRING, /* struct ustring, owned */
    JUTE_TYPE_BUFFER,  /* struct buf *, a reference; NULL is Java's null */
    JUTE_TYPE_RECORD,  /* another record's struct */
    JUTE_TYPE_VECTOR,  /* a list of another record's structs, see JUTE_LIST */
};

struct jute_record;

struct jute_field {
    const char *name; /* Java's */
    enum jute_type type;
    uint8_t width; /* bytes of a number; 0: no number, the value says how many */
    size_t offset;
    const struct jute_record *record; /* of JUTE_TYPE_RECORD; of the elements of JUTE_TYPE_VECTOR */
};

struct jute_record {
    const char *name; /* Java's */
    size_t size;      /* of the struct */
    const struct jute_field *fields;
    size_t field_count;
    /* For elements of lists: the list that nearly all lists are equal to; NULL: none. */
    const struct jute_common_list *common;
};

/* A list that stands once in memory. Every list that is read from memory as these bytes points to
 * these items, so that to read, copy, compare and free it costs next to nothing. */
struct jute_common_list {
    const void *items;
    size_t count;
    const char *bytes; /* the whole vector on the wire */
    size_t length;
};

/* The members of a list: struct X_list { JUTE_LIST(struct X); }. Zero-initialised it is Java's
 * null, which is not the empty list. */
/* NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type */
#define JUTE_LIST(type)                                                                            \
    bool present; /* false: null */                                                                \
    size_t count;                                                                                  \
    type *items
/* NOLINTEND(bugprone-macro-parentheses) */

/* ---- tables ---------------------------------------------------------------------------------- */

/* The type on the wire follows from the type of the member. */
#define JUTE_TYPE_OF(type_name, member)                                                            \
    _Generic(((struct type_name *)NULL)->member, int32_t                                           \
             : JUTE_TYPE_INT, int64_t                                                              \
             : JUTE_TYPE_LONG, bool                                                                \
             : JUTE_TYPE_BOOLEAN, struct ustring                                                   \
             : JUTE_TYPE_USTRING, struct buf *                                                     \
             : JUTE_TYPE_BUFFER)

#define JUTE_WIDTH_OF(type_name, member)                                                           \
    _Generic(((struct type_name *)NULL)->member, int32_t : 4, int64_t : 8, bool : 1, default : 0)

/* A member of a basic type. */
#define JUTE_FIELD(type_name, member, java_name)                                                   \
    {                                                                                              \
        .name = (java_name), .type = JUTE_TYPE_OF(type_name, member),                              \
        .width = JUTE_WIDTH_OF(type_name, member), .offset = offsetof(struct type_name, member)    \
    }
/* A member that is another record. */
#define JUTE_NESTED(type_name, member, java_name, nested)                                          \
    {                                                                                              \
        .name = (java_name), .type = JUTE_TYPE_RECORD,                                             \
        .offset = offsetof(struct type_name, member), .record = (nested)                           \
    }
/* A member that is a list of another record. */
#define JUTE_VECTOR(type_name, member, java_name, element)                                         \
    {                                                                                              \
        .name = (java_name), .type = JUTE_TYPE_VECTOR,                                             \
        .offset = offsetof(struct type_name, member), .record = (element)                          \
    }

#define JUTE_RECORD(type_name, java_name, table)                                                   \
    {                                                                                              \
        .name = (java_name), .size = sizeof(struct type_name), .fields = (table),                  \
        .field_count = sizeof(table) / sizeof(table)[0]                                            \
    }

/* A ustring as an element of a list: JUTE_VECTOR(close_session_txn, paths2_delete, "paths2Delete",
 * &ustring_record). */
extern const struct jute_record ustring_record;

struct ustring_list {
    JUTE_LIST(struct ustring);
};

/* ---- the codec ------------------------------------------------------------------------------- */

/* Reads one record. The caller ends *ret_value with jute_done; after an error it owns nothing.
 * Memory is taken as bytes arrive. Errors: jute_in's; -EPROTO also for a list whose elements are
 * together longer than one buffer may be (D-35). Blocks as the stream does. */
ZK_NODISCARD int jute_read(struct jute_in *in, const struct jute_record *record, void *ret_value);
/* Writes one record. Errors stick in out. */
void jute_write(struct jute_out *out, const struct jute_record *record, const void *value);
/* Returns how many bytes jute_write writes. */
size_t jute_size(const struct jute_record *record, const void *value);
/* Returns the bytes of one record; the caller unrefs them. Java: Record to byte[], by
 * BinaryOutputArchive over ByteArrayOutputStream */
struct buf *jute_to_buf(const struct jute_record *record, const void *value);
/* Frees what the members own, and zeroes them. */
void jute_done(const struct jute_record *record, void *value);
/* Copies one record: texts and lists are copied, buffers shared. What *ret_value held before is not
 * freed. */
void jute_copy(const struct jute_record *record, void *ret_value, const void *value);
bool jute_equal(const struct jute_record *record, const void *one, const void *other);
/* Returns one more element, zeroed, at the end of a list, which is present then. It stays the
 * list's, and moves when the list grows again. */
void *jute_list_add(const struct jute_record *element, void *list);

#endif
