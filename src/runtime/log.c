/* The layout of a log line, and the levels. */
#include "zk/runtime/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/context_internal.h"
#include "runtime/log_bound.h"
#include "runtime/write_line.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/thread.h"

enum {
    LOG_LINE_MAX = 4096, /* with the newline; a longer line loses its end */
    LOG_CLASS_MAX = 64,
    LOG_HEAD_USUAL = 100, /* time, level, thread and place */
};

static const char *const level_names[] = {
    [ZK_TRACE] = "TRACE", [ZK_DEBUG] = "DEBUG", [ZK_INFO] = "INFO",
    [ZK_WARN] = "WARN",   [ZK_ERROR] = "ERROR", [ZK_OFF] = "OFF",
};

/* A line under construction. What does not fit is cut off. */
struct log_line {
    char text[LOG_LINE_MAX];
    size_t length;
};

static void log_line_printf(struct log_line *line, const char *format, ...) ZK_PRINTF_LIKE(2, 3);

static void log_line_printf(struct log_line *line, const char *format, ...)
{
    size_t room = sizeof line->text - 1 - line->length; /* one byte is the newline's */
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line->text + line->length, room, format, args);
    va_end(args);
    if (length > 0)
        line->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* "2026-11-22 14:03:16,123": the Gregorian calendar, counted in years that start in March, so that
 * the leap day is the last one of its year. */
static void log_line_time(struct log_line *line, int64_t wall_ms)
{
    enum { DAY_MS = 86400000, DAYS_400_YEARS = 146097, DAYS_1970 = 719468 };

    int64_t ms = wall_ms % DAY_MS;
    int64_t days = wall_ms / DAY_MS;
    if (ms < 0) {
        ms += DAY_MS;
        days--;
    }

    days += DAYS_1970; /* since the 1st of March of the year 0 */
    int64_t era = days / DAYS_400_YEARS;
    int64_t day = days % DAYS_400_YEARS;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int64_t month = (5 * day + 2) / 153; /* 0 is March */
    day -= (153 * month + 2) / 5;
    year += 400 * era + (month >= 10 ? 1 : 0);
    month = month < 10 ? month + 3 : month - 9;

    log_line_printf(line, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, year, month, day + 1);
    log_line_printf(line, " %02d:%02d:%02d,%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
                    (int)(ms / 1000 % 60), (int)(ms % 1000));
}

/* Words in the names of Java's classes that have more capitals than their first letter. */
static const struct class_word {
    const char *in_file, *in_class;
} class_words[] = {
    {"zookeeper", "ZooKeeper"},
    {"zk", "ZK"},
    {"nio", "NIO"},
};

static const char *find_class_word(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof class_words / sizeof class_words[0]; i++)
        if (strlen(class_words[i].in_file) == length &&
            memcmp(class_words[i].in_file, word, length) == 0)
            return class_words[i].in_class;
    return NULL;
}

/* "src/election/fast_leader_election.c" is Java's FastLeaderElection. */
static void class_of_file(const char *file, char *ret_name, size_t size)
{
    const char *slash = strrchr(file, '/');
    const char *word = slash != NULL ? slash + 1 : file;
    size_t length = 0;
    while (*word != '\0' && *word != '.') {
        const size_t word_length = strcspn(word, "_.");
        const char *in_class = find_class_word(word, word_length);
        for (size_t i = 0; i < word_length && length + 1 < size; i++) {
            const char c = in_class != NULL ? in_class[i] : word[i];
            ret_name[length++] = i == 0 && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        }
        word += word_length;
        if (*word == '_')
            word++;
    }
    ret_name[length] = '\0';
}

/* Replaces control bytes, so that one event stays one line whatever a peer or a client has sent. */
static void log_line_neutralise(struct log_line *line)
{
    for (size_t i = 0; i < line->length; i++) {
        unsigned char c = (unsigned char)line->text[i];
        if (c == '\n' || c == '\r' || c == '\t')
            line->text[i] = ' ';
        else if (c < 0x20 || c == 0x7f)
            line->text[i] = '?';
    }
}

static bool log_enabled(const struct zk_context *ctx, enum zk_log_level level)
{
    return level >= ctx->options.log_level && level < ZK_OFF && ctx->options.log_fd >= 0;
}

/* Where a line comes from, and when. */
struct log_origin {
    int64_t wall_ms;
    char thread[ZK_THREAD_NAME_SIZE];
    const char *file;
    int line_number;
};

static void log_line_write(struct zk_context *ctx, const struct log_origin *origin,
                           enum zk_log_level level, const char *message)
{
    char class[LOG_CLASS_MAX];
    class_of_file(origin->file, class, sizeof class);

    struct log_line line;
    line.length = 0;
    const int64_t wall_ms = origin->wall_ms;
    const int64_t zone_ms =
        ctx->options.zone_offset_ms != NULL ? ctx->options.zone_offset_ms(wall_ms) : 0;
    log_line_time(&line, wall_ms + zone_ms);
    if (zk_context_myid(ctx) == -1)
        log_line_printf(&line, " [myid:]");
    else
        log_line_printf(&line, " [myid:%" PRId64 "]", zk_context_myid(ctx));
    log_line_printf(&line, " - %-5s [%s:%s@%d] - %s", level_names[level], origin->thread, class,
                    origin->line_number, message);
    log_line_neutralise(&line);
    line.text[line.length++] = '\n';
    zk_write_line(ctx->options.log_fd, line.text, line.length);
}

/* A line about the other lines of its place, which is not counted with them. */
static void log_about_place(struct zk_context *ctx, const struct log_origin *origin,
                            enum zk_log_level level, const char *format, ...) ZK_PRINTF_LIKE(4, 5);

static void log_about_place(struct zk_context *ctx, const struct log_origin *origin,
                            enum zk_log_level level, const char *format, ...)
{
    char message[LOG_LINE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (log_enabled(ctx, level))
        log_line_write(ctx, origin, level, message);
}

/* Whoever asks for DEBUG or TRACE gets every line. The lock is not held while a line is written. */
static struct zk_log_verdict judge_line(struct zk_context *ctx, const struct log_origin *origin,
                                        enum zk_log_level level, size_t message_length)
{
    struct zk_log_verdict verdict = {.is_written = true};
    if (level < ZK_INFO)
        return verdict;
    zk_mutex_lock(&ctx->log_mu);
    verdict = zk_log_bound_count(&ctx->log_bound, origin->file, origin->line_number,
                                 LOG_HEAD_USUAL + message_length, origin->wall_ms);
    zk_mutex_unlock(&ctx->log_mu);
    return verdict;
}

void zk_log_at(struct zk_context *ctx, const char *file, int line_number, enum zk_log_level level,
               const char *format, ...)
{
    struct log_origin origin = {.file = file, .line_number = line_number};
    char message[LOG_LINE_MAX];
    va_list args;
    if (!log_enabled(ctx, level))
        return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);

    zk_thread_name(ctx, origin.thread, sizeof origin.thread);
    origin.wall_ms = zk_wall_ms();
    struct zk_log_verdict verdict = judge_line(ctx, &origin, level, strlen(message));
    if (verdict.left_out > 0)
        log_about_place(ctx, &origin, ZK_LOG_LINES_WERE_LEFT_OUT, verdict.left_out);
    if (verdict.is_written)
        log_line_write(ctx, &origin, level, message);
    if (verdict.is_last)
        log_about_place(ctx, &origin, ZK_LOG_LINES_LEFT_OUT, verdict.window_left_ms);
}

bool zk_log_is_due(int64_t count)
{
    return count > 0 && (count & (count - 1)) == 0;
}

bool zk_log_level_parse(const char *text, enum zk_log_level *ret_level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcasecmp(text, level_names[i]) == 0) {
            *ret_level = (enum zk_log_level)i;
            return true;
        }
    }
    return false;
}
