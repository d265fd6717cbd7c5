/* How fast connections may become sessions: a bucket of tokens that fills with time, and above it a
 * chance to be dropped that rises while the bucket is empty. Java: server.BlueThrottle
 *
 * A value without a lock: its owner locks. Times are zk_elapsed_ms. */
#ifndef ZK_SERVER_BLUE_THROTTLE_H
#define ZK_SERVER_BLUE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct zk_context;

struct blue_throttle {
    int64_t max_tokens; /* 0: there is no limit */
    int64_t fill_time_ms;
    int64_t fill_count; /* so many tokens come in each fill_time_ms */
    int64_t tokens;
    int64_t last_time_ms;
    double drop;           /* the chance, 0 to 1 */
    double drop_increase;  /* what is added to drop while the bucket is empty */
    double drop_decrease;  /* what is taken off drop while few are missing */
    double decrease_point; /* few: not more than this part of max_tokens */
    int64_t last_freeze_ms;
    int64_t freeze_time_ms; /* drop changes no more often; -1: chance drops nobody */
    bool weight_enabled;    /* false: every session takes one token */
    int64_t global_session_weight;
    int64_t local_session_weight;
    int64_t renew_session_weight;
};

/* Reads the settings zookeeper.connection_throttle_... . Java: new BlueThrottle() */
void blue_throttle_init(struct blue_throttle *throttle, struct zk_context *ctx, int64_t now_ms);
/* Returns how many tokens a session takes: a new one, which may be this server's alone, or one that
 * is renewed. Java: getRequiredTokensForGlobal() ... */
int64_t blue_throttle_required_tokens(const struct blue_throttle *throttle, bool is_new,
                                      bool is_local);
/* Takes need tokens. Returns false, and takes none, if there are not so many, or if chance is below
 * drop. chance: a number that the caller has drawn, from 0 up to but without 1. Java:
 * checkLimit() */
bool blue_throttle_check_limit(struct blue_throttle *throttle, int64_t need, int64_t now_ms,
                               double chance);

#endif
