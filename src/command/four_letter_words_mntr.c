/* mntr: a line for each number that monitors may want. Java: MonitorCommand
 *
 * Our own lines, too, begin with zk_ and have a number as value, because telegraf refuses a server
 * with any other line (D-99). */
#include <inttypes.h>

#include "command/four_letter_words_internal.h"
#include "command/monitor_values.h"
#include "zk/server/avg_min_max_counter.h"
#include "zk/server/server_metrics.h"

static void mntr_text(struct monitor_sink *sink, const char *name, const char *value)
{
    zk_str_printf(sink->str, "zk_%s\t%s\n", name, value);
}

static void mntr_number(struct monitor_sink *sink, const char *name, int64_t value)
{
    zk_str_printf(sink->str, "zk_%s\t%" PRId64 "\n", name, value);
}

/* Java: AvgMinMaxCounter.values(), AvgMinMaxPercentileCounter.values() */
static void mntr_summary(struct monitor_sink *sink, const struct monitor_summary *summary)
{
    static const struct {
        const char *prefix;
        double percent;
    } percentiles[] = {{"p50", 50}, {"p95", 95}, {"p99", 99}, {"p999", 99.9}};
    const struct avg_min_max_counter *values = summary->values;
    struct zk_str name = {0};
    struct zk_str *str = sink->str;
    if (summary->key != NULL)
        zk_str_printf(&name, "%s_", summary->key);
    zk_str_append(&name, summary->name);
    const char *text = zk_str_text(&name);
    zk_str_printf(str, "zk_avg_%s\t%s\n", text, avg_min_max_counter_get_avg(values).text);
    zk_str_printf(str, "zk_min_%s\t%" PRId64 "\n", text, values->min);
    zk_str_printf(str, "zk_max_%s\t%" PRId64 "\n", text, values->max);
    zk_str_printf(str, "zk_cnt_%s\t%" PRId64 "\n", text, values->count);
    zk_str_printf(str, "zk_sum_%s\t%" PRId64 "\n", text, values->sum);
    size_t count = summary->is_advanced && summary->source != NULL ? 4 : 0;
    for (size_t i = 0; i < count; i++) {
        int64_t value = 0;
        (void)monitor_summary_percentile(summary, percentiles[i].percent, &value);
        zk_str_printf(str, "zk_%s_%s\t%" PRId64 "\n", percentiles[i].prefix, text, value);
    }
    zk_str_done(&name);
}

void four_letter_words_append_mntr(const struct four_letter_facts *facts, struct zk_str *str)
{
    static const struct monitor_sink_methods methods = {
        .text = mntr_text,
        .gauge = mntr_number,
        .decimal = mntr_text,
        .counter = mntr_number,
        .summary = mntr_summary,
    };
    struct monitor_sink sink = {.methods = &methods, .str = str};
    monitor_values(facts, &sink);
}
