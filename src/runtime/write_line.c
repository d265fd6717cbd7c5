/* Writing a line. A failure is not logged, because it is the log that cannot be written. */
#include "runtime/write_line.h"

#include <errno.h>
#include <unistd.h>

bool zk_write_line(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}
