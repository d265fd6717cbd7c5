/* The last line of a process whose own logic is broken. */
#include "zk/base/panic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PANIC_LINE_MAX = 1024 };

/* Takes no lock and no memory: nothing that a broken process may have lost. */
void zk_panic(const char *file, int line, const char *format, ...)
{
    char text[PANIC_LINE_MAX];
    snprintf(text, sizeof text - 1, "panic %s:%d: ", file, line);
    size_t length = strlen(text);

    va_list args;
    va_start(args, format);
    vsnprintf(text + length, sizeof text - 1 - length, format, args);
    va_end(args);

    length = strlen(text);
    text[length++] = '\n';
    ssize_t written = write(STDERR_FILENO, text, length);
    (void)written; /* a failure could be reported nowhere */
    abort();
}
