/* The text format of Prometheus, as Java's PrometheusMetricsProvider writes it. A summary has the
 * quantile 0.5, and one of Java's level ADVANCED has 0.9 and 0.99 as well; they are computed from
 * the last values only (D-140). */
#include "zk/command/metrics_provider.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/monitor_values.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/io/http_server.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/avg_min_max_counter.h"
#include "zk/server/server_metrics.h"

enum { DEFAULT_METRICS_PORT = 7000, METRICS_IDLE_TIMEOUT_MS = 30000 };

struct metrics_provider {
    struct server_status_hook hook;
    struct server_cnxns cnxns;
    struct http_server *http;
    struct zk_thread_group *threads; /* of one */
};

static void metrics_run(void *arg);
static void answer_scrape(void *arg, const struct http_request *request,
                          struct http_response *response);

bool metrics_provider_is_enabled(const struct zk_context *ctx)
{
    const char *name = zk_settings_get(ctx, "metricsProvider.className");
    return name != NULL &&
           strcmp(name, "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider") == 0;
}

int metrics_provider_start(struct zk_context *ctx, struct server_status_hook hook,
                           struct server_cnxns cnxns, struct metrics_provider **ret_provider)
{
    const char *host = zk_settings_get(ctx, "metricsProvider.httpHost");
    int32_t port = zk_settings_get_integer(ctx, "metricsProvider.httpPort", DEFAULT_METRICS_PORT);
    struct inet_address address;
    inet_address_resolve(ctx, host != NULL ? host : "0.0.0.0", (uint16_t)port, &address);
    struct metrics_provider *provider = zk_xcalloc(1, sizeof *provider);
    provider->hook = hook;
    provider->cnxns = cnxns;
    provider->threads = zk_thread_group_new(ctx);
    int r = port < 0 || port > UINT16_MAX ? -EINVAL : 0;
    if (r == 0)
        r = http_server_new(ctx, &address, METRICS_IDLE_TIMEOUT_MS, answer_scrape, provider,
                            &provider->http);
    if (r == 0)
        r = zk_thread_group_start(provider->threads, metrics_run, provider, "PrometheusMetrics");
    if (r < 0) {
        zk_log(ctx, ZK_LOG_METRICS_PROBLEM, inet_ip_text(&address).text, port,
               zk_error_text(r).text);
        metrics_provider_free(provider);
        return r;
    }
    zk_log(ctx, ZK_LOG_METRICS_STARTED, inet_ip_text(&address).text,
           http_server_local_address(provider->http)->port);
    *ret_provider = provider;
    return 0;
}

void metrics_provider_free(struct metrics_provider *provider)
{
    if (provider == NULL)
        return;
    if (provider->http != NULL)
        http_server_shutdown(provider->http);
    zk_thread_group_join(provider->threads);
    zk_thread_group_free(provider->threads);
    http_server_free(provider->http);
    free(provider);
}

static void metrics_run(void *arg)
{
    struct metrics_provider *provider = arg;
    http_server_run(provider->http);
}

/* ---- the page -------------------------------------------------------------------------------- */

/* Java's provider knows only numbers, so a text is left out. */
static void prometheus_text(struct monitor_sink *sink, const char *name, const char *value)
{
    (void)sink;
    (void)name;
    (void)value;
}

static void append_head(struct zk_str *str, const char *name, const char *type)
{
    zk_str_printf(str, "# HELP %s %s\n# TYPE %s %s\n", name, name, name, type);
}

static void prometheus_decimal(struct monitor_sink *sink, const char *name, const char *value)
{
    append_head(sink->str, name, "gauge");
    zk_str_printf(sink->str, "%s %s\n", name, value);
}

static void prometheus_gauge(struct monitor_sink *sink, const char *name, int64_t value)
{
    append_head(sink->str, name, "gauge");
    zk_str_printf(sink->str, "%s %" PRId64 ".0\n", name, value);
}

static void prometheus_counter(struct monitor_sink *sink, const char *name, int64_t value)
{
    append_head(sink->str, name, "counter");
    zk_str_printf(sink->str, "%s %" PRId64 ".0\n", name, value);
}

static void prometheus_set(struct monitor_sink *sink, const char *name)
{
    append_head(sink->str, name, "summary");
}

static void prometheus_summary(struct monitor_sink *sink, const struct monitor_summary *summary)
{
    static const struct {
        const char *text;
        double percent;
    } quantiles[] = {{"0.5", 50}, {"0.9", 90}, {"0.99", 99}};
    const char *name = summary->name;
    size_t count = summary->is_advanced ? 3 : 1;
    char label[48] = "";
    char labels[56] = "";
    if (summary->key != NULL) {
        snprintf(label, sizeof label, "key=\"%s\",", summary->key);
        snprintf(labels, sizeof labels, "{%s}", label);
    } else {
        append_head(sink->str, name, "summary");
    }
    for (size_t i = 0; i < count; i++) {
        int64_t value;
        zk_str_printf(sink->str, "%s{%squantile=\"%s\",} ", name, label, quantiles[i].text);
        if (monitor_summary_percentile(summary, quantiles[i].percent, &value))
            zk_str_printf(sink->str, "%" PRId64 ".0\n", value);
        else
            zk_str_append(sink->str, "NaN\n");
    }
    zk_str_printf(sink->str, "%s_count%s %" PRId64 ".0\n%s_sum%s %" PRId64 ".0\n", name, labels,
                  summary->values->count, name, labels, summary->values->sum);
}

/* While nothing serves, the page has counters and summaries only. Java's has no gauges of a server
 * then, either. */
static void answer_scrape(void *arg, const struct http_request *request,
                          struct http_response *response)
{
    static const struct monitor_sink_methods methods = {
        .text = prometheus_text,
        .gauge = prometheus_gauge,
        .decimal = prometheus_decimal,
        .counter = prometheus_counter,
        .summary = prometheus_summary,
        .set = prometheus_set,
    };
    struct metrics_provider *provider = arg;
    if (strcmp(request->path, "/metrics") != 0) {
        response->status = HTTP_NOT_FOUND;
        response->content_type = "text/plain";
        zk_str_append(&response->body, "There is nothing here; look at /metrics\n");
        return;
    }
    struct server_status status = {0};
    struct four_letter_facts facts = {
        .status = &status, .cnxns = &provider->cnxns, .hook = &provider->hook};
    struct monitor_sink sink = {.methods = &methods, .str = &response->body};
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    provider->hook.fill(provider->hook.arg, &status);
    if (status.serving)
        monitor_values(&facts, &sink);
    else
        monitor_metrics(&facts, &sink);
    server_status_done(&status);
}
