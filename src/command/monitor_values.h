/* What mntr, the admin server's monitor and Prometheus tell: the same values in the same order,
 * each in its own form. Any thread that holds no lock; the sink is called on it. Nothing blocks. */
#ifndef COMMAND_MONITOR_VALUES_H
#define COMMAND_MONITOR_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/command/four_letter_words.h"

struct avg_min_max_counter;
struct monitor_sink;

/* A summary as it is shown: one of a server, or one of a set, which has a key. */
struct monitor_summary {
    const char *name;
    const char *key; /* NULL: it is not one of a set */
    bool is_advanced;
    const struct avg_min_max_counter *values;
    /* Where monitor_summary_percentile finds the summary again; source NULL: there are no
     * percentiles. */
    struct server_metrics *source;
    int which;          /* enum server_metrics_summary, or, with a key, enum server_metrics_set */
    int64_t key_number; /* key as a number */
};

/* Computes a percentile of a summary; false: nothing has been measured. */
bool monitor_summary_percentile(const struct monitor_summary *summary, double percent,
                                int64_t *ret_value);

/* What is done with a value of each kind. The names come without "zk_". */
struct monitor_sink_methods {
    void (*text)(struct monitor_sink *sink, const char *name, const char *value);
    void (*gauge)(struct monitor_sink *sink, const char *name, int64_t value);
    /* A gauge that is no whole number, as a text: "0.7143". */
    void (*decimal)(struct monitor_sink *sink, const char *name, const char *value);
    void (*counter)(struct monitor_sink *sink, const char *name, int64_t value);
    void (*summary)(struct monitor_sink *sink, const struct monitor_summary *summary);
    /* A set of summaries follows, which may be empty. NULL: nothing is said of it. */
    void (*set)(struct monitor_sink *sink, const char *name);
};

struct monitor_sink {
    const struct monitor_sink_methods *methods;
    struct zk_str *str;
    void *arg;
};

/* Hands all values to the sink. Java: ZooKeeperServer.dumpMonitorValues() */
void monitor_values(const struct four_letter_facts *facts, struct monitor_sink *sink);
/* The counters and summaries alone, which there are also while nothing serves. */
void monitor_metrics(const struct four_letter_facts *facts, struct monitor_sink *sink);

#endif
