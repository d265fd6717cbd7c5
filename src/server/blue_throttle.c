/* How fast connections may become sessions. Java: server.BlueThrottle */
#include "zk/server/blue_throttle.h"

#include <stdlib.h>

#include "zk/runtime/settings.h"

#define PREFIX "zookeeper.connection_throttle_"

/* Returns a setting with a decimal point; fallback if it is missing or no number. */
static double get_double(struct zk_context *ctx, const char *key, double fallback)
{
    const char *text = zk_settings_get(ctx, key);
    if (text == NULL)
        return fallback;
    char *end;
    double value = strtod(text, &end);
    return end != text && *end == '\0' ? value : fallback;
}

/* Returns the weight, which is at least 1, and not below that of a local session (D-312). */
static int64_t get_weight(struct zk_context *ctx, const char *key, int64_t fallback, int64_t least)
{
    int64_t weight = zk_settings_get_integer(ctx, key, (int32_t)fallback);
    if (weight <= 0)
        return fallback;
    return weight < least ? least : weight;
}

/* Java: new BlueThrottle(), and the defaults that its static block reads */
void blue_throttle_init(struct blue_throttle *throttle, struct zk_context *ctx, int64_t now_ms)
{
    int64_t least = zk_settings_get_integer(ctx, PREFIX "local_session_weight", 1);
    *throttle = (struct blue_throttle){
        .max_tokens = zk_settings_get_integer(ctx, PREFIX "tokens", 0),
        .fill_time_ms = zk_settings_get_integer(ctx, PREFIX "fill_time", 1),
        .fill_count = zk_settings_get_integer(ctx, PREFIX "fill_count", 1),
        .freeze_time_ms = zk_settings_get_integer(ctx, PREFIX "freeze_time", -1),
        .drop_increase = get_double(ctx, PREFIX "drop_increase", 0.02),
        .drop_decrease = get_double(ctx, PREFIX "drop_decrease", 0.002),
        .decrease_point = get_double(ctx, PREFIX "decrease_ratio", 0),
        .weight_enabled = zk_settings_get_boolean(ctx, PREFIX "weight_enabled", false),
        .global_session_weight = get_weight(ctx, PREFIX "global_session_weight", 3, least),
        .local_session_weight = get_weight(ctx, PREFIX "local_session_weight", 1, least),
        .renew_session_weight = get_weight(ctx, PREFIX "renew_session_weight", 2, least),
        .last_time_ms = now_ms,
        .last_freeze_ms = now_ms,
    };
    /* The settings count sessions of the whole ensemble. */
    if (throttle->weight_enabled) {
        throttle->max_tokens *= throttle->global_session_weight;
        throttle->fill_count *= throttle->global_session_weight;
    }
    throttle->tokens = throttle->max_tokens;
    if (throttle->fill_time_ms < 1)
        throttle->fill_time_ms = 1;
}

int64_t blue_throttle_required_tokens(const struct blue_throttle *throttle, bool is_new,
                                      bool is_local)
{
    if (!throttle->weight_enabled)
        return 1;
    if (!is_new)
        return throttle->renew_session_weight;
    return is_local ? throttle->local_session_weight : throttle->global_session_weight;
}

/* Java: checkBlue() */
static bool check_blue(struct blue_throttle *throttle, int64_t now_ms, double chance)
{
    int64_t missing = throttle->max_tokens - throttle->tokens;
    int64_t threshold = (int64_t)((double)throttle->max_tokens * throttle->decrease_point + 0.5);
    if (now_ms - throttle->last_freeze_ms > throttle->freeze_time_ms) {
        if (missing == throttle->max_tokens && throttle->drop < 1) {
            throttle->drop += throttle->drop_increase;
            if (throttle->drop > 1)
                throttle->drop = 1;
        } else if (missing <= threshold && throttle->drop > 0) {
            throttle->drop -= throttle->drop_decrease;
            if (throttle->drop < 0)
                throttle->drop = 0;
        }
        throttle->last_freeze_ms = now_ms;
    }
    return !(chance < throttle->drop);
}

/* Tokens are counted in 64 bits, and no more come in than are missing: Java's number of them
 * overflows after a long pause, and then no client gets in any more (ZOOKEEPER-4933, D-312). Java:
 * checkLimit() */
bool blue_throttle_check_limit(struct blue_throttle *throttle, int64_t need, int64_t now_ms,
                               double chance)
{
    if (throttle->max_tokens == 0)
        return true;
    int64_t elapsed_ms = now_ms - throttle->last_time_ms;
    if (elapsed_ms > throttle->fill_time_ms) {
        double refill =
            (double)elapsed_ms * (double)throttle->fill_count / (double)throttle->fill_time_ms;
        double missing = (double)(throttle->max_tokens - throttle->tokens);
        throttle->tokens += (int64_t)(refill < missing ? refill : missing);
        throttle->last_time_ms = now_ms;
    }
    if (throttle->freeze_time_ms != -1 && !check_blue(throttle, now_ms, chance))
        return false;
    if (throttle->tokens < need)
        return false;
    throttle->tokens -= need;
    return true;
}
