/* One warning where there would be thousands: a text is logged at once, and then at most every
 * interval, with how often it came and the last value. Java: server.RateLogger. The tree's lock
 * guards it. */
#ifndef TREE_RATE_LOGGER_H
#define TREE_RATE_LOGGER_H

#include <stdint.h>

struct zk_context;

struct rate_logger {
    struct zk_context *ctx;
    int64_t interval_ms;
    const char *message; /* static text; NULL: none */
    int64_t value;       /* the last one that came with it */
    int64_t logged_ms;   /* when message was logged last */
    int64_t count;       /* how often it came since */
};

void rate_logger_init(struct rate_logger *logger, struct zk_context *ctx, int64_t interval_ms);
/* Java: rateLimitLog(). message is static text. */
void rate_logger_rate_limit_log(struct rate_logger *logger, const char *message, int64_t value);
/* Java: flush(). Logs what was held back. */
void rate_logger_flush(struct rate_logger *logger);

#endif
