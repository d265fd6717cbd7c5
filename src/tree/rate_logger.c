/* Holds back warnings that come often. Java: server.RateLogger */
#include "tree/rate_logger.h"

#include <stddef.h>
#include <string.h>

#include "zk/runtime/clock.h"
#include "zk/runtime/log.h"
#include "zk/runtime/log_table.h"

void rate_logger_init(struct rate_logger *logger, struct zk_context *ctx, int64_t interval_ms)
{
    *logger = (struct rate_logger){.ctx = ctx, .interval_ms = interval_ms};
}

/* Java: flush() */
void rate_logger_flush(struct rate_logger *logger)
{
    if (logger->message != NULL && logger->count > 0)
        zk_log(logger->ctx, ZK_LOG_MESSAGE_AGAIN, logger->count, logger->message, logger->value);
    logger->message = NULL;
    logger->count = 0;
}

/* Java: rateLimitLog() */
void rate_logger_rate_limit_log(struct rate_logger *logger, const char *message, int64_t value)
{
    int64_t now_ms = zk_elapsed_ms();
    if (logger->message != NULL && strcmp(message, logger->message) == 0) {
        logger->count++;
        logger->value = value;
        if (now_ms - logger->logged_ms >= logger->interval_ms) {
            rate_logger_flush(logger);
            logger->message = message;
            logger->logged_ms = now_ms;
        }
        return;
    }
    rate_logger_flush(logger);
    logger->message = message;
    logger->value = value;
    logger->logged_ms = now_ms;
    zk_log(logger->ctx, ZK_LOG_MESSAGE, message, value);
}
