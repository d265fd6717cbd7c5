/* Bytes that Java wrote, from tests/golden. Names are those of the files without ".hex"
 * ("ping_reply"); texts have their whole name ("4lw/leader.srvr.txt"). A missing file fails the
 * test. */
#ifndef ZK_GOLDEN_H
#define ZK_GOLDEN_H

#include <stddef.h>

#include "zk/base/buf.h"

/* Return the bytes of a file, which the caller unrefs, and a text, which the caller frees. */
struct buf *golden_read(const char *name);
char *golden_text(const char *name);
/* Writes those bytes into a file of a directory. */
void golden_write(const char *directory, const char *golden, const char *name);
/* The bytes of a field that is written as hex digits, or as "." if it has none. The caller unrefs
 * them. */
struct buf *golden_hex(const char *hex);

/* The bytes must be the golden ones; otherwise the test fails, and both are printed side by side, a
 * line for each field with its name, with a mark at those that differ. */
void golden_assert_equal(const char *name, const void *bytes, size_t length);

/* Puts the data directory of tests/golden/data that has this name, as Java left it, into a
 * directory that is there. */
void golden_unpack(const char *name, const char *directory);

#endif
