/* What the fuzz targets share. A target is a file fuzz_<name>.c that defines
 * LLVMFuzzerTestOneInput: it feeds one input to a parser and asserts what must hold whatever the
 * bytes are. It is linked with libFuzzer (scripts/fuzz/fuzz.sh), and with replay_main.c, which
 * feeds it the files of corpus/<name>/ in every run of the tests.
 *
 * A target keeps nothing from one input to the next: the same bytes do the same thing each time. */
#ifndef ZK_FUZZ_H
#define ZK_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/panic.h"
#include "zk/io/inet.h"

struct zk_context;

/* libFuzzer's names. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t room);

/* A context that logs nowhere. zk_context_free() ends it. */
struct zk_context *fuzz_context(void);

/* Returns the bytes as text, up to the first zero byte; the caller frees it. */
char *fuzz_text(const uint8_t *bytes, size_t length);

/* Can this address be read back from its own text? Not if its host came in brackets that it did not
 * need, or through escapes: Java prints such hosts as they are, and so do we. */
bool fuzz_is_plain(const struct inet_address *address);

/* A new unnamed file with these bytes; its descriptor, and a path under which it can be opened. */
int fuzz_memory_file(const void *bytes, size_t length, char *ret_path, size_t size);

#endif
