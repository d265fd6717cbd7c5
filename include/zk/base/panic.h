/* Our own logic is asserted, never "handled": a broken assertion ends the process with one line on
 * descriptor 2 that names the place. Bytes from outside are never asserted. */
#ifndef ZK_BASE_PANIC_H
#define ZK_BASE_PANIC_H

#include "zk/base/attrs.h"

#define zk_assert(condition)                                                                       \
    ((condition) ? (void)0 : zk_panic(__FILE__, __LINE__, "assertion failed: %s", #condition))
#define zk_unreachable() zk_panic(__FILE__, __LINE__, "this place cannot be reached")

/* Prints "panic file:line: ..." and aborts. Any thread. */
ZK_NORETURN void zk_panic(const char *file, int line, const char *format, ...) ZK_PRINTF_LIKE(3, 4);

#endif
