/* mntr: a line for each number that monitors may want. Java: MonitorCommand
 *
 * Our own lines, too, begin with zk_ and have a number as value, because telegraf refuses a server
 * with any other line (D-99). */
#include <inttypes.h>

#include "command/four_letter_words_internal.h"
#include "command/monitor_values.h"
#include "zk/server/avg_min_max_counter.h"

static void mntr_text(struct monitor_sink *sink, const char *name, const char *value)
{
    zk_str_printf(sink->str, "zk_%s\t%s\n", name, value);
}

static void mntr_number(struct monitor_sink *sink, const char *name, int64_t value)
{
    zk_str_printf(sink->str, "zk_%s\t%" PRId64 "\n", name, value);
}

/* Java: AvgMinMaxCounter.values() */
static void mntr_summary(struct monitor_sink *sink, const char *name,
                         const struct avg_min_max_counter *summary)
{
    struct zk_str *str = sink->str;
    zk_str_printf(str, "zk_avg_%s\t%s\n", name, avg_min_max_counter_get_avg(summary).text);
    zk_str_printf(str, "zk_min_%s\t%" PRId64 "\n", name, summary->min);
    zk_str_printf(str, "zk_max_%s\t%" PRId64 "\n", name, summary->max);
    zk_str_printf(str, "zk_cnt_%s\t%" PRId64 "\n", name, summary->count);
    zk_str_printf(str, "zk_sum_%s\t%" PRId64 "\n", name, summary->sum);
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
