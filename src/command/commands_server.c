/* The admin server's commands about the server itself and its ensemble.
 * Java: server.admin.Commands, ZooKeeperServerConf.toMap() */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command_facts.h"
#include "command/commands.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/ensemble/quorum_verifier.h"
#include "zk/ensemble/server_state.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/file.h"

static bool is_quorum_server(const struct server_status *status);
static void append_hosts(const struct multiple_addresses *addresses, struct zk_str *str);
static void write_observer(struct json_writer *json, const struct observer_info *info);
static void write_server_view(struct json_writer *json, const struct quorum_server *server);
static void write_address(struct json_writer *json, const char *key,
                          const struct inet_address *address);
static void write_address_list(struct json_writer *json, const char *key,
                               const struct multiple_addresses *addresses);
static void write_multiple_addresses(struct json_writer *json, const char *key,
                                     const struct multiple_addresses *addresses);

/* Java: ConfCommand */
void command_run_configuration(struct command_call *call)
{
    const struct server_status *status = call->facts->status;
    const struct quorum_peer_config *config = status->config;
    struct json_writer *json = call->json;
    char *data_dir = file_canonical(status->snap_dir);
    char *log_dir = file_canonical(status->data_dir);
    json_long(json, "client_port", config->has_client_port ? config->client_port_address.port : -1);
    json_text(json, "data_dir", data_dir);
    json_text(json, "data_log_dir", log_dir);
    json_long(json, "tick_time", config->tick_time_ms);
    json_long(json, "max_client_cnxns", config->has_client_port ? config->max_client_cnxns : -1);
    json_long(json, "min_session_timeout", config->min_session_timeout_ms);
    json_long(json, "max_session_timeout", config->max_session_timeout_ms);
    json_long(json, "server_id", status->is_alone ? 0 : config->my_id);
    json_long(json, "client_port_listen_backlog", config->client_port_listen_backlog);
    free(log_dir);
    free(data_dir);
}

/* Java: LastSnapshotCommand. The time is in seconds, the zxid has no "0x". */
void command_run_last_snapshot(struct command_call *call)
{
    int64_t zxid;
    int64_t modified_ms;
    char text[24];
    bool found = command_last_snapshot(call->facts->status->snap_dir, &zxid, &modified_ms);
    snprintf(text, sizeof text, "%" PRIx64, (uint64_t)(found ? zxid : -1));
    json_text(call->json, "zxid", text);
    json_long(call->json, "timestamp", found ? modified_ms / 1000 : -1);
}

/* Java: LeaderCommand */
void command_run_leader(struct command_call *call)
{
    const struct server_status *status = call->facts->status;
    if (!is_quorum_server(status)) {
        zk_str_append(&call->error, "server is not initialized");
        return;
    }
    const struct quorum_server *leader = qv_member(status->verifier, status->leader_id);
    struct zk_str hosts = {0};
    if (leader != NULL)
        append_hosts(&leader->addr, &hosts);
    json_bool(call->json, "is_leader", status->state == SERVER_STATE_LEADING);
    json_long(call->json, "leader_id", status->leader_id);
    json_text(call->json, "leader_ip", zk_str_text(&hosts));
    zk_str_done(&hosts);
}

/* Returns whether the address at that place has the host of one before it. */
static bool has_earlier_host(const struct multiple_addresses *addresses, size_t place)
{
    const struct inet_text host = inet_host_text(&addresses->items[place]);
    size_t i = 0;
    while (i < place && strcmp(inet_host_text(&addresses->items[i]).text, host.text) != 0)
        i++;
    return i < place;
}

/* Appends "host|host", each host once. Java: QuorumPeer.setLeaderAddressAndId() */
static void append_hosts(const struct multiple_addresses *addresses, struct zk_str *str)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (has_earlier_host(addresses, i))
            continue;
        if (i > 0)
            zk_str_append(str, "|");
        zk_str_append(str, inet_host_text(&addresses->items[i]).text);
    }
}

/* Java's server alone and its read-only server are no QuorumZooKeeperServer; for them these
 * commands say nothing of the ensemble. */
static bool is_quorum_server(const struct server_status *status)
{
    return status->verifier != NULL && !status->is_read_only;
}

/* Java: ObserverCnxnStatResetCommand */
void command_run_observer_connection_stat_reset(struct command_call *call)
{
    const struct server_status_hook *hook = call->facts->hook;
    if (hook->reset_observers != NULL)
        hook->reset_observers(hook->arg);
}

/* Java: SyncedObserverConsCommand */
void command_run_observers(struct command_call *call)
{
    const struct server_status_hook *hook = call->facts->hook;
    struct observer_info *infos = NULL;
    size_t count = hook->observers != NULL ? hook->observers(hook->arg, &infos) : 0;
    json_long(call->json, "synced_observers", (int64_t)count);
    json_list_begin(call->json, "observers");
    for (size_t i = 0; i < count; i++)
        write_observer(call->json, &infos[i]);
    json_list_end(call->json);
    free(infos);
}

static void write_observer(struct json_writer *json, const struct observer_info *info)
{
    json_object_begin(json, NULL);
    json_text(json, "remote_socket_address", info->remote.text);
    json_long(json, "sid", info->sid);
    json_long(json, "established", info->established_ms);
    json_long(json, "queued_packets", info->queued_packets);
    json_long(json, "queued_packets_size", info->queued_packets_size);
    json_long(json, "packets_received", info->packets_received);
    json_long(json, "packets_sent", info->packets_sent);
    json_long(json, "requests", info->requests);
    json_long(json, "last_zxid", info->last_zxid);
    json_object_end(json);
}

/* Java: VotingViewCommand */
void command_run_voting_view(struct command_call *call)
{
    const struct server_status *status = call->facts->status;
    const struct quorum_verifier *verifier = is_quorum_server(status) ? status->verifier : NULL;
    json_object_begin(call->json, "current_config");
    for (size_t i = 0; verifier != NULL && i < verifier->voting.count; i++) {
        const struct quorum_server *server = qv_member(verifier, verifier->voting.items[i]);
        if (server != NULL)
            write_server_view(call->json, server);
    }
    json_object_end(call->json);
}

/* Java: VotingViewCommand.QuorumServerView */
static void write_server_view(struct json_writer *json, const struct quorum_server *server)
{
    char sid[24];
    snprintf(sid, sizeof sid, "%" PRId64, server->id);
    json_object_begin(json, sid);
    write_address_list(json, "server_addresses", &server->addr);
    write_address_list(json, "election_addresses", &server->election_addr);
    if (server->has_client_addr)
        write_address(json, "client_address", &server->client_addr);
    else
        json_text(json, "client_address", "");
    json_text(json, "learner_type",
              server->type == LEARNER_TYPE_OBSERVER ? "observer" : "participant");
    json_object_end(json);
}

/* The host is told as it is configured: mostly a name. */
static void write_address(struct json_writer *json, const char *key,
                          const struct inet_address *address)
{
    struct zk_str text = {0};
    quorum_server_append_address(address, &text);
    json_text(json, key, zk_str_text(&text));
    zk_str_done(&text);
}

static void write_address_list(struct json_writer *json, const char *key,
                               const struct multiple_addresses *addresses)
{
    json_list_begin(json, key);
    for (size_t i = 0; i < addresses->count; i++)
        write_address(json, NULL, &addresses->items[i]);
    json_list_end(json);
}

/* Java: ZabStateCommand */
void command_run_zabstate(struct command_call *call)
{
    const struct server_status *status = call->facts->status;
    const struct quorum_server *self =
        is_quorum_server(status) ? qv_member(status->verifier, status->config->my_id) : NULL;
    struct json_writer *json = call->json;
    /* Java gives this answer while nothing serves. */
    if (!status->serving || self == NULL) {
        json_bool(json, "voting", false);
        json_text(json, "zabstate", "");
        return;
    }
    char zxid[24];
    snprintf(zxid, sizeof zxid, "0x%" PRIx64, (uint64_t)status->last_processed_zxid);
    json_long(json, "myid", status->config->my_id);
    json_bool(json, "is_leader", status->state == SERVER_STATE_LEADING);
    write_multiple_addresses(json, "quorum_address", &self->addr);
    write_multiple_addresses(json, "election_address", &self->election_addr);
    if (status->config->has_client_port)
        write_address(json, "client_address", &status->config->client_port_address);
    else
        json_text(json, "client_address", NULL);
    json_bool(json, "voting", qv_is_voter(status->verifier, status->config->my_id));
    json_text(json, "last_zxid", zxid);
    json_long(json, "zab_epoch", zxid_epoch(status->last_processed_zxid));
    json_long(json, "zab_counter", zxid_counter(status->last_processed_zxid));
    json_text(json, "zabstate", zab_state_name(status->zab_state));
}

/* Returns whether the address at that place has the port of one before it. */
static bool has_earlier_port(const struct multiple_addresses *addresses, size_t place)
{
    size_t i = 0;
    while (i < place && addresses->items[i].port != addresses->items[place].port)
        i++;
    return i < place;
}

/* What the getters of Java's MultipleAddresses give; ports and hosts are told once each. Whether an
 * address can be reached is not tried here: with one address Java does not try either, and with
 * several it asks the network at each request (D-283). */
static void write_multiple_addresses(struct json_writer *json, const char *key,
                                     const struct multiple_addresses *addresses)
{
    const struct inet_address *one = multiple_addresses_get_one(addresses);
    struct zk_str one_text = {0};
    if (one != NULL)
        quorum_server_append_address(one, &one_text);
    json_object_begin(json, key);
    json_bool(json, "empty", addresses->count == 0);
    json_text(json, "reachable_or_one", zk_str_text(&one_text));
    json_text(json, "reachable_address", zk_str_text(&one_text));
    json_text(json, "one", zk_str_text(&one_text));
    zk_str_done(&one_text);
    write_address_list(json, "all_reachable_addresses", addresses);
    write_address_list(json, "all_reachable_addresses_or_all", addresses);
    json_list_begin(json, "wildcard_addresses");
    for (size_t i = 0; i < addresses->count; i++) {
        char wildcard[32];
        snprintf(wildcard, sizeof wildcard, "0.0.0.0:%" PRIu16, addresses->items[i].port);
        if (!has_earlier_port(addresses, i))
            json_text(json, NULL, wildcard);
    }
    json_list_end(json);
    json_list_begin(json, "all_ports");
    for (size_t i = 0; i < addresses->count; i++) {
        if (!has_earlier_port(addresses, i))
            json_long(json, NULL, addresses->items[i].port);
    }
    json_list_end(json);
    write_address_list(json, "all_addresses", addresses);
    json_list_begin(json, "all_host_strings");
    for (size_t i = 0; i < addresses->count; i++) {
        if (!has_earlier_host(addresses, i))
            json_text(json, NULL, inet_host_text(&addresses->items[i]).text);
    }
    json_list_end(json);
    json_object_end(json);
}
