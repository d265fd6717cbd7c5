/* Words for errors. */
#include "zk/base/error.h"

#include <errno.h>
#include <string.h>

#include "zk/base/str.h"

/* Returns our own words where the system's would mislead, or NULL. */
static const char *own_words(int error)
{
    switch (error) {
    case EPIPE:
        return "the far end closed the connection";
    case ETIMEDOUT:
        return "timed out";
    case ECANCELED:
        return "this side closed it";
    case EPROTO:
        return "malformed message";
    case EDESTADDRREQ:
        return "the host name cannot be resolved";
    default:
        return NULL;
    }
}

struct zk_error_text zk_error_text(int r)
{
    struct zk_error_text words;
    char room[sizeof words.text];
    const int error = r < 0 ? -r : r;
    const char *text = own_words(error);
    if (text == NULL)
        text = strerror_r(error, room, sizeof room);
    zk_text_copy(words.text, sizeof words.text, text);
    return words;
}
