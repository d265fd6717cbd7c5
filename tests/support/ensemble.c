/* See ensemble.h. */
#include "ensemble.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer/quorum_peer_run_internal.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/file.h"
#include "zk/peer/quorum_peer_run.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

void ensemble_init(struct ensemble *ensemble, size_t voters, size_t observers)
{
    memset(ensemble, 0, sizeof *ensemble);
    ensemble->directory = test_temporary_directory();
    ensemble->count = voters + observers;
    for (size_t i = 0; i < ensemble->count; i++) {
        struct ensemble_peer *peer = &ensemble->peers[i];
        char name[24];
        snprintf(name, sizeof name, "%zu", i + 1);
        peer->sid = (int64_t)i + 1;
        peer->client_port = test_free_port();
        peer->quorum_port = test_free_port();
        peer->election_port = test_free_port();
        peer->observer = i >= voters;
        peer->directory = test_path(ensemble->directory, name);
        peer->extra = zk_xstrdup("");
    }
}

void ensemble_add_lines(struct ensemble *ensemble, const char *lines)
{
    for (size_t i = 0; i < ensemble->count; i++) {
        free(ensemble->peers[i].extra);
        ensemble->peers[i].extra = zk_xstrdup(lines);
    }
}

struct ensemble_peer *ensemble_peer(struct ensemble *ensemble, int64_t sid)
{
    for (size_t i = 0; i < ensemble->count; i++) {
        if (ensemble->peers[i].sid == sid)
            return &ensemble->peers[i];
    }
    fail_msg("no peer %" PRId64, sid);
    return NULL;
}

static void append_server(struct zk_str *text, const struct ensemble_peer *peer)
{
    zk_str_printf(text, "server.%" PRId64 "=127.0.0.1:%d:%d:%s\n", peer->sid, peer->quorum_port,
                  peer->election_port, peer->observer ? "observer" : "participant");
}

/* zoo.cfg and myid, as a person would write them. */
static void write_files(struct ensemble *ensemble, const struct ensemble_peer *peer)
{
    struct zk_str text = {0};
    char *data = test_path(peer->directory, "data");
    assert_int_equal(file_make_directories(data), 0);
    zk_str_printf(&text,
                  "tickTime=100\ninitLimit=100\nsyncLimit=300\nmaxSessionTimeout=%d\ndataDir=%s\n"
                  "clientPort=%d\nclientPortAddress=127.0.0.1\n4lw.commands.whitelist=*\n%s",
                  ENSEMBLE_SESSION_MS, data, peer->client_port, peer->extra);
    if (peer->observer)
        zk_str_append(&text, "peerType=observer\n");
    for (size_t i = 0; i < ensemble->count && peer->servers == NULL; i++)
        append_server(&text, &ensemble->peers[i]);
    if (peer->servers != NULL)
        zk_str_append(&text, peer->servers);

    char *config = test_path(peer->directory, "zoo.cfg");
    char *myid = test_path(data, "myid");
    test_write_file(config, zk_str_text(&text));
    zk_str_clear(&text);
    zk_str_printf(&text, "%" PRId64 "\n", peer->sid);
    test_write_file(myid, zk_str_text(&text));
    free(myid);
    free(config);
    free(data);
    zk_str_done(&text);
}

void ensemble_start(struct ensemble *ensemble, int64_t sid)
{
    struct ensemble_peer *peer = ensemble_peer(ensemble, sid);
    assert_null(peer->ctx);
    write_files(ensemble, peer);
    char *trace = test_path(peer->directory, "trace");
    char *config = test_path(peer->directory, "zoo.cfg");
    struct zk_context_options options = zk_context_options_default();
    char *error = NULL;
    peer->trace_fd = open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    options.trace_fd = peer->trace_fd;
    options.log_fd = -1;
    options.check_locks = true;
    peer->ctx = zk_context_new(&options);
    if (ensemble->read_only_mode)
        zk_settings_set(peer->ctx, "readonlymode.enabled", "true");
    if (quorum_peer_config_parse(peer->ctx, config, &peer->config, &error) < 0)
        fail_msg("%s", error);
    peer->run = quorum_peer_run_new(peer->ctx, peer->config);
    assert_int_equal(quorum_peer_run_start(peer->run), 0);
    free(config);
    free(trace);
}

void ensemble_start_all(struct ensemble *ensemble)
{
    for (size_t i = 0; i < ensemble->count; i++)
        ensemble_start(ensemble, ensemble->peers[i].sid);
}

int ensemble_wait_end(struct ensemble *ensemble, int64_t sid)
{
    struct ensemble_peer *peer = ensemble_peer(ensemble, sid);
    int code = quorum_peer_run_wait(peer->run);
    quorum_peer_run_free(peer->run);
    quorum_peer_config_free(peer->config);
    zk_context_free(peer->ctx);
    close(peer->trace_fd);
    peer->run = NULL;
    peer->config = NULL;
    peer->ctx = NULL;
    return code;
}

int ensemble_stop(struct ensemble *ensemble, int64_t sid)
{
    quorum_peer_run_shutdown(ensemble_peer(ensemble, sid)->run);
    return ensemble_wait_end(ensemble, sid);
}

void ensemble_done(struct ensemble *ensemble)
{
    for (size_t i = 0; i < ensemble->count; i++) {
        struct ensemble_peer *peer = &ensemble->peers[i];
        if (peer->ctx != NULL)
            ensemble_stop(ensemble, peer->sid);
        free(peer->directory);
        free(peer->extra);
        free(peer->servers);
    }
    test_remove_directory(ensemble->directory);
}

struct quorum_peer *ensemble_self(struct ensemble *ensemble, int64_t sid)
{
    struct ensemble_peer *peer = ensemble_peer(ensemble, sid);
    return peer->run == NULL ? NULL : peer->run->self;
}

/* ---- waiting -------------------------------------------------------------------------------- */

static bool serves(struct quorum_peer *self)
{
    return quorum_peer_get_phase(self).broadcast_since_ms >= 0;
}

/* The one leader under whom all running peers serve, and which is one of them: those that it left
 * may not have noticed yet. -1: there is none (yet). */
static int64_t settled_leader(struct ensemble *ensemble)
{
    int64_t leader = -1;
    bool leads = false;
    for (size_t i = 0; i < ensemble->count; i++) {
        if (ensemble->peers[i].run == NULL)
            continue;
        struct quorum_peer *self = ensemble->peers[i].run->self;
        struct vote vote;
        bool has_vote;
        enum server_state state = quorum_peer_get_state_and_vote(self, &has_vote, &vote);
        if (state == SERVER_STATE_LOOKING || !has_vote || !serves(self) ||
            (leader != -1 && vote.id != leader))
            return -1;
        leader = vote.id;
        leads = leads || state == SERVER_STATE_LEADING;
    }
    return leads ? leader : -1;
}

struct settling {
    struct ensemble *ensemble;
    int64_t leader;
};

static bool has_settled(void *arg)
{
    struct settling *settling = arg;
    settling->leader = settled_leader(settling->ensemble);
    return settling->leader != -1;
}

int64_t ensemble_await_leader(struct ensemble *ensemble)
{
    struct settling settling = {.ensemble = ensemble};
    test_await(has_settled, &settling);
    return settling.leader;
}

struct wanted_state {
    struct quorum_peer *self;
    enum server_state state;
};

static bool is_in_state(void *arg)
{
    const struct wanted_state *wanted = arg;
    return quorum_peer_get_peer_state(wanted->self) == wanted->state &&
           (wanted->state == SERVER_STATE_LOOKING || serves(wanted->self));
}

void ensemble_await_state(struct ensemble *ensemble, int64_t sid, enum server_state state)
{
    struct wanted_state wanted = {.self = ensemble_self(ensemble, sid), .state = state};
    test_await(is_in_state, &wanted);
}

/* ---- looking -------------------------------------------------------------------------------- */

size_t ensemble_count_events(struct ensemble *ensemble, int64_t sid, const char *words)
{
    char *path = test_path(ensemble_peer(ensemble, sid)->directory, "trace");
    char *text = test_read_file(path);
    size_t count = 0;
    for (const char *hit = strstr(text, words); hit != NULL; hit = strstr(hit + 1, words))
        count++;
    free(text);
    free(path);
    return count;
}

size_t process_threads(void)
{
    char *status = test_read_file("/proc/self/status");
    const char *line = strstr(status, "\nThreads:");
    size_t threads = line == NULL ? 0 : (size_t)strtoul(line + strlen("\nThreads:"), NULL, 10);
    free(status);
    return threads;
}

static bool are_so_many(void *arg)
{
    return process_threads() == *(const size_t *)arg;
}

void await_process_threads(size_t count)
{
    test_await(are_so_many, &count);
}
