/* The two epochs on disk. Why two: acceptedEpoch is the highest epoch a server has promised itself
 * to, currentEpoch that of the leader whose history it has. Between the two lies the
 * synchronisation; a crash there must leave the promise but not the claim.
 *
 * Each file holds one decimal number. The file is replaced first and memory follows, both under the
 * epochs lock: no thread may read an epoch that the disk does not hold.
 * Java: QuorumPeer.loadDataBase(), readLongFromFile(), writeLongToFile() */
#include <errno.h>
#include <stdlib.h>

#include "quorum/lock_ranks.h"
#include "quorum/quorum_peer_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/str.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/file.h"
#include "zk/persistence/util.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/zk_database.h"

struct epochs {
    /* Held while a file is written, so that file and memory agree. Guards: */
    struct zk_mutex mu;
    int64_t accepted GUARDED_BY(&mu);
    int64_t current GUARDED_BY(&mu);
    int error GUARDED_BY(&mu); /* of the first epoch that could not be written; it stays */
};

struct epochs *epochs_new(struct zk_context *ctx) UNSHARED
{
    struct epochs *epochs = zk_xcalloc(1, sizeof *epochs);
    zk_mutex_init(&epochs->mu, ctx, "epochs", ZK_RANK_EPOCHS);
    epochs->accepted = -1;
    epochs->current = -1;
    return epochs;
}

void epochs_free(struct epochs *epochs) UNSHARED
{
    zk_mutex_destroy(&epochs->mu);
    free(epochs);
}

/* ---- the files ------------------------------------------------------------------------------ */

/* Appends the path <dataDir>/version-2/<name>. The epochs stay there even if dataLogDir is set. */
static void epoch_path(const struct quorum_peer *self, const char *name, struct zk_str *ret_path)
{
    zk_str_append(ret_path, self->config->data_dir);
    zk_str_append(ret_path, "/" VERSION_DIRECTORY "/");
    zk_str_append(ret_path, name);
}

/* Reads the first line, which must be a number without blanks. Errors: -ENOENT, there is no file;
 * -EPROTO and others, which are logged. Java: readLongFromFile() */
static int read_long_from_file(struct quorum_peer *self, const char *name, int64_t *ret_value)
{
    struct zk_str path = {0};
    struct zk_str text = {0};
    epoch_path(self, name, &path);
    int r = file_read_at_once(zk_str_text(&path), EPOCH_FILE_LIMIT, &text);
    if (r == 0) {
        if (!zk_str_parse_first_line(&text, ret_value)) {
            zk_log(self->ctx, ZK_LOG_EPOCH_FILE_UNREADABLE, zk_str_text(&path), zk_str_text(&text));
            r = -EPROTO;
        }
    } else if (r != -ENOENT) {
        zk_log(self->ctx, ZK_LOG_EPOCH_FILE_READ, zk_str_text(&path), zk_error_text(r).text);
    }
    zk_str_done(&text);
    zk_str_done(&path);
    return r;
}

/* Java: writeLongToFile() */
static int write_long_to_file(struct quorum_peer *self, const char *name, int64_t value)
{
    struct zk_str path = {0};
    struct zk_str text = {0};
    epoch_path(self, name, &path);
    zk_str_append_long(&text, value);
    int r = file_write_atomic(zk_str_text(&path), text.text, text.length);
    if (r < 0) {
        zk_log(self->ctx, ZK_LOG_EPOCH_FILE_WRITE, zk_str_text(&path), value,
               zk_error_text(r).text);
    }
    zk_str_done(&text);
    zk_str_done(&path);
    return r;
}

/* Makes a file that is not there, with the epoch of the last zxid: a data directory of a release
 * before 3.4 has neither file. */
static int read_or_create(struct quorum_peer *self, const char *name, int64_t epoch_of_zxid,
                          int64_t *ret_epoch)
{
    int r = read_long_from_file(self, name, ret_epoch);
    if (r != -ENOENT)
        return r;
    zk_log(self->ctx, ZK_LOG_EPOCH_NOT_FOUND, name, epoch_of_zxid);
    r = write_long_to_file(self, name, epoch_of_zxid);
    if (r == 0)
        *ret_epoch = epoch_of_zxid;
    return r;
}

/* Returns whether r says that the file is there, but that its bytes could not be read from the
 * disk. */
static bool is_unreadable(int r)
{
    return r < 0 && r != -ENOENT && r != -EPROTO;
}

/* The last zxid belongs to a later epoch than currentEpoch. A crash can leave that behind at two
 * moments: between writing a new currentEpoch and its rename, when the temporary file has it; and
 * between storing what the leader sent and writing currentEpoch (D-26), when acceptedEpoch is
 * already as high. The history has all that its epoch began with, so the epoch can be claimed
 * (D-68); Java refuses to start in the second case. A file that cannot be read may hold such an
 * epoch: then the error of the disk is returned, and nobody is told that the directory mixes two
 * histories and should be emptied. */
static int recover_current_epoch(struct quorum_peer *self, int64_t epoch_of_zxid, int64_t *epoch)
{
    int64_t found = 0;
    int r = read_long_from_file(self, CURRENT_EPOCH_FILENAME ".tmp", &found);
    int unreadable = is_unreadable(r) ? r : 0;
    bool recoverable = r == 0 && found == epoch_of_zxid;
    if (!recoverable) {
        r = read_long_from_file(self, ACCEPTED_EPOCH_FILENAME, &found);
        if (is_unreadable(r))
            unreadable = r;
        recoverable = r == 0 && found >= epoch_of_zxid;
    }
    if (!recoverable && unreadable < 0)
        return unreadable;
    if (!recoverable) {
        zk_log(self->ctx, ZK_LOG_EPOCH_OLDER_THAN_ZXID, *epoch, epoch_of_zxid);
        return -EPROTO;
    }
    zk_log(self->ctx, ZK_LOG_EPOCH_RECOVERED, *epoch, epoch_of_zxid);
    r = write_long_to_file(self, CURRENT_EPOCH_FILENAME, epoch_of_zxid);
    if (r == 0)
        *epoch = epoch_of_zxid;
    return r;
}

/* Java: loadDataBase() */
int quorum_peer_load_database(struct quorum_peer *self)
{
    int64_t last_zxid = 0;
    int64_t current = 0;
    int64_t accepted = 0;
    int r = zk_database_load_data_base(self->database, &last_zxid);
    if (r < 0)
        return r;
    int64_t epoch_of_zxid = zxid_epoch(last_zxid);
    r = read_or_create(self, CURRENT_EPOCH_FILENAME, epoch_of_zxid, &current);
    if (r == 0 && epoch_of_zxid > current)
        r = recover_current_epoch(self, epoch_of_zxid, &current);
    if (r == 0)
        r = read_or_create(self, ACCEPTED_EPOCH_FILENAME, epoch_of_zxid, &accepted);
    if (r < 0)
        return r;
    if (accepted < current) {
        zk_log(self->ctx, ZK_LOG_EPOCH_ACCEPTED_LESS, accepted, current);
        return -EPROTO;
    }
    zk_mutex_lock(&self->epochs->mu);
    self->epochs->current = current;
    self->epochs->accepted = accepted;
    zk_mutex_unlock(&self->epochs->mu);
    return 0;
}

/* The tree holds all that is logged: what was not committed when a term ended is applied to it
 * then, and when it is loaded.
 * Java: getLastLoggedZxid() */
int64_t quorum_peer_get_last_logged_zxid(struct quorum_peer *self)
{
    return zk_database_last_processed_zxid(self->database);
}

/* ---- memory --------------------------------------------------------------------------------- */

/* Java: getCurrentEpoch() */
int64_t quorum_peer_get_current_epoch(struct quorum_peer *self)
{
    zk_mutex_lock(&self->epochs->mu);
    int64_t epoch = self->epochs->current;
    zk_mutex_unlock(&self->epochs->mu);
    return epoch;
}

/* Java: getAcceptedEpoch() */
int64_t quorum_peer_get_accepted_epoch(struct quorum_peer *self)
{
    zk_mutex_lock(&self->epochs->mu);
    int64_t epoch = self->epochs->accepted;
    zk_mutex_unlock(&self->epochs->mu);
    return epoch;
}

/* Java: setCurrentEpoch() */
int quorum_peer_set_current_epoch(struct quorum_peer *self, int64_t epoch)
{
    zk_mutex_lock(&self->epochs->mu);
    int r = write_long_to_file(self, CURRENT_EPOCH_FILENAME, epoch);
    if (r == 0) {
        self->epochs->current = epoch;
        zk_trace_epoch(self->ctx, "current", epoch);
    } else if (self->epochs->error == 0) {
        self->epochs->error = r;
    }
    zk_mutex_unlock(&self->epochs->mu);
    return r;
}

/* Java: setAcceptedEpoch() */
int quorum_peer_set_accepted_epoch(struct quorum_peer *self, int64_t epoch)
{
    zk_mutex_lock(&self->epochs->mu);
    int r = write_long_to_file(self, ACCEPTED_EPOCH_FILENAME, epoch);
    if (r == 0) {
        self->epochs->accepted = epoch;
        zk_trace_epoch(self->ctx, "accepted", epoch);
    } else if (self->epochs->error == 0) {
        self->epochs->error = r;
    }
    zk_mutex_unlock(&self->epochs->mu);
    return r;
}

int quorum_peer_get_epoch_error(struct quorum_peer *self)
{
    zk_mutex_lock(&self->epochs->mu);
    int error = self->epochs->error;
    zk_mutex_unlock(&self->epochs->mu);
    return error;
}
