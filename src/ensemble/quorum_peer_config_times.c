/* Times that make no sense. Java reads most of them without a look: a negative one then ends a
 * thread with an IllegalArgumentException at its first wait, and 0 often makes a loop that never
 * pauses. Here they are refused before anything starts (D-93). Where 0 or a negative number has a
 * meaning in Java, it is the same here. */
#include <inttypes.h>
#include <string.h>

#include "ensemble/quorum_peer_config_internal.h"
#include "zk/runtime/settings.h"

/* Settings that come from -D, or, if they begin with "zookeeper.", from a line of zoo.cfg without
 * that. */
struct time_setting {
    const char *key;
    int64_t least;
    const char *advice;
};

static const struct time_setting TIME_SETTINGS[] = {
    {"zookeeper.cnxTimeout", 0, "write a number of milliseconds; 0 is no limit"},
    {"zookeeper.leaderConnectDelayDuringRetryMs", 0, "write a number of milliseconds"},
    {"zookeeper.fastleader.minNotificationInterval", 1, "write a positive number of milliseconds"},
    {"zookeeper.fastleader.maxNotificationInterval", 1, "write a positive number of milliseconds"},
    {"zookeeper.nio.sessionlessCnxnTimeout", 1, "write a positive number of milliseconds"},
    {"zookeeper.request_throttle_stall_time", 0, "write a number of milliseconds; 0 is no limit"},
    {"zookeeper.request_throttler.shutdownTimeout", 0,
     "write a number of milliseconds; 0 is no limit"},
    {"znode.container.checkIntervalMs", 1, "write a positive number of milliseconds"},
};

static int check_setting(struct config_parser *parser, const struct time_setting *setting)
{
    const int64_t value = zk_settings_get_integer(parser->ctx, setting->key, INT32_MAX);
    if (value >= setting->least)
        return 0;
    const struct zk_property origin = config_origin(parser, setting->key);
    return config_refuse_setting(parser, &origin, setting->advice, "%" PRId64 " is no time to wait",
                                 value);
}

static int check_key(struct config_parser *parser, const char *key, int64_t value, int64_t least,
                     const char *advice)
{
    if (value >= least)
        return 0;
    return config_fail(parser, parser->path, config_find(parser, key), advice,
                       "%s must not be %" PRId64, key, value);
}

/* Java multiplies in 32 bits, where the product turns negative. */
static int check_product(struct config_parser *parser, const char *key, int32_t ticks)
{
    if ((int64_t)parser->config.tick_time_ms * ticks <= INT32_MAX)
        return 0;
    return config_fail(parser, parser->path, config_find(parser, key),
                       "make one of the two smaller",
                       "%s times tickTime is more than %" PRId32 " milliseconds", key, INT32_MAX);
}

int config_check_times(struct config_parser *parser)
{
    const struct quorum_peer_config *config = &parser->config;
    int r = check_key(parser, "tickTime", config->tick_time_ms, 1,
                      "write a number of milliseconds, such as tickTime=2000");
    /* 0 is refused, too, but later and in Java's words, when the servers are known. */
    if (r == 0)
        r = check_key(parser, "initLimit", config->init_limit, 0,
                      "write a number of ticks, such as initLimit=10");
    if (r == 0)
        r = check_key(parser, "syncLimit", config->sync_limit, 0,
                      "write a number of ticks, such as syncLimit=5");
    if (r == 0)
        r = check_key(parser, "multiAddress.reachabilityCheckTimeoutMs",
                      config->multi_address_reachability_check_timeout_ms, 1,
                      "write a positive number of milliseconds");
    if (r == 0)
        r = check_product(parser, "initLimit", config->init_limit);
    if (r == 0)
        r = check_product(parser, "syncLimit", config->sync_limit);
    if (r == 0)
        r = check_product(parser, "connectToLearnerMasterLimit",
                          config->connect_to_learner_master_limit);
    for (size_t i = 0; r == 0 && i < sizeof TIME_SETTINGS / sizeof *TIME_SETTINGS; i++)
        r = check_setting(parser, &TIME_SETTINGS[i]);
    return r;
}
