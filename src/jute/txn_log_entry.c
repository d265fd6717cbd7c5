/* Transactions as bytes, and back. Java: SerializeUtils, persistence.Util */
#include "zk/jute/txn_log_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/settings.h"

enum {
    HEADER_BYTES = 32,
    DIGEST_BYTES = 12,
};

/* 40 bits, as in EphemeralType.TTL. */
#define MAX_TTL_MS ((INT64_C(1) << 40) - 1)

/* ---- records that can be applied ------------------------------------------------------------- */

static bool path_is_sound(const struct ustring *path)
{
    return path->text != NULL && strlen(path->text) == path->length;
}

static bool paths_are_sound(const struct ustring_list *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        if (!path_is_sound(&paths->items[i]))
            return false;
    return true;
}

/* Returns whether the tree can apply this record: Java would do so without an exception that it
 * does not expect (D-121). */
static bool record_is_sound(int32_t type, const union txn_record *record)
{
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
        return path_is_sound(&record->create.path);
    case OP_CODE_CREATE_TTL:
        return path_is_sound(&record->create_ttl.path) && record->create_ttl.ttl > 0 &&
               record->create_ttl.ttl <= MAX_TTL_MS;
    case OP_CODE_CREATE_CONTAINER:
        return path_is_sound(&record->create_container.path);
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
        return path_is_sound(&record->delete.path);
    case OP_CODE_RECONFIG:
    case OP_CODE_SET_DATA:
        return path_is_sound(&record->set_data.path);
    case OP_CODE_SET_ACL:
        return path_is_sound(&record->set_acl.path);
    case OP_CODE_CHECK:
        return path_is_sound(&record->check_version.path);
    case OP_CODE_CLOSE_SESSION:
        return paths_are_sound(&record->close_session.paths2_delete);
    case OP_CODE_MULTI:
        return record->multi.txns.present;
    default:
        return true; /* createSession, error: a number each */
    }
}

/* ---- operations of a multi ------------------------------------------------------------------- */

/* No others may stand in a multi. create2 is there in 3.9.5 only; leaders make a create of it
 * (D-122). Java: DataTree.processTxn(), its second switch */
static bool may_stand_in_multi(int32_t type)
{
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
    case OP_CODE_SET_DATA:
    case OP_CODE_ERROR:
    case OP_CODE_CHECK:
        return true;
    default:
        return false;
    }
}

/* Java: ByteBufferInputStream.byteBuffer2Record(). What follows the record is ignored: the data of
 * an error may be that of the operation that it was before (see D-120). */
static struct txn_operation operation_of(const struct sub_txn *txn)
{
    struct txn_operation operation = {.type = txn->type};
    if (txn->data == NULL || !may_stand_in_multi(txn->type))
        return operation;
    const struct jute_record *table = txn_record_of_type(txn->type);
    /* All of data was within the limit when it was read. */
    struct jute_in in = {.memory = buf_reader_of(txn->data), .max_length = INT32_MAX};
    operation.readable = jute_read(&in, table, &operation.record) == 0;
    if (operation.readable && !record_is_sound(txn->type, &operation.record)) {
        jute_done(table, &operation.record);
        operation.readable = false;
    }
    return operation;
}

static void take_apart(struct txn_log_entry *entry)
{
    if (entry->header.type != OP_CODE_MULTI)
        return;
    const struct multi_txn *multi = &entry->record.multi;
    entry->operations = zk_xcalloc(multi->txns.count + 1, sizeof *entry->operations);
    for (size_t i = 0; i < multi->txns.count; i++)
        entry->operations[i] = operation_of(&multi->txns.items[i]);
}

/* ---- to bytes -------------------------------------------------------------------------------- */

/* Java: Util.marshallTxnEntry() */
static struct buf *marshall_txn_entry(const struct txn_log_entry *entry)
{
    const struct jute_record *table = txn_record_of_type(entry->header.type);
    size_t size = HEADER_BYTES;
    size += entry->has_record ? jute_size(table, &entry->record) : 0;
    size += entry->has_digest ? DIGEST_BYTES : 0;
    struct buf *bytes = buf_new(size);
    struct jute_out out = jute_out_of_buf(bytes);
    jute_write(&out, &txn_header_record, &entry->header);
    if (entry->has_record)
        jute_write(&out, table, &entry->record);
    if (entry->has_digest)
        jute_write(&out, &txn_digest_record, &entry->digest);
    zk_assert(out.error == 0); /* only a length of more than 31 bits fails */
    return bytes;
}

static struct txn_log_entry *unmade_entry(void)
{
    struct txn_log_entry *entry = zk_xcalloc(1, sizeof *entry);
    zk_refcount_init(&entry->refs);
    return entry;
}

struct txn_log_entry *txn_log_entry_new(const struct txn_header *header, union txn_record *record,
                                        const struct txn_digest *digest)
{
    struct txn_log_entry *entry = unmade_entry();
    entry->header = *header;
    entry->has_record = record != NULL;
    if (record != NULL) {
        zk_assert(txn_record_of_type(header->type) != NULL);
        entry->record = *record;
        *record = (union txn_record){0};
    }
    entry->has_digest = digest != NULL;
    if (digest != NULL)
        entry->digest = *digest;
    entry->bytes = marshall_txn_entry(entry);
    take_apart(entry);
    return entry;
}

/* ---- from bytes ------------------------------------------------------------------------------ */

/* A create from before 3.3, without the parent's version. Java: SerializeUtils.deserializeTxn(),
 * "perhaps this is a V0 Create" */
static int read_create_v0(struct jute_in *in, struct create_txn *ret_create)
{
    struct create_txn_v0 v0 = {0};
    int r = jute_read(in, &create_txn_v0_record, &v0);
    if (r < 0)
        return r;
    *ret_create = (struct create_txn){
        .path = v0.path,
        .data = v0.data,
        .acl = v0.acl,
        .ephemeral = v0.ephemeral,
        .parent_cversion = -1,
    };
    return 0;
}

/* Reads the record that stands behind the header. */
static int read_record(struct jute_in *in, struct txn_log_entry *entry)
{
    int32_t type = entry->header.type;
    const struct jute_record *table = txn_record_of_type(type);
    if (table == NULL || type == OP_CODE_CHECK) /* Java has no case for check here either */
        return -EPROTO;
    size_t start = in->memory.position;
    int r = jute_read(in, table, &entry->record);
    if (r == -EPIPE && type == OP_CODE_CREATE) {
        in->memory.position = start;
        r = read_create_v0(in, &entry->record.create);
    }
    if (r == 0) {
        entry->has_record = true;
        return record_is_sound(type, &entry->record) ? 0 : -EPROTO;
    }
    if (type != OP_CODE_CLOSE_SESSION)
        return r;
    in->memory.position = start; /* it has none; what stands there may be the digest (D-123) */
    return 0;
}

static bool is_digest_enabled(const struct zk_context *ctx)
{
    return zk_settings_get_boolean(ctx, "zookeeper.digest.enabled", true);
}

static int read_entry(const struct zk_context *ctx, struct txn_log_entry *entry)
{
    /* All of these bytes together were within the limit of one buffer when they came from a file or
     * a connection. A length inside them that is too large runs into their end, which is an
     * error. */
    struct jute_in in = {.memory = buf_reader_of(entry->bytes), .max_length = INT32_MAX};
    int r = jute_read(&in, &txn_header_record, &entry->header);
    if (r < 0)
        return r;
    r = read_record(&in, entry);
    if (r < 0)
        return r;
    if (in.memory.length - in.memory.position >= DIGEST_BYTES && is_digest_enabled(ctx)) {
        r = jute_read(&in, &txn_digest_record, &entry->digest);
        if (r < 0)
            return r;
        entry->has_digest = true;
    }
    take_apart(entry);
    return 0;
}

/* Java: SerializeUtils.deserializeTxn() */
int txn_log_entry_decode(const struct zk_context *ctx, struct buf *bytes,
                         struct txn_log_entry **ret_entry)
{
    struct txn_log_entry *entry = unmade_entry();
    entry->bytes = buf_ref(bytes);
    int r = read_entry(ctx, entry);
    if (r < 0) {
        txn_log_entry_unref(entry);
        return -EPROTO;
    }
    *ret_entry = entry;
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct txn_log_entry *txn_log_entry_ref(struct txn_log_entry *entry)
{
    zk_refcount_ref(&entry->refs);
    return entry;
}

void txn_log_entry_unref(struct txn_log_entry *entry)
{
    if (entry == NULL || !zk_refcount_unref(&entry->refs))
        return;
    if (entry->operations != NULL)
        for (size_t i = 0; i < entry->record.multi.txns.count; i++)
            if (entry->operations[i].readable)
                jute_done(txn_record_of_type(entry->operations[i].type),
                          &entry->operations[i].record);
    free(entry->operations);
    if (entry->has_record)
        jute_done(txn_record_of_type(entry->header.type), &entry->record);
    buf_unref(entry->bytes);
    free(entry);
}
