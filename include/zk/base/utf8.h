/* UTF-8, one character at a time.. */
#ifndef ZK_ZK_BASE_UTF8_H
#define ZK_ZK_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The character at the start of length > 0 bytes; *ret_used says how many bytes it takes. -1: the
 * bytes are malformed there (overlong and surrogates too), and one byte is to be skipped. */
int32_t zk_utf8_decode(const char *text, size_t length, size_t *ret_used);

/* Write a character (at most U+10FFFF) to at least 4 bytes; how many were used. */
size_t zk_utf8_encode(uint32_t character, char *ret_text);

#endif
