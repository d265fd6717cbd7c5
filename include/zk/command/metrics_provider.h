/* The figures of mntr as a page for Prometheus: /metrics, at a port of its own, under the names
 * that Java's PrometheusMetricsProvider gives them (a class of another jar).
 *
 * zoo.cfg turns it on by the name of Java's class. It listens at metricsProvider.httpHost, which is
 * 0.0.0.0 as in Java, because its page changes nothing. One thread, PrometheusMetrics, answers. */
#ifndef ZK_COMMAND_METRICS_PROVIDER_H
#define ZK_COMMAND_METRICS_PROVIDER_H

#include <stdbool.h>

#include "zk/base/attrs.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_status.h"

struct metrics_provider;
struct zk_context;

/* Returns whether metricsProvider.className names Java's provider for Prometheus. */
bool metrics_provider_is_enabled(const struct zk_context *ctx);

/* Binds, and answers from now on; a line in the log says where, or why not. hook and cnxns are
 * copied; what they point to outlives the provider. The caller frees *ret_provider. Errors: those
 * of http_server_new; -EAGAIN also if the system gives no thread; -EINVAL: the setting of the port
 * is none. */
ZK_NODISCARD int metrics_provider_start(struct zk_context *ctx, struct server_status_hook hook,
                                        struct server_cnxns cnxns,
                                        struct metrics_provider **ret_provider);
/* Waits for its thread. NULL is fine. */
void metrics_provider_free(struct metrics_provider *provider);

#endif
