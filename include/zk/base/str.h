/* Text: numbers as strict as Java reads them, a string that grows, pieces, host and port. */
#ifndef ZK_BASE_STR_H
#define ZK_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"

/* Reads an optional sign and decimal digits, and nothing else. Returns false if text is no number
 * of that size. Java: Long.parseLong() */
ZK_NODISCARD bool zk_parse_long(const char *text, int64_t *ret_value);
/* The same for 32 bits. Java: Integer.parseInt() */
ZK_NODISCARD bool zk_parse_int(const char *text, int32_t *ret_value);
/* The same with hexadecimal digits. Java: Long.parseLong(text, 16) */
ZK_NODISCARD bool zk_parse_hex(const char *text, int64_t *ret_value);
/* Reads an optional sign, then decimal digits, or 0x, 0X or # and hexadecimal ones, or 0 and octal
 * ones. Java: Long.decode() */
ZK_NODISCARD bool zk_decode_long(const char *text, int64_t *ret_value);
/* Returns the value of a hexadecimal digit, -1 if c is none. */
int zk_hex_digit(char c);

/* Copies text and ends it with a zero byte; of a longer text as many bytes as fit. */
void zk_text_copy(char *ret_text, size_t size, const char *text);
/* The same with what printf() makes of the arguments. */
void zk_text_printf(char *ret_text, size_t size, const char *format, ...) ZK_PRINTF_LIKE(3, 4);

/* Java: String.startsWith() */
bool zk_text_starts_with(const char *text, const char *start);

/* Drops everything up to U+0020 at both ends, in place, and returns where the trimmed text starts.
 * Java: String.trim() */
char *zk_trim(char *text);
/* Returns where the trimmed text would start. */
const char *zk_trim_start(const char *text);

/* A string that grows. A zero-initialised one is empty. */
struct zk_str {
    char *text;    /* ends with a zero byte; NULL only while length is 0 */
    size_t length; /* without the zero byte */
    size_t room;
};

void zk_str_append(struct zk_str *str, const char *text);
void zk_str_append_bytes(struct zk_str *str, const char *text, size_t length);
void zk_str_append_long(struct zk_str *str, int64_t value); /* in decimal */
void zk_str_append_hex(struct zk_str *str, int64_t value);  /* Java: Long.toHexString() */
void zk_str_printf(struct zk_str *str, const char *format, ...) ZK_PRINTF_LIKE(2, 3);
void zk_str_vprintf(struct zk_str *str, const char *format, va_list args);
/* Appends text as it stands in JSON between quotes: quotes, backslashes and control characters are
 * escaped, and what is no UTF-8 becomes U+FFFD. */
void zk_str_append_json(struct zk_str *str, const char *text);
/* Makes it empty and keeps the room. */
void zk_str_clear(struct zk_str *str);
/* Frees the text; the string is empty again. */
void zk_str_done(struct zk_str *str);
/* Returns the text, which stays the string's; never NULL. */
const char *zk_str_text(const struct zk_str *str);
/* Cuts the text down to its first line, and reads that as zk_parse_long does. A zero byte is no
 * digit. Java: Long.parseLong() of what BufferedReader.readLine() returns, for which \n, \r or both
 * end a line */
ZK_NODISCARD bool zk_str_parse_first_line(struct zk_str *str, int64_t *ret_value);
/* Returns the text, never NULL, which the caller frees; the string is empty again. */
char *zk_str_take(struct zk_str *str);

/* A list of texts. */
struct zk_strings {
    char **items;
    size_t count;
};

/* Cuts text at each separator. Trailing empty pieces vanish, others stay; a text without a
 * separator is one piece, even if it is empty. Java: String.split() with one character */
void zk_split(const char *text, char separator, struct zk_strings *ret_pieces);
/* Appends a copy of text. */
void zk_strings_add(struct zk_strings *strings, const char *text);
void zk_strings_done(struct zk_strings *strings);

/* Cuts "host:port:..." at the colons; the first piece is the host. With a leading '[' the host ends
 * at the first ']', one character behind it is skipped whatever it is, and the rest is cut.
 * Errors: -EINVAL; *ret_error is static text, Java's words, to stand behind the quoted piece.
 * Java: ConfigUtils.getHostAndPort() */
ZK_NODISCARD int zk_host_and_port(const char *text, struct zk_strings *ret_pieces,
                                  const char **ret_error);

#endif
