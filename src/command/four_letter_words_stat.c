/* srvr, stat and cons: how the server fares, and its connections. Java: StatCommand, ConsCommand,
 * ServerStats.toString(), ServerCnxn.dumpConnectionInfo() */
#include <inttypes.h>
#include <stdlib.h>

#include "command/four_letter_words_internal.h"
#include "zk/ensemble/server_state.h"
#include "zk/server/server_stats.h"

/* Java: ServerStats.toString() and what StatCommand puts behind it */
static void append_server_stats(const struct four_letter_facts *facts, struct zk_str *str)
{
    const struct server_status *status = facts->status;
    const struct server_stats_values values = server_stats_get(facts->cnxns->stats);
    const struct server_stats_values *stats = &values;

    zk_str_printf(str, "Latency min/avg/max: %" PRId64 "/%s/%" PRId64 "\n",
                  stats->request_latency_ms.min,
                  avg_min_max_counter_get_avg(&stats->request_latency_ms).text,
                  stats->request_latency_ms.max);
    zk_str_printf(str, "Received: %" PRId64 "\n", stats->packets_received);
    zk_str_printf(str, "Sent: %" PRId64 "\n", stats->packets_sent);
    zk_str_printf(str, "Connections: %zu\n", facts->cnxns->count(facts->cnxns->arg));
    zk_str_printf(str, "Outstanding: %" PRId64 "\n", status->outstanding_requests);
    zk_str_printf(str, "Zxid: 0x%" PRIx64 "\n", (uint64_t)status->last_processed_zxid);
    zk_str_printf(str, "Mode: %s\n", status->server_state);
    zk_str_printf(str, "Node count: %" PRId64 "\n", status->node_count);
    if (status->state == SERVER_STATE_LEADING)
        zk_str_printf(str, "Proposal sizes last/min/max: %" PRId64 "/%" PRId64 "/%" PRId64 "\n",
                      status->leader.last_proposal_size, status->leader.min_proposal_size,
                      status->leader.max_proposal_size);
}

static void append_version(const struct four_letter_facts *facts, struct zk_str *str)
{
    zk_str_append(str, "Zookeeper version: " SERVER_FULL_VERSION "\n");
    if (facts->status->is_read_only)
        zk_str_append(str, "READ-ONLY mode; serving only read-only clients\n");
}

/* Java: StatCommand for srvr */
void four_letter_words_append_srvr(const struct four_letter_facts *facts, struct zk_str *str)
{
    append_version(facts, str);
    append_server_stats(facts, str);
}

/* Java: ServerCnxn.dumpConnectionInfo() */
static void append_cnxn(const struct server_cnxn_info *cnxn, bool brief, struct zk_str *str)
{
    zk_str_printf(str, " %s[%" PRIx32 "](queued=%" PRId64 ",recved=%" PRId64 ",sent=%" PRId64,
                  cnxn->remote.text, (uint32_t)cnxn->interest_ops, cnxn->outstanding_requests,
                  cnxn->packets_received, cnxn->packets_sent);
    if (!brief && cnxn->session_id != 0) {
        zk_str_printf(str, ",sid=0x%" PRIx64 ",lop=%s,est=%" PRId64 ",to=%" PRId32,
                      (uint64_t)cnxn->session_id, cnxn->last_operation, cnxn->established_ms,
                      cnxn->session_timeout_ms);
        if (cnxn->last_cxid >= 0)
            zk_str_printf(str, ",lcxid=0x%" PRIx64, (uint64_t)cnxn->last_cxid);
        zk_str_printf(str, ",lzxid=0x%" PRIx64 ",lresp=%" PRId64 ",llat=%" PRId64,
                      (uint64_t)cnxn->last_zxid, cnxn->last_response_time_ms,
                      cnxn->last_latency_ms);
        zk_str_printf(str, ",minlat=%" PRId64 ",avglat=%" PRId64 ",maxlat=%" PRId64,
                      cnxn->min_latency_ms, cnxn->avg_latency_ms, cnxn->max_latency_ms);
    }
    zk_str_append(str, ")\n");
}

/* Appends a line for each connection, and an empty one at the end. */
static void append_cnxns(const struct four_letter_facts *facts, bool brief, struct zk_str *str)
{
    struct server_cnxn_info *infos;
    size_t count = facts->cnxns->list(facts->cnxns->arg, &infos);
    for (size_t i = 0; i < count; i++)
        append_cnxn(&infos[i], brief, str);
    zk_str_append(str, "\n");
    free(infos);
}

/* Java: StatCommand for stat */
void four_letter_words_append_stat(const struct four_letter_facts *facts, struct zk_str *str)
{
    append_version(facts, str);
    zk_str_append(str, "Clients:\n");
    append_cnxns(facts, true, str);
    append_server_stats(facts, str);
}

/* Java: ConsCommand */
void four_letter_words_append_cons(const struct four_letter_facts *facts, struct zk_str *str)
{
    append_cnxns(facts, false, str);
}
