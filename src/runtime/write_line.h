/* Writing one line of the log or of the trace. For floor runtime only. */
#ifndef ZK_RUNTIME_WRITE_LINE_H
#define ZK_RUNTIME_WRITE_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the bytes with one write(2), or more if the system takes fewer at a time. Returns false if
 * it takes no more (a full disk, a pipe without a reader, a size limit): the rest is lost. */
bool zk_write_line(int fd, const char *bytes, size_t length);

#endif
