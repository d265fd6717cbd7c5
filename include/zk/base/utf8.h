/* UTF-8, one character at a time. Any thread. */
#ifndef ZK_BASE_UTF8_H
#define ZK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns whether each byte is a character of its own, as in nearly all paths. */
bool zk_utf8_is_ascii(const char *text, size_t length);

/* Returns the character that starts at text, of which length bytes (at least one) are there;
 * *ret_used is how many it takes. Returns -1 if the bytes are malformed (overlong forms and
 * surrogates, too): then one byte is to be skipped. */
int32_t zk_utf8_decode(const char *text, size_t length, size_t *ret_used);

/* Writes a character (at most U+10FFFF) into 4 bytes or more. Returns how many it took. */
size_t zk_utf8_encode(uint32_t character, char *ret_text);

/* Writes what Java makes of bytes that shall be text: each malformed part becomes U+FFFD, and a
 * character beyond U+FFFF two surrogates of three bytes each. ret_text has room for three times
 * length. Returns how many bytes it is. Java: BinaryInputArchive.readString(), and
 * BinaryOutputArchive.stringToByteBuffer() */
size_t zk_utf8_through_java(const char *text, size_t length, char *ret_text);

#endif
