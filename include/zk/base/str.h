/* Text: strict numbers as Java parses them, a string that grows, host:port. */
#ifndef ZK_BASE_STR_H
#define ZK_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "zk/base/attrs.h"

/* Java: Long.parseLong(): an optional sign and decimal digits, nothing else. False: text is not a
 * number. */
ZK_NODISCARD bool zk_parse_long(const char *text, int64_t *ret_value);
/* Java: Integer.parseInt(), as above. */
ZK_NODISCARD bool zk_parse_int(const char *text, int32_t *ret_value);
/* Java: Long.parseLong(text, 16) */
ZK_NODISCARD bool zk_parse_hex(const char *text, int64_t *ret_value);
/* Java: Long.decode(): optional sign, then decimal, 0x, 0X, # or a leading 0 for octal. */
ZK_NODISCARD bool zk_decode_long(const char *text, int64_t *ret_value);

bool zk_text_starts_with(const char *text, const char *start);

/* A copy of text, terminated; of a longer text as many bytes as fit. */
void zk_text_copy(char *ret_text, size_t size, const char *text);
/* printf, terminated; of a longer text as many bytes as fit. */
void zk_text_printf(char *ret_text, size_t size, const char *format, ...) ZK_PRINTF_LIKE(3, 4);
/* What precedes, and the number in decimal: as much as fits. */
void zk_text_numbered(char *ret_text, size_t size, const char *before, int64_t number);

/* Java: String.trim(): drop everything up to U+0020 at both ends, in place; the trimmed start. */
char *zk_trim(char *text);
/* Where the trimmed text starts. */
const char *zk_trim_start(const char *text);

/* A string that grows. Zero-initialised is empty; text may be NULL only while length is 0. */
struct zk_str {
    char *text;    /* always terminated; owned */
    size_t length; /* without the terminator */
    size_t room;
};

void zk_str_reserve(struct zk_str *str, size_t more); /* room for so much, and the terminator */

/* Inline, because most of what is appended is a literal, whose length the compiler knows. */
static inline void zk_str_append_bytes(struct zk_str *str, const char *text, size_t length)
{
    if (length >= str->room - str->length)
        zk_str_reserve(str, length);
    if (length > 0)
        memcpy(str->text + str->length, text, length);
    str->length += length;
    str->text[str->length] = '\0';
}

static inline void zk_str_append(struct zk_str *str, const char *text)
{
    zk_str_append_bytes(str, text, strlen(text));
}

void zk_str_append_long(struct zk_str *str, int64_t value); /* in decimal */
void zk_str_append_hex(struct zk_str *str, int64_t value);  /* Java: Long.toHexString() */
void zk_str_printf(struct zk_str *str, const char *format, ...) ZK_PRINTF_LIKE(2, 3);
void zk_str_vprintf(struct zk_str *str, const char *format, va_list args);
void zk_str_clear(struct zk_str *str);             /* length 0, keeps the room */
void zk_str_done(struct zk_str *str);              /* frees */
const char *zk_str_text(const struct zk_str *str); /* never NULL */
char *zk_str_take(struct zk_str *str); /* gives the text (never NULL); str is empty again */

/* Pieces of a text. Java: String.split() with one separating character: trailing empty pieces
 * vanish, others stay; no separator at all gives one piece, the text itself (even if empty). */
struct zk_strings {
    char **items; /* owned */
    size_t count;
    bool is_one_block; /* the pieces of one text stand behind items, not each in its own memory */
};

void zk_split(const char *text, char separator, struct zk_strings *ret_pieces);
void zk_strings_add(struct zk_strings *strings, const char *text); /* copies */
void zk_strings_done(struct zk_strings *strings);

/* Java: ConfigUtils.getHostAndPort(). With a leading '[' the host ends at the first ']', one
 * character is skipped whatever it is, and the rest is split at ':'; otherwise all is split at ':'.
 * The first piece is the host.
 * Errors: -EINVAL with *ret_error (static text to append to the quoted piece: Java's words). */
ZK_NODISCARD int zk_host_and_port(const char *text, struct zk_strings *ret_pieces,
                                  const char **ret_error);

/* Text for JSON: quotes, backslashes and control characters escaped; no surrounding quotes. */
void zk_str_append_json(struct zk_str *str, const char *text);

#endif
