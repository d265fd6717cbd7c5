/* What mntr, the admin server's monitor and Prometheus tell: the same values in the same order,
 * each in its own form. Any thread that holds no lock; the sink is called on it. Nothing blocks. */
#ifndef COMMAND_MONITOR_VALUES_H
#define COMMAND_MONITOR_VALUES_H

#include <stdint.h>

#include "zk/command/four_letter_words.h"

struct avg_min_max_counter;
struct monitor_sink;

/* Each gets a name without "zk_". */
struct monitor_sink_methods {
    void (*text)(struct monitor_sink *sink, const char *name, const char *value);
    void (*gauge)(struct monitor_sink *sink, const char *name, int64_t value);
    /* A gauge that is no whole number, as a text: "0.7143". */
    void (*decimal)(struct monitor_sink *sink, const char *name, const char *value);
    void (*counter)(struct monitor_sink *sink, const char *name, int64_t value);
    void (*summary)(struct monitor_sink *sink, enum server_metrics_summary which,
                    const struct avg_min_max_counter *summary);
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
