/* Disks are read again and again, each time only what is new since the last time. */
#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "internal.h"
#include "peer_main.h"
#include "text.h"

enum {
    FILE_HEADER = 16,   /* magic, version, database */
    RECORD_HEADER = 12, /* checksum, length */
    TXN_HEADER = 32,    /* session, cxid, zxid, time, type */
    TXNS_AT_FIRST = 256,
    FIRST_COUNTER = 1,
};

static const char LOG_PREFIX[] = PEER_DATA_DIR "/version-2/log.";
static const char SNAPSHOT_PREFIX[] = PEER_DATA_DIR "/version-2/snapshot.";
static const uint8_t RECORD_END = 0x42;

struct history_file {
    uint64_t inode;
    unsigned cuts;
    size_t read; /* bytes */
    bool seen;   /* in this look */
    int64_t *zxids;
    size_t count;
    size_t capacity;
};

/* ---- memory ---------------------------------------------------------------------------------- */

static void *grow(void *items, size_t item_size, size_t *capacity, size_t wanted)
{
    if (wanted <= *capacity)
        return items;
    size_t larger = 2 * wanted;
    void *grown = realloc(items, larger * item_size);
    if (grown == NULL)
        abort();
    *capacity = larger;
    return grown;
}

static void forget_txns(struct history *history)
{
    for (size_t i = 0; i < history->txn_capacity; i++)
        free(history->txns[i].bytes);
    free(history->txns);
    history->txns = NULL;
    history->txn_count = 0;
    history->txn_capacity = 0;
}

void history_begin(struct history *history, int voters, int size, int group_size,
                   const int *weights)
{
    history_end(history);
    history->voters = voters;
    history->size = size;
    history->group_size = group_size;
    for (int host = 1; host <= size; host++) {
        history->weights[host] = group_size > 0 && host <= voters ? weights[host] : 1;
        history->applied[host] = -1;
        history->disks[host].snapshot = -1;
    }
}

void history_end(struct history *history)
{
    forget_txns(history);
    free(history->committed);
    for (int host = 0; host < HOSTS_MAX; host++) {
        for (size_t i = 0; i < history->disks[host].count; i++)
            free(history->disks[host].files[i].zxids);
        free(history->disks[host].files);
        free(history->adopted[host].zxids);
        free(history->acked[host].zxids);
    }
    free(history->leaders);
    *history = (struct history){0};
}

/* ---- transactions ---------------------------------------------------------------------------- */

static int64_t number_at(const uint8_t *bytes, int length)
{
    uint64_t number = 0;
    for (int i = 0; i < length; i++)
        number = number << 8 | bytes[i];
    return length == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
}

static struct history_txn *slot_of(const struct history *history, int64_t zxid)
{
    size_t mask = history->txn_capacity - 1;
    size_t at = (size_t)((uint64_t)zxid * 0x9e3779b97f4a7c15ULL >> 32) & mask;
    while (history->txns[at].bytes != NULL && history->txns[at].zxid != zxid)
        at = (at + 1) & mask;
    return &history->txns[at];
}

static void make_room(struct history *history)
{
    if (history->txn_count * 2 < history->txn_capacity)
        return;
    struct history_txn *old = history->txns;
    size_t old_capacity = history->txn_capacity;
    history->txn_capacity = old_capacity > 0 ? 2 * old_capacity : TXNS_AT_FIRST;
    history->txns = calloc(history->txn_capacity, sizeof *history->txns);
    if (history->txns == NULL)
        abort();
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].bytes != NULL)
            *slot_of(history, old[i].zxid) = old[i];
    free(old);
}

const struct history_txn *history_find(const struct history *history, int64_t zxid)
{
    if (history->txn_capacity == 0)
        return NULL;
    const struct history_txn *txn = slot_of(history, zxid);
    return txn->bytes != NULL ? txn : NULL;
}

static void saw_txn(struct history *history, int host, const uint8_t *bytes, size_t length,
                    uint32_t checksum)
{
    make_room(history);
    int64_t zxid = number_at(bytes + 12, 8);
    struct history_txn *txn = slot_of(history, zxid);
    if (txn->bytes != NULL) {
        if (txn->checksum != checksum || txn->length != length)
            world_fail("I7: the disk of peer %d has another transaction 0x%" PRIx64
                       " than an earlier one",
                       host, (uint64_t)zxid);
        return;
    }
    *txn = (struct history_txn){
        .zxid = zxid,
        .session = number_at(bytes, 8),
        .cxid = (int32_t)number_at(bytes + 8, 4),
        .type = (int32_t)number_at(bytes + 28, 4),
        .checksum = checksum,
        .bytes = malloc(length),
        .length = length,
    };
    if (txn->bytes == NULL)
        abort();
    memcpy(txn->bytes, bytes, length);
    history->txn_count++;
}

/* ---- a log on a disk ------------------------------------------------------------------------- */

/* The length of the transaction that stands there whole; 0: there is none. */
static size_t whole_record(const struct world_file *file, size_t at, uint32_t *ret_checksum)
{
    if (at + RECORD_HEADER + TXN_HEADER >= file->stored)
        return 0;
    int64_t length = number_at(file->bytes + at + 8, 4);
    if (length < TXN_HEADER || at + RECORD_HEADER + (size_t)length >= file->stored ||
        file->bytes[at + RECORD_HEADER + (size_t)length] != RECORD_END)
        return 0;
    *ret_checksum = (uint32_t)number_at(file->bytes + at, 8);
    uint32_t is = (uint32_t)adler32(1, file->bytes + at + RECORD_HEADER, (uInt)length);
    return is == *ret_checksum ? (size_t)length : 0;
}

static void read_log(struct history *history, int host, const struct world_file *file,
                     struct history_file *log)
{
    uint32_t checksum;
    size_t length;
    while ((length = whole_record(file, log->read, &checksum)) > 0) {
        const uint8_t *bytes = file->bytes + log->read + RECORD_HEADER;
        saw_txn(history, host, bytes, length, checksum);
        log->zxids = grow(log->zxids, sizeof *log->zxids, &log->capacity, log->count + 1);
        log->zxids[log->count++] = number_at(bytes + 12, 8);
        log->read += RECORD_HEADER + length + 1;
    }
}

static struct history_file *log_of(struct history_disk *disk, const struct world_file *file)
{
    struct history_file *log = NULL;
    for (size_t i = 0; i < disk->count && log == NULL; i++)
        if (disk->files[i].inode == file->inode)
            log = &disk->files[i];
    if (log == NULL) {
        disk->files = grow(disk->files, sizeof *disk->files, &disk->capacity, disk->count + 1);
        log = &disk->files[disk->count++];
        *log = (struct history_file){.inode = file->inode, .cuts = file->cuts, .read = FILE_HEADER};
    }
    if (log->cuts != file->cuts) {
        log->cuts = file->cuts;
        log->read = FILE_HEADER;
        log->count = 0;
    }
    log->seen = true;
    return log;
}

struct looking {
    struct history *history;
    int host;
    struct history_disk *disk;
};

/* What a path says of its file: one of these, or 1 more than the zxid of a snapshot. */
enum { MARK_LOG = -1, MARK_OTHER = -2 };

static int64_t mark_of(const char *path)
{
    if (strncmp(path, LOG_PREFIX, sizeof LOG_PREFIX - 1) == 0)
        return MARK_LOG;
    if (strncmp(path, SNAPSHOT_PREFIX, sizeof SNAPSHOT_PREFIX - 1) != 0)
        return MARK_OTHER;
    char *end;
    int64_t zxid = strtoll(path + sizeof SNAPSHOT_PREFIX - 1, &end, 16);
    const bool whole = *end == '\0' || strcmp(end, ".gz") == 0;
    return whole && zxid >= 0 ? zxid + 1 : MARK_OTHER;
}

/* A disk has some twenty files, and is looked at a hundred times in a seed. */
static void look_at_file(void *arg, const struct world_file *file)
{
    struct looking *looking = arg;
    struct history_disk *disk = looking->disk;
    if (file->stored == 0)
        return;
    if (*file->mark == 0)
        *file->mark = mark_of(file->path);
    if (*file->mark == MARK_LOG)
        read_log(looking->history, looking->host, file, log_of(disk, file));
    else if (*file->mark > disk->snapshot + 1)
        disk->snapshot = *file->mark - 1;
}

static void look(struct history *history, int host, bool durable, struct history_disk *disk)
{
    for (size_t i = 0; i < disk->count; i++)
        disk->files[i].seen = false;
    disk->snapshot = -1;
    look_away();
    world_each_file(host, durable, look_at_file, &(struct looking){history, host, disk});
    look_again();
    for (size_t i = 0; i < disk->count;) { /* the log that was removed, or whose name was lost */
        if (disk->files[i].seen) {
            i++;
            continue;
        }
        free(disk->files[i].zxids);
        disk->files[i] = disk->files[--disk->count];
    }
}

static struct history_disk *look_durable(struct history *history, int host)
{
    struct history_disk *disk = &history->disks[host];
    uint64_t changes = world_disk_changes(host);
    if (disk->changes != changes)
        look(history, host, true, disk);
    disk->changes = changes;
    return disk;
}

static bool log_holds(const struct history_file *log, int64_t zxid)
{
    size_t low = 0;
    size_t high = log->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (log->zxids[middle] < zxid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < log->count && log->zxids[low] == zxid;
}

static bool disk_holds(const struct history_disk *disk, int64_t zxid)
{
    if (disk->snapshot >= zxid)
        return true;
    for (size_t i = 0; i < disk->count; i++)
        if (log_holds(&disk->files[i], zxid))
            return true;
    return false;
}

/* ---- quorums --------------------------------------------------------------------------------- */

static bool is_quorum(const struct history *history, const bool *has)
{
    const int group_size = history->group_size > 0 ? history->group_size : history->voters;
    int groups = 0;
    int won = 0;
    for (int first = 1; first <= history->voters; first += group_size) {
        int weight = 0;
        int have = 0;
        for (int host = first; host < first + group_size && host <= history->voters; host++) {
            weight += history->weights[host];
            have += has[host] ? history->weights[host] : 0;
        }
        groups += weight > 0;
        won += 2 * have > weight;
    }
    return 2 * won > groups;
}

/* The disks have been looked at. */
static void check_quorum(const struct history *history, int64_t zxid, const char *when)
{
    bool has[HOSTS_MAX] = {false};
    for (int host = 1; host <= history->voters; host++)
        has[host] = disk_holds(&history->disks[host], zxid);
    if (is_quorum(history, has))
        return;
    char holders[64] = "";
    for (int host = 1; host <= history->voters; host++)
        if (has[host])
            text_append(holders, sizeof holders, " %d", host);
    world_fail("I9: 0x%" PRIx64 " is committed%s, but is on the disks only of%s", (uint64_t)zxid,
               when, holders[0] != '\0' ? holders : " nobody");
}

void history_check_durable(struct history *history)
{
    if (!history->watches)
        return;
    for (int host = 1; host <= history->voters; host++)
        look_durable(history, host);
    for (size_t i = 0; i < history->committed_count; i++)
        check_quorum(history, history->committed[i], " since long");
}

/* ---- what is committed ----------------------------------------------------------------------- */

int64_t history_place(const struct history *history, int64_t zxid)
{
    size_t low = 0;
    size_t high = history->committed_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (history->committed[middle] < zxid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < history->committed_count && history->committed[low] == zxid ? (int64_t)low : -1;
}

static int64_t last_committed(const struct history *history)
{
    return history->committed_count > 0 ? history->committed[history->committed_count - 1] : 0;
}

/* Requests of servers have cxid 0. */
const struct history_txn *history_of_request(const struct history *history, int64_t session,
                                             int32_t cxid)
{
    for (size_t i = history->committed_count; i-- > 0;) {
        const struct history_txn *txn = history_find(history, history->committed[i]);
        if (txn != NULL && txn->session == session && txn->cxid == cxid)
            return txn;
    }
    return NULL;
}

static void commit(struct history *history, int host, int64_t zxid)
{
    for (int voter = 1; voter <= history->voters; voter++)
        look_durable(history, voter);
    check_quorum(history, zxid, "");
    int64_t last = last_committed(history);
    bool next = zxid >> 32 == last >> 32 ? zxid == last + 1
                                         : zxid > last && (uint32_t)zxid == FIRST_COUNTER;
    if (!next)
        world_fail("I10: peer %d commits 0x%" PRIx64 " behind 0x%" PRIx64, host, (uint64_t)zxid,
                   (uint64_t)last);
    const struct history_txn *txn = history_find(history, zxid);
    const struct history_txn *twin =
        txn != NULL && txn->cxid != 0 ? history_of_request(history, txn->session, txn->cxid) : NULL;
    if (twin != NULL)
        world_fail("I12: request %d of session 0x%" PRIx64 " is committed as 0x%" PRIx64
                   " and as 0x%" PRIx64,
                   txn->cxid, (uint64_t)txn->session, (uint64_t)twin->zxid, (uint64_t)zxid);
    history->committed = grow(history->committed, sizeof *history->committed,
                              &history->committed_capacity, history->committed_count + 1);
    history->committed[history->committed_count++] = zxid;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static bool has_on_disk(struct history *history, int host, int64_t zxid)
{
    return disk_holds(&history->disks[host], zxid) || disk_holds(look_durable(history, host), zxid);
}

/* The server itself says so. */
static void acks(struct history *history, int host, int64_t zxid)
{
    if (!has_on_disk(history, host, zxid))
        world_fail("I8: peer %d has acknowledged 0x%" PRIx64 ", which is not on its disk", host,
                   (uint64_t)zxid);
    history->acked[host].zxids =
        grow(history->acked[host].zxids, sizeof(int64_t), &history->acked[host].capacity,
             history->acked[host].count + 1);
    history->acked[host].zxids[history->acked[host].count++] = zxid;
}

/* Its leader reads it, which may take long: meanwhile the learner may have begun anew, and taken
 * the tree of another leader in the place of its own. */
static void counts(struct history *history, int learner, int64_t zxid)
{
    size_t i = history->acked[learner].count;
    while (i > 0 && history->acked[learner].zxids[i - 1] != zxid)
        i--;
    if (i == 0)
        world_fail("I8: 0x%" PRIx64 " is counted for peer %d, which has not acknowledged it",
                   (uint64_t)zxid, learner);
    if (i > history->acked[learner].before && !has_on_disk(history, learner, zxid))
        world_fail("I8: peer %d has acknowledged 0x%" PRIx64 ", which is on its disk no more",
                   learner, (uint64_t)zxid);
}

static void applied(struct history *history, int host, int64_t zxid)
{
    int64_t place = history_place(history, zxid);
    if (place < 0)
        world_fail("I12: peer %d applies 0x%" PRIx64 ", which is not committed", host,
                   (uint64_t)zxid);
    int64_t before = history->applied[host];
    if (before >= 0 && place != before + 1)
        world_fail("I10: peer %d applies 0x%" PRIx64 " behind 0x%" PRIx64, host, (uint64_t)zxid,
                   (uint64_t)history->committed[before]);
    if (before < 0 && place > 0 &&
        !disk_holds(look_durable(history, host), history->committed[place - 1]))
        world_fail("I10: peer %d applies 0x%" PRIx64 ", and does not have 0x%" PRIx64, host,
                   (uint64_t)zxid, (uint64_t)history->committed[place - 1]);
    history->applied[host] = place;
}

static void commit_what_lasts(struct history *history, int host, int64_t most);

/* Nobody but its own disk decides. What it had logged before a crash is committed as well, whether
 * it said so before the crash or not. */
static void applied_alone(struct history *history, int host, int64_t zxid)
{
    commit_what_lasts(history, host, zxid);
    if (history_place(history, zxid) < 0)
        commit(history, host, zxid);
    applied(history, host, zxid);
}

void history_step(struct history *history, int host, bool leads, const char *step, int64_t zxid,
                  int64_t peer)
{
    if (!history->watches)
        return;
    if (strncmp(step, "acked", 5) == 0)
        peer > 0 && peer != host ? counts(history, (int)peer, zxid) : acks(history, host, zxid);
    else if (strncmp(step, "applied", 7) == 0 && history->alone)
        applied_alone(history, host, zxid);
    else if (strncmp(step, "applied", 7) == 0)
        applied(history, host, zxid);
    else if (strncmp(step, "committed", 9) == 0 && leads && history_place(history, zxid) < 0)
        commit(history, host, zxid);
}

static int compare_zxids(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a;
    int64_t other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

struct zxids {
    int64_t *items;
    size_t count;
    size_t capacity;
};

static void add_zxid(struct zxids *zxids, int64_t zxid)
{
    zxids->items = grow(zxids->items, sizeof *zxids->items, &zxids->capacity, zxids->count + 1);
    zxids->items[zxids->count++] = zxid;
}

/* The log may have transactions below a tree that came from another, and not in it: they are none
 * of its history. */
static bool is_replaced(const struct history *history, int host, const struct history_disk *now,
                        int64_t zxid)
{
    const int64_t upto = history->adopted[host].upto;
    if (upto == 0 || now->snapshot < upto || zxid > upto)
        return false;
    for (size_t i = 0; i < history->adopted[host].count; i++)
        if (history->adopted[host].zxids[i] == zxid)
            return false;
    return true;
}

/* What a server has behind the last that is known to be committed, and up to most: in its logs, and
 * in its tree if that came from another. Ascending; a zxid may stand there twice. */
static struct zxids fresh_on(const struct history *history, int host,
                             const struct history_disk *now, int64_t most)
{
    const int64_t last = last_committed(history);
    struct zxids fresh = {0};
    for (size_t i = 0; i < now->count; i++)
        for (size_t k = 0; k < now->files[i].count; k++)
            if (now->files[i].zxids[k] > last && now->files[i].zxids[k] <= most &&
                !is_replaced(history, host, now, now->files[i].zxids[k]))
                add_zxid(&fresh, now->files[i].zxids[k]);
    for (size_t i = 0; i < history->adopted[host].count; i++) {
        int64_t zxid = history->adopted[host].zxids[i];
        if (zxid > last && zxid <= most && zxid <= now->snapshot)
            add_zxid(&fresh, zxid);
    }
    if (fresh.count > 0)
        qsort(fresh.items, fresh.count, sizeof *fresh.items, compare_zxids);
    return fresh;
}

static struct history_disk disk_now(struct history *history, int host)
{
    struct history_disk now = {.snapshot = -1};
    look(history, host, false, &now);
    return now;
}

static void disk_forget(struct history_disk *disk)
{
    for (size_t i = 0; i < disk->count; i++)
        free(disk->files[i].zxids);
    free(disk->files);
}

void history_sent_snapshot(struct history *history, int host, int learner, int64_t zxid)
{
    if (!history->watches)
        return;
    struct history_disk now = disk_now(history, host);
    struct zxids fresh = fresh_on(history, host, &now, zxid);
    disk_forget(&now);
    free(history->adopted[learner].zxids);
    history->adopted[learner].zxids = fresh.items;
    history->adopted[learner].count = fresh.count;
    history->adopted[learner].capacity = fresh.capacity;
    history->adopted[learner].upto = zxid;
}

/* Transactions that the leader's history lacks are cut off, and cannot come back. Below a snapshot
 * they do no harm. */
static void check_no_dead_tail(struct history *history, int host, int64_t epoch)
{
    const struct history_disk *disk = look_durable(history, host);
    for (size_t i = 0; i < disk->count; i++) {
        for (size_t k = 0; k < disk->files[i].count; k++) {
            int64_t zxid = disk->files[i].zxids[k];
            if (zxid > disk->snapshot && zxid >> 32 < epoch && history_place(history, zxid) < 0)
                world_fail("I11: peer %d follows in epoch %" PRId64 ", and its disk has 0x%" PRIx64
                           ", which was never committed",
                           host, epoch, (uint64_t)zxid);
        }
    }
}

static void note_leader(struct history *history, int host, int64_t epoch)
{
    const size_t wanted = (size_t)epoch + 1;
    history->leaders =
        grow(history->leaders, sizeof *history->leaders, &history->epoch_capacity, wanted);
    while (history->epochs < wanted)
        history->leaders[history->epochs++] = 0;
    history->leaders[epoch] = host;
}

int history_leader_of(const struct history *history, int64_t epoch)
{
    return epoch >= 0 && (size_t)epoch < history->epochs ? history->leaders[epoch] : 0;
}

int64_t history_term_of(const struct history *history, int host)
{
    return history->terms[host];
}

void history_established(struct history *history, int host, bool leads, int64_t epoch)
{
    history->applied[host] = -1;
    history->terms[host] = epoch;
    if (leads && history->watches)
        note_leader(history, host, epoch);
    if (!history->watches)
        return;
    if (!leads) {
        check_no_dead_tail(history, host, epoch);
        return;
    }
    struct history_disk now = disk_now(history, host);
    /* A leader that others have replaced already may hear of its quorum late. */
    for (size_t i = 0; i < history->committed_count && history->committed[i] >> 32 <= epoch; i++)
        if (!disk_holds(&now, history->committed[i]))
            world_fail("I11: peer %d leads, and does not have 0x%" PRIx64 ", which is committed",
                       host, (uint64_t)history->committed[i]);
    /* The term begins with all that its leader has. */
    struct zxids fresh = fresh_on(history, host, &now, INT64_MAX);
    disk_forget(&now);
    for (size_t i = 0; i < fresh.count; i++)
        if (i == 0 || fresh.items[i] != fresh.items[i - 1])
            commit(history, host, fresh.items[i]);
    free(fresh.items);
}

static void commit_what_lasts(struct history *history, int host, int64_t most)
{
    struct zxids fresh = fresh_on(history, host, look_durable(history, host), most);
    for (size_t i = 0; i < fresh.count; i++)
        if (i == 0 || fresh.items[i] != fresh.items[i - 1])
            commit(history, host, fresh.items[i]);
    free(fresh.items);
}

void history_serves_alone(struct history *history, int host)
{
    if (history->watches)
        commit_what_lasts(history, host, INT64_MAX);
}

void history_restart(struct history *history, int host)
{
    history->applied[host] = -1;
    history->acked[host].before = history->acked[host].count;
    /* It may serve readers without a quorum: they see what its log has, synced or not. A server
     * alone may write another transaction in the place of one that it has lost. */
    if (!history->watches || history->alone)
        return;
    struct history_disk now = disk_now(history, host);
    disk_forget(&now);
}
