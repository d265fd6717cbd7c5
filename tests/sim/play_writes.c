/* A client that opens a session and is never heard of again. */
#include "play_writes.h"

#include <stdlib.h>

#include "peer/quorum_peer_main_internal.h"
#include "peer/quorum_peer_run_internal.h"
#include "peer/zookeeper_server_main_internal.h"
#include "zk/base/alloc.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/zookeeper_server.h"

enum { SESSION_TIMEOUT_MS = 1000000000 }; /* no play lasts so long */

struct play_cnxn {
    struct server_cnxn base; /* the first field: this is one */
    struct play_write *write;
};

static void play_cnxn_send_response(struct server_cnxn *base, const struct reply_header *header,
                                    struct buf *body)
{
    (void)base;
    (void)header;
    (void)body;
}

static void play_cnxn_finish_session_init(struct server_cnxn *base,
                                          const struct connect_response *response, bool valid)
{
    struct play_write *write = ((struct play_cnxn *)base)->write;
    (void)response;
    if (valid)
        write->on_answer(write->arg, write->host);
}

static void play_cnxn_send_close_session(struct server_cnxn *base)
{
    (void)base;
}

static void play_cnxn_close(struct server_cnxn *base, enum disconnect_reason reason)
{
    (void)base;
    (void)reason;
}

static void play_cnxn_free(struct server_cnxn *base)
{
    free(base);
}

static const struct server_cnxn_ops play_cnxn_ops = {
    .send_response = play_cnxn_send_response,
    .finish_session_init = play_cnxn_finish_session_init,
    .send_close_session = play_cnxn_send_close_session,
    .close = play_cnxn_close,
    .free = play_cnxn_free,
};

static bool ask(struct play_write *write, struct zookeeper_server *server)
{
    struct play_cnxn *cnxn = zk_xcalloc(1, sizeof *cnxn);
    int64_t session_id;
    cnxn->base = (struct server_cnxn){.ops = &play_cnxn_ops,
                                      .session_timeout_ms = SESSION_TIMEOUT_MS,
                                      .remote_address = "a client of the play"};
    zk_refcount_init(&cnxn->base.refs);
    cnxn->write = write;
    int r = zookeeper_server_create_session(server, &cnxn->base, SESSION_TIMEOUT_MS, &session_id);
    server_cnxn_unref(&cnxn->base);
    return r == 0;
}

/* NULL: it serves nobody. */
static struct zookeeper_server *server_of(const struct quorum_peer_main *program)
{
    if (program == NULL)
        return NULL;
    return program->run != NULL ? quorum_peer_get_active_server(program->run->self)
                                : zookeeper_server_ref(program->alone->zk);
}

void *play_write_ask(void *arg)
{
    struct play_write *write = arg;
    struct peer_process *process = write->process;
    pthread_mutex_lock(&process->mutex);
    struct zookeeper_server *server = server_of(process->program);
    process->stoppers++; /* the program stays until this has ended */
    pthread_mutex_unlock(&process->mutex);
    write->refused = server == NULL || !zookeeper_server_is_running(server) || !ask(write, server);
    write->asked = true;
    zookeeper_server_unref(server);
    pthread_mutex_lock(&process->mutex);
    process->stoppers--;
    pthread_mutex_unlock(&process->mutex);
    return NULL;
}
