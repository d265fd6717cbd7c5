/* A whole snapshot file. One that is taken is not taken any more once a single bit of what its
 * seals cover is another. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "fuzz.h"
#include "persistence/file_snap_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/persistence/file_snap.h"
#include "zk/runtime/context.h"

enum {
    FILE_HEADER = 16,
    SEAL = 13,   /* long, ustring "/" */
    DIGEST = 20, /* long, int, long */
};

static int read_file(struct zk_context *ctx, const uint8_t *bytes, size_t length)
{
    char path[64];
    struct data_tree *tree = NULL;
    struct session_timeouts sessions = {0};
    int fd = fuzz_memory_file(bytes, length, path, sizeof path);
    (void)!file_snap_check_valid(path);
    int r = file_snap_deserialize_file(ctx, path, 0, &tree, &sessions);
    zk_assert((r == 0) == (tree != NULL));
    data_tree_unref(tree);
    session_timeouts_done(&sessions);
    close(fd);
    return r;
}

/* Where the body ends, 0 if it does not. The first seal follows. */
static size_t end_of_body(struct zk_context *ctx, const uint8_t *bytes, size_t length)
{
    struct data_tree *tree = NULL;
    struct session_timeouts sessions = {0};
    if (length < FILE_HEADER)
        return 0;
    struct jute_in in = jute_in_of_bytes(ctx, bytes + FILE_HEADER, length - FILE_HEADER);
    int r = deserialize_snapshot(ctx, &in, &tree, &sessions);
    size_t end = FILE_HEADER + (size_t)jute_in_position(&in);
    data_tree_unref(tree);
    session_timeouts_done(&sessions);
    return r == 0 ? end : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct zk_context *ctx = fuzz_context();
    int r = read_file(ctx, bytes, length);
    zk_assert(r == 0 || r == -EPROTO || r == -EPIPE);
    if (r == 0) {
        size_t end = end_of_body(ctx, bytes, length);
        zk_assert(end > 0 && end + SEAL <= length);
        uint8_t *damaged = zk_xmalloc(length);
        memcpy(damaged, bytes, length);
        uLong choice = adler32(1, bytes, (uInt)length);
        damaged[choice % end] ^= (uint8_t)(1 << choice / end % 8);
        zk_assert(read_file(ctx, damaged, length) < 0);
        free(damaged);
    }
    zk_context_free(ctx);
    return 0;
}

#ifdef ZK_FUZZ
static void seal(uint8_t *bytes, size_t at)
{
    zk_store_long(bytes + at, (int64_t)adler32(1, bytes, (uInt)at));
}

/* Bits that are changed below a seal are never seen by anything but the check of the seal: put the
 * seals right again, most of the time. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned int seed)
{
    length = LLVMFuzzerMutate(bytes, length, room);
    struct zk_context *ctx = fuzz_context();
    size_t end = seed % 8 > 0 ? end_of_body(ctx, bytes, length) : 0;
    zk_context_free(ctx);
    if (end > 0 && end + SEAL <= length)
        seal(bytes, end);
    if (end > 0 && end + SEAL + DIGEST + SEAL <= length)
        seal(bytes, end + SEAL + DIGEST);
    return length;
}
#endif
