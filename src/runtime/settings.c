/* The settings are a short list that is searched from its start. That is quick enough: most
 * settings are read only when an object is made. Only the limit of a buffer is read for each
 * packet. */
#include "zk/runtime/settings.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/context_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/str.h"

static struct zk_setting *settings_find(const struct zk_context *ctx, const char *key)
{
    /* Nearly all keys begin with "zookeeper.", and few have the same length: so lengths come
     * first. */
    const size_t length = strlen(key);
    for (size_t i = 0; i < ctx->setting_count; i++)
        if (ctx->settings[i].key_length == length && memcmp(ctx->settings[i].key, key, length) == 0)
            return &ctx->settings[i];
    return NULL;
}

void zk_settings_set(struct zk_context *ctx, const char *key, const char *value)
{
    char *copy = zk_xstrdup(value); /* before the old one is freed: value may point to it */
    struct zk_setting *setting = settings_find(ctx, key);
    if (setting == NULL) {
        ctx->settings =
            zk_xrealloc(ctx->settings, (ctx->setting_count + 1) * sizeof *ctx->settings);
        setting = &ctx->settings[ctx->setting_count++];
        *setting = (struct zk_setting){.key = zk_xstrdup(key), .key_length = strlen(key)};
    }
    free(setting->value);
    setting->value = copy;
}

const char *zk_settings_get(const struct zk_context *ctx, const char *key)
{
    const struct zk_setting *setting = settings_find(ctx, key);
    return setting != NULL ? setting->value : NULL;
}

bool zk_settings_at(const struct zk_context *ctx, size_t index, const char **ret_key,
                    const char **ret_value)
{
    if (index >= ctx->setting_count)
        return false;
    *ret_key = ctx->settings[index].key;
    *ret_value = ctx->settings[index].value;
    return true;
}

int32_t zk_settings_get_integer(const struct zk_context *ctx, const char *key, int32_t fallback)
{
    int64_t value = zk_settings_get_long(ctx, key, fallback);
    return value >= INT32_MIN && value <= INT32_MAX ? (int32_t)value : fallback;
}

int64_t zk_settings_get_long(const struct zk_context *ctx, const char *key, int64_t fallback)
{
    int64_t value;
    const char *text = zk_settings_get(ctx, key);
    return text != NULL && zk_decode_long(text, &value) ? value : fallback;
}

bool zk_settings_get_boolean(const struct zk_context *ctx, const char *key, bool fallback)
{
    const char *text = zk_settings_get(ctx, key);
    return text != NULL ? strcasecmp(text, "true") == 0 : fallback;
}
