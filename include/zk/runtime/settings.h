/* Java's system properties: -Dkey=value of the command line, and as zookeeper.<key> every key of
 * zoo.cfg that has no meaning of its own. The main thread writes them before the second thread
 * starts; after that any thread reads them without a lock. */
#ifndef ZK_RUNTIME_SETTINGS_H
#define ZK_RUNTIME_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zk_context;

/* Copies key and value. Java: System.setProperty() */
void zk_settings_set(struct zk_context *ctx, const char *key, const char *value);

/* Returns the value, which stays the context's; NULL if it is not set. Java:
 * System.getProperty() */
const char *zk_settings_get(const struct zk_context *ctx, const char *key);

/* Gives the settings one after the other; returns false behind the last. Key and value stay the
 * context's. */
bool zk_settings_at(const struct zk_context *ctx, size_t index, const char **ret_key,
                    const char **ret_value);

/* Returns the value as a number (decimal, 0x, # or octal); fallback if it is not set, or no number
 * of that size. Java: Integer.getInteger() */
int32_t zk_settings_get_integer(const struct zk_context *ctx, const char *key, int32_t fallback);
/* The same for 64 bits. Java: Long.getLong() */
int64_t zk_settings_get_long(const struct zk_context *ctx, const char *key, int64_t fallback);

/* Returns true if the value is "true", in capitals or not, and false for any other value; fallback
 * if it is not set. Java: Boolean.getBoolean(), with a default */
bool zk_settings_get_boolean(const struct zk_context *ctx, const char *key, bool fallback);

#endif
