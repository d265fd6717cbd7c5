/* zkdump: what is in a file of a data directory, as text or as JSON, and what is wrong with it. It
 * reads logs, snapshots and epoch files, those of Java and ours, and writes nothing. Java:
 * TxnLogToolkit, SnapshotFormatter */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "refused_option.h"
#include "zk/base/error.h"
#include "zk/base/str.h"
#include "zk/io/file.h"
#include "zk/io/stream.h"
#include "zk/jute/data.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/persistence.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/txn_log_reader.h"
#include "zk/persistence/util.h"
#include "zk/runtime/context.h"

enum {
    STATUS_FINE = 0,
    STATUS_DAMAGED = 1,
    STATUS_USAGE = 2,
    SNAP_MAGIC_NUMBER = 0x5a4b534e,
    EPOCH_FILE_LIMIT = 4096,
};

static const char USAGE[] =
    "Usage: zkdump [--json] FILE...\n"
    "Show what is in files of a data directory (version-2): log.*, snapshot.*, acceptedEpoch and\n"
    "currentEpoch, of Java ZooKeeper or of zkpeer. Reads only; the server may run meanwhile.\n"
    "\n"
    "  --json        one JSON object a line\n"
    "  -h, --help    print this\n"
    "\n"
    "Exit: 0 all files are whole, 1 one is damaged or cannot be read, or the output cannot be\n"
    "written, 2 wrong usage.\n";

struct dump {
    struct zk_context *ctx;
    bool json;
    const char *path;
    int status;
};

/* ---- lines ----------------------------------------------------------------------------------- */

static void print_json_text(const char *text)
{
    struct zk_str escaped = {0};
    zk_str_append_json(&escaped, text);
    printf("\"%s\"", zk_str_text(&escaped));
    zk_str_done(&escaped);
}

/* Prints how the file ends. what is "whole", "torn" and so on; why explains it. */
static void print_end(struct dump *dump, const char *what, int64_t position, int64_t count,
                      const char *why)
{
    if (dump->json) {
        printf("{\"file\":");
        print_json_text(dump->path);
        printf(",\"end\":\"%s\",\"position\":%" PRId64 ",\"count\":%" PRId64 ",\"why\":", what,
               position, count);
        print_json_text(why);
        printf("}\n");
        return;
    }
    printf("%s: %s, %" PRId64 " read, up to byte %" PRId64 ": %s\n", dump->path, what, count,
           position, why);
}

static void damaged(struct dump *dump, int64_t position, int64_t count, const char *why)
{
    dump->status = STATUS_DAMAGED;
    print_end(dump, "DAMAGED", position, count, why);
}

/* Nothing of the file has been seen, so nothing is said about its content. */
static void unreadable(struct dump *dump, const char *why)
{
    dump->status = STATUS_DAMAGED;
    if (dump->json)
        print_end(dump, "unreadable", 0, 0, why);
    else
        printf("%s: cannot be read: %s\n", dump->path, why);
}

/* ---- a log ----------------------------------------------------------------------------------- */

/* Returns the path that the transaction is about; NULL: it has none. */
static const struct ustring *path_of_entry(const struct txn_log_entry *entry)
{
    switch (entry->header.type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
        return &entry->record.create.path;
    case OP_CODE_CREATE_CONTAINER:
        return &entry->record.create_container.path;
    case OP_CODE_CREATE_TTL:
        return &entry->record.create_ttl.path;
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
        return &entry->record.delete.path;
    case OP_CODE_SET_DATA:
    case OP_CODE_RECONFIG:
        return &entry->record.set_data.path;
    case OP_CODE_SET_ACL:
        return &entry->record.set_acl.path;
    default:
        return NULL;
    }
}

static void print_entry_json(const struct dump *dump, const struct txn_log_entry *entry,
                             int64_t position)
{
    const struct txn_header *header = &entry->header;
    const struct ustring *path = path_of_entry(entry);
    printf("{\"file\":");
    print_json_text(dump->path);
    printf(",\"position\":%" PRId64 ",\"zxid\":\"0x%" PRIx64 "\",\"time\":%" PRId64
           ",\"session\":\"0x%" PRIx64 "\",\"cxid\":%" PRId32 ",\"type\":\"%s\"",
           position, (uint64_t)header->zxid, header->time_ms, (uint64_t)header->client_id,
           header->cxid, op_code_name(header->type));
    if (path != NULL) {
        printf(",\"path\":");
        print_json_text(path->text == NULL ? "" : path->text);
    }
    if (header->type == OP_CODE_ERROR)
        printf(",\"error\":\"%s\"", keeper_code_name(entry->record.error.err));
    if (header->type == OP_CODE_MULTI)
        printf(",\"operations\":%zu", entry->record.multi.txns.count);
    if (entry->has_digest)
        printf(",\"digest\":\"%" PRIu64 "\"", (uint64_t)entry->digest.tree_digest);
    printf(",\"bytes\":%zu}\n", entry->bytes->length);
}

static void print_entry(const struct dump *dump, const struct txn_log_entry *entry,
                        int64_t position)
{
    const struct txn_header *header = &entry->header;
    const struct ustring *path = path_of_entry(entry);
    if (dump->json) {
        print_entry_json(dump, entry, position);
        return;
    }
    printf("%10" PRId64 "  zxid 0x%" PRIx64 "  session 0x%" PRIx64 "  cxid %" PRId32 "  %s",
           position, (uint64_t)header->zxid, (uint64_t)header->client_id, header->cxid,
           op_code_name(header->type));
    if (path != NULL)
        printf(" %s", path->text == NULL ? "(null)" : path->text);
    if (header->type == OP_CODE_ERROR)
        printf(" %s", keeper_code_name(entry->record.error.err));
    if (header->type == OP_CODE_MULTI)
        printf(" of %zu", entry->record.multi.txns.count);
    if (entry->has_digest)
        printf("  digest %" PRIu64, (uint64_t)entry->digest.tree_digest);
    printf("\n");
}

/* Returns 0, or the error of the entry that cannot be read. */
static int print_entries(const struct dump *dump, struct txn_log_reader *reader, int64_t *ret_count)
{
    int r;
    do {
        struct buf *payload;
        struct txn_log_entry *entry = NULL;
        int64_t position = txn_log_reader_position(reader);
        r = txn_log_reader_next(reader, &payload);
        if (r <= 0)
            break;
        r = txn_log_entry_decode(dump->ctx, payload, &entry);
        buf_unref(payload);
        if (r == 0) {
            print_entry(dump, entry, position);
            ++*ret_count;
        }
        txn_log_entry_unref(entry);
    } while (r == 0);
    return r;
}

/* text holds what the system says, for as long as the result is used. */
static const char *error_of_log(int r, struct zk_error_text *text)
{
    switch (r) {
    case -EBADMSG:
        return "the checksum of the next entry is wrong, so its bytes are not those that were "
               "written";
    case -EPROTO:
        return "what follows is no transaction";
    case -EPIPE:
        return "the file is shorter than its header: it was being made when the server died";
    default:
        *text = zk_error_text(r);
        return text->text;
    }
}

static void dump_log(struct dump *dump)
{
    struct txn_log_reader *reader;
    struct zk_error_text text;
    int64_t count = 0;
    int r = txn_log_reader_open(dump->ctx, dump->path, &reader);
    if (r < 0) {
        damaged(dump, 0, 0,
                r == -EPROTO ? "it does not begin as a log does" : error_of_log(r, &text));
        return;
    }
    r = print_entries(dump, reader, &count);
    int64_t position = txn_log_reader_position(reader);
    if (r < 0)
        damaged(dump, position, count, error_of_log(r, &text));
    else if (txn_log_reader_end(reader) == TXN_LOG_END_PARTIAL)
        print_end(dump, "partial", position, count,
                  "the last entry is not whole: the server died while it wrote it");
    else if (txn_log_reader_end(reader) == TXN_LOG_END_TORN)
        print_end(dump, "torn", position, count,
                  "sectors of the next entry are missing: the power failed while it was written; "
                  "in any but the newest log this is damage");
    else
        print_end(dump, "whole", position, count, "nothing but zeros follows");
    txn_log_reader_free(reader);
}

/* ---- a snapshot ------------------------------------------------------------------------------ */

static int read_seal(struct jute_in *in)
{
    int64_t expected = zk_input_adler32(in->input);
    int64_t stored;
    struct ustring slash;
    int r = jute_in_long(in, &stored);
    if (r < 0)
        return r;
    r = jute_in_ustring(in, &slash);
    if (r == 0)
        ustring_done(&slash);
    return r < 0 ? r : stored == expected ? 0 : -EBADMSG;
}

static int print_sessions(const struct dump *dump, struct jute_in *in)
{
    int32_t count;
    int r = jute_in_int(in, &count);
    for (int32_t i = 0; r == 0 && i < count; i++) {
        int64_t session;
        int32_t timeout_ms;
        r = jute_in_long(in, &session);
        if (r == 0)
            r = jute_in_int(in, &timeout_ms);
        if (r == 0)
            printf(dump->json ? "{\"session\":\"0x%" PRIx64 "\",\"timeout\":%" PRId32 "}\n"
                              : "session 0x%" PRIx64 "  timeout %" PRId32 " ms\n",
                   (uint64_t)session, timeout_ms);
    }
    return r;
}

static int pass_acls(struct jute_in *in)
{
    int32_t lists;
    int r = jute_in_int(in, &lists);
    for (int32_t i = 0; r == 0 && i < lists; i++) {
        int64_t id;
        int32_t count;
        r = jute_in_long(in, &id);
        if (r == 0)
            r = jute_in_start_vector(in, &count);
        for (int32_t k = 0; r == 0 && k < count; k++) {
            struct zk_acl acl;
            r = jute_read(in, &zk_acl_record, &acl);
            if (r == 0)
                jute_done(&zk_acl_record, &acl);
        }
    }
    return r;
}

static void print_node(const struct dump *dump, const char *path, const struct buf *data,
                       int64_t acl, const struct stat_persisted *stat)
{
    int64_t length = data == NULL ? -1 : (int64_t)data->length;
    if (dump->json) {
        printf("{\"path\":");
        print_json_text(path);
        printf(",\"data\":%" PRId64 ",\"acl\":%" PRId64 ",\"czxid\":\"0x%" PRIx64
               "\",\"mzxid\":\"0x%" PRIx64 "\",\"version\":%" PRId32 ",\"owner\":\"0x%" PRIx64
               "\"}\n",
               length, acl, (uint64_t)stat->czxid, (uint64_t)stat->mzxid, stat->version,
               (uint64_t)stat->ephemeral_owner);
        return;
    }
    printf("%s  %" PRId64 " bytes  czxid 0x%" PRIx64 "  mzxid 0x%" PRIx64 "  version %" PRId32,
           path[0] == '\0' ? "/" : path, length, (uint64_t)stat->czxid, (uint64_t)stat->mzxid,
           stat->version);
    if (stat->ephemeral_owner != 0)
        printf("  owner 0x%" PRIx64, (uint64_t)stat->ephemeral_owner);
    printf("\n");
}

/* Returns 1 for a node, 0 for the "/" behind the last one, and a negative error. */
static int print_next_node(const struct dump *dump, struct jute_in *in)
{
    char *path;
    struct buf *data = NULL;
    int64_t acl;
    struct stat_persisted stat;
    int r = jute_in_text(in, &path);
    if (r < 0)
        return r;
    if (strcmp(path, "/") == 0) {
        free(path);
        return 0;
    }
    r = jute_in_buffer(in, &data);
    if (r == 0)
        r = jute_in_long(in, &acl);
    if (r == 0)
        r = jute_read(in, &stat_persisted_record, &stat);
    if (r == 0)
        print_node(dump, path, data, acl, &stat);
    buf_unref(data);
    free(path);
    return r < 0 ? r : 1;
}

/* 3.9 adds the zxid that its tree had when the snapshot was done, and a third seal. A start does
 * not look at them. */
static int print_last_zxid(const struct dump *dump, struct jute_in *in)
{
    int64_t zxid;
    int r = jute_in_long(in, &zxid);
    if (r == -EPIPE)
        return 0;
    if (r == 0)
        r = read_seal(in);
    if (r == 0)
        printf(dump->json ? "{\"last_zxid\":\"0x%" PRIx64 "\"}\n"
                          : "last zxid when it was done: 0x%" PRIx64 "\n",
               (uint64_t)zxid);
    return r;
}

/* Prints what stands behind the first seal: the digest, and what 3.9 adds. Older files have nothing
 * there. */
static int print_tail(const struct dump *dump, struct jute_in *in)
{
    int64_t zxid;
    int32_t version;
    int64_t digest;
    int r = jute_in_long(in, &zxid);
    if (r == -EPIPE)
        return 0;
    if (r == 0)
        r = jute_in_int(in, &version);
    if (r == 0)
        r = jute_in_long(in, &digest);
    if (r == 0)
        r = read_seal(in);
    if (r == 0)
        printf(dump->json ? "{\"zxid\":\"0x%" PRIx64 "\",\"digest\":\"%" PRIu64 "\"}\n"
                          : "digest of zxid 0x%" PRIx64 ": %" PRIu64 "\n",
               (uint64_t)zxid, (uint64_t)digest);
    return r < 0 ? r : print_last_zxid(dump, in);
}

static int print_snapshot(const struct dump *dump, struct jute_in *in, int64_t *ret_nodes)
{
    struct file_header header;
    int r = jute_read(in, &file_header_record, &header);
    if (r == 0 && header.magic != SNAP_MAGIC_NUMBER)
        r = -EPROTO;
    if (r == 0)
        r = print_sessions(dump, in);
    if (r == 0)
        r = pass_acls(in);
    while (r == 0 && (r = print_next_node(dump, in)) > 0) {
        ++*ret_nodes;
        r = 0;
    }
    if (r == 0)
        r = read_seal(in);
    if (r == 0)
        r = print_tail(dump, in);
    return r;
}

static const char *error_of_snapshot(int r, struct zk_error_text *text)
{
    switch (r) {
    case -EBADMSG:
        return "a seal does not fit: the bytes before it are not those that were written";
    case -EPROTO:
        return "these bytes are no snapshot";
    case -EPIPE:
        return "the file ends too early: the server died while it wrote it";
    default:
        *text = zk_error_text(r);
        return text->text;
    }
}

/* suffix is what stands behind the zxid in the file's name. */
static int read_as_packed(const char *suffix, int fd, struct zk_input **ret_input)
{
    if (strcasecmp(suffix, "snappy") == 0)
        return zk_input_new_snappy(fd, ret_input);
    *ret_input = strcasecmp(suffix, "gz") == 0 ? zk_input_new_gzip(fd) : zk_input_new_fd(fd);
    return 0;
}

static void dump_snapshot(struct dump *dump, const char *suffix)
{
    struct zk_error_text text;
    int fd;
    int64_t nodes = 0;
    int r = file_open_read(dump->path, &fd);
    if (r < 0) {
        damaged(dump, 0, 0, zk_error_text(r).text);
        return;
    }
    struct zk_input *input;
    r = read_as_packed(suffix, fd, &input);
    if (r < 0) {
        unreadable(dump, "it is packed with snappy, and libsnappy is not on this machine");
        file_close(fd);
        return;
    }
    struct jute_in in = jute_in_of(dump->ctx, input);
    r = print_snapshot(dump, &in, &nodes);
    if (r < 0)
        damaged(dump, zk_input_position(input), nodes, error_of_snapshot(r, &text));
    else
        print_end(dump, "whole", zk_input_position(input), nodes, "all seals fit");
    zk_input_free(input);
    file_close(fd);
}

/* ---- an epoch -------------------------------------------------------------------------------- */

static void dump_epoch(struct dump *dump)
{
    struct zk_str text = {0};
    int64_t epoch;
    int r = file_read(dump->path, EPOCH_FILE_LIMIT, &text);
    if (r == -EFBIG)
        damaged(dump, 0, 0,
                "it is too large for an epoch file, and is not named as a log or a snapshot");
    else if (r < 0)
        damaged(dump, 0, 0, zk_error_text(r).text);
    else if (!zk_str_parse_first_line(&text, &epoch))
        damaged(dump, 0, 0, "the first line is not a number, and nothing else may stand in it");
    else
        printf(dump->json ? "{\"epoch\":%" PRId64 "}\n" : "epoch %" PRId64 "\n", epoch);
    zk_str_done(&text);
}

/* ---- which ----------------------------------------------------------------------------------- */

static void dump_file(struct dump *dump)
{
    const char *slash = strrchr(dump->path, '/');
    const char *name = slash == NULL ? dump->path : slash + 1;
    const char *suffix = "";
    int64_t zxid;
    int fd;
    int r = file_open_read(dump->path, &fd);
    if (r == 0)
        file_close(fd);
    if (r < 0)
        unreadable(dump, zk_error_text(r).text);
    else if (file_is_directory(dump->path))
        unreadable(dump, "it is a directory; name the files in it");
    else if (util_get_zxid_from_name(name, LOG_FILE_PREFIX, &zxid, NULL))
        dump_log(dump);
    else if (!util_get_zxid_from_name(name, SNAPSHOT_FILE_PREFIX, &zxid, &suffix))
        dump_epoch(dump);
    else
        dump_snapshot(dump, suffix);
}

/* ---- the command line ------------------------------------------------------------------------ */

static void refuse_usage(struct dump *dump, const char *problem, const char *argument)
{
    fprintf(stderr, "zkdump: %s%s (try zkdump --help)\n", problem, argument);
    dump->status = STATUS_USAGE;
}

/* Returns whether there are files to be dumped: those from argv[optind] on. */
static bool parse_dump_options(struct dump *dump, int argc, char **argv)
{
    enum { HELP = 1, JSON };
    static const struct option options[] = {
        {"help", no_argument, NULL, HELP},
        {"json", no_argument, NULL, JSON},
        {NULL, 0, NULL, 0},
    };
    int option;
    char letter[3]; /* of the option that is refused */
    /* The colon makes getopt silent: refuse_usage() speaks. */
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
        case HELP:
            fputs(USAGE, stdout);
            return false;
        case JSON:
            dump->json = true;
            break;
        default:
            refuse_usage(dump, "I do not know ", refused_option(argc, argv, letter));
            return false;
        }
    }
    if (optind == argc)
        refuse_usage(dump, "which file?", "");
    return optind < argc;
}

/* stdio tells only now that something could not be written, because the disk is full, for example.
 * Nobody may take what is there for the whole. */
static void flush_dump(struct dump *dump)
{
    int reason = ferror(stdout) ? EIO : 0;
    if (fflush(stdout) != 0)
        reason = errno;
    if (reason == 0)
        return;
    fprintf(stderr, "zkdump: the output cannot be written: %s\n", zk_error_text(reason).text);
    dump->status = STATUS_DAMAGED;
}

int main(int argc, char **argv)
{
    struct zk_context_options options = zk_context_options_default();
    options.log_level = ZK_OFF;
    struct dump dump = {.ctx = zk_context_new(&options)};
    if (parse_dump_options(&dump, argc, argv)) {
        for (int i = optind; i < argc; i++) {
            dump.path = argv[i];
            dump_file(&dump);
        }
    }
    flush_dump(&dump);
    zk_context_free(dump.ctx);
    return dump.status;
}
