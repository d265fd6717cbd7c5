/* The syntax of zoo.cfg, of dynamic files, and of the config text inside notifications. The structs
 * are values, without a lock or a thread. Java: java.util.Properties.load() */
#ifndef ZK_ENSEMBLE_PROPERTIES_H
#define ZK_ENSEMBLE_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"

struct zk_property {
    char *key;
    char *value;
    int line;       /* where the key stands, from 1, for messages; 0: it was put there */
    bool separated; /* = or : stands behind the key, and not only blanks or nothing */
};

/* Entries stand in the order in which Java 17 iterates a Properties object, because that decides
 * which of two lines for one sid wins; a later duplicate has replaced the earlier one's value. */
struct zk_properties {
    struct zk_property *items; /* owned */
    size_t count;
    char *text; /* owned: keys and values stand in it */
};

/* Parses length bytes of text, with Java's escapes and continuation lines; bytes from 0x80 on stay
 * as they are. The caller ends *ret_properties with zk_properties_done. Errors: -EINVAL, a \u
 * escape is malformed, and *ret_line is its line. */
ZK_NODISCARD int zk_properties_parse(const char *text, size_t length,
                                     struct zk_properties *ret_properties, int *ret_line);

/* The same for a text to which an entry is added behind all others. key and value stay the
 * caller's; they are taken as they are, without escapes. */
ZK_NODISCARD int zk_properties_parse_and_put(const char *text, size_t length, const char *key,
                                             const char *value,
                                             struct zk_properties *ret_properties, int *ret_line);

/* Returns the entry of key, or NULL if there is none; it belongs to properties. */
struct zk_property *zk_properties_find(const struct zk_properties *properties, const char *key);

void zk_properties_done(struct zk_properties *properties);

#endif
