/* Java's system properties: -Dkey=value of the command line, and every key of zoo.cfg that nobody
 * knows, as zookeeper.<key>. Written by the main thread before the second thread starts, then read
 * by any without a lock. */
#ifndef ZK_RUNTIME_SETTINGS_H
#define ZK_RUNTIME_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct zk_context;

/* Java: System.setProperty(). Copies both. */
void zk_settings_set(struct zk_context *ctx, const char *key, const char *value);

/* Java: System.getProperty(). NULL if unset. Borrowed from the context. */
const char *zk_settings_get(const struct zk_context *ctx, const char *key);

/* Java: Integer.getInteger(): decimal, 0x, # or octal; fallback if unset or not a number. */
int32_t zk_settings_get_integer(const struct zk_context *ctx, const char *key, int32_t fallback);
/* Java: Long.getLong(), in the same forms. */
int64_t zk_settings_get_long(const struct zk_context *ctx, const char *key, int64_t fallback);

/* Java: Boolean.getBoolean() with a default: "true" in any case; anything else is false. */
bool zk_settings_get_boolean(const struct zk_context *ctx, const char *key, bool fallback);

#endif
