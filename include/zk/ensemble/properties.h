/* Java's Properties: the syntax of zoo.cfg, of dynamic files, and of the config text inside
 * notifications.
 * Java: java.util.Properties.load() */
#ifndef ZK_ENSEMBLE_PROPERTIES_H
#define ZK_ENSEMBLE_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"

struct zk_property {
    char *key;
    char *value;
    int line;       /* where the key stands, from 1: for messages */
    bool separated; /* by = or :, and not by blanks alone or by nothing */
};

/* Entries in the order in which Java 17 iterates a Properties object (NOTES.md K: it decides the
 * order of colliding ids); a later duplicate has replaced the earlier one's value. */
struct zk_properties {
    struct zk_property *items; /* owned */
    size_t count;
    char *text; /* owned: keys and values stand in it */
};

/* Parse text of the given length. Escapes and continuation lines as in Java. bytes >= 0x80 stay as
 * they are.
 * Errors: -EINVAL, a malformed \u escape; *ret_line says where. */
ZK_NODISCARD int zk_properties_parse(const char *text, size_t length,
                                     struct zk_properties *ret_properties, int *ret_line);

/* Returns the entry of key, NULL if there is none; it stays the properties'. */
struct zk_property *zk_properties_find(const struct zk_properties *properties, const char *key);

void zk_properties_done(struct zk_properties *properties);

#endif
