/* The trace is read as text, a line an event: the files of real peers could be read as well. */
#include "invariants.h"

#include <stdlib.h>
#include <string.h>

#include "peer_main.h"
#include "text.h"

enum { LINE_MAX_LENGTH = 4096, EPOCHS_MAX = 1 << 20 };

void invariants_begin(struct invariants *invariants, int voters)
{
    int16_t *epochs = invariants->leader_of_epoch;
    size_t capacity = invariants->epoch_capacity;
    struct history history = invariants->history; /* its memory is its own to give back */
    *invariants = (struct invariants){.voters = voters, .history = history};
    invariants->leader_of_epoch = epochs;
    invariants->epoch_capacity = capacity;
    if (capacity > 0)
        memset(epochs, 0, capacity * sizeof *epochs);
    for (int host = 0; host < HOSTS_MAX; host++) {
        invariants->peers[host].accepted_epoch = -1;
        invariants->peers[host].current_epoch = -1;
    }
}

void invariants_end(struct invariants *invariants)
{
    free(invariants->leader_of_epoch);
    history_end(&invariants->history);
    *invariants = (struct invariants){0};
}

/* ---- fields of a line ----------------------------------------------------------------------- */

static int64_t number(const char *line, const char *name)
{
    const char *value = text_field(line, name);
    if (value == NULL)
        world_fail("the trace line lacks \"%s\": %s", name, line);
    return strtoll(value, NULL, 10);
}

static bool text_is(const char *line, const char *name, const char *expected)
{
    const char *value = text_field(line, name);
    size_t length = strlen(expected);
    return value != NULL && value[0] == '"' && strncmp(value + 1, expected, length) == 0 &&
           value[length + 1] == '"';
}

/* ---- events --------------------------------------------------------------------------------- */

static void saw_state(struct invariants *invariants, int host, const char *line)
{
    struct observed_peer *peer = &invariants->peers[host];
    history_restart(&invariants->history, host);
    peer->role = text_is(line, "s", "LOOKING") ? ROLE_LOOKING : ROLE_SEEKING;
    peer->leads = text_is(line, "s", "LEADING");
    world_notify();
}

static void check_leader(const struct invariants *invariants, int host, int64_t leader)
{
    if (leader < 1 || leader > invariants->voters)
        world_fail("I4: peer %d has chosen %lld, which is no voter", host, (long long)leader);
    if (invariants->weightless[leader])
        world_fail("I4: peer %d has chosen %lld, which has no weight", host, (long long)leader);
}

/* From its first act on, a peer goes by what it has read at its start, whether it was traced that
 * this had been written or not. */
static void goes_by_disk(struct observed_peer *peer)
{
    if (peer->read_accepted_epoch > peer->accepted_epoch)
        peer->accepted_epoch = peer->read_accepted_epoch;
    if (peer->read_current_epoch > peer->current_epoch)
        peer->current_epoch = peer->read_current_epoch;
}

static void saw_decide(struct invariants *invariants, int host, const char *line)
{
    int64_t leader = number(line, "leader");
    check_leader(invariants, host, leader);
    goes_by_disk(&invariants->peers[host]);
    invariants->peers[host].decided = leader;
}

static int16_t *leader_of(struct invariants *invariants, int64_t epoch)
{
    if (epoch < 0 || epoch >= EPOCHS_MAX)
        world_fail("an epoch of %lld", (long long)epoch);
    size_t wanted = (size_t)epoch + 1;
    if (wanted > invariants->epoch_capacity) {
        size_t capacity = 2 * wanted;
        int16_t *grown = realloc(invariants->leader_of_epoch, capacity * sizeof *grown);
        if (grown == NULL)
            abort();
        memset(grown + invariants->epoch_capacity, 0,
               (capacity - invariants->epoch_capacity) * sizeof *grown);
        invariants->leader_of_epoch = grown;
        invariants->epoch_capacity = capacity;
    }
    return &invariants->leader_of_epoch[epoch];
}

static void lead_epoch(struct invariants *invariants, int64_t epoch, int64_t leader)
{
    int16_t *known = leader_of(invariants, epoch);
    if (*known != 0 && *known != leader)
        world_fail("I1: epoch %lld has two leaders, %d and %lld", (long long)epoch, *known,
                   (long long)leader);
    *known = (int16_t)leader;
}

static void saw_established(struct invariants *invariants, int host, const char *line)
{
    struct observed_peer *peer = &invariants->peers[host];
    int64_t leader = number(line, "leader");
    int64_t epoch = number(line, "epoch");
    check_leader(invariants, host, leader);
    lead_epoch(invariants, epoch, leader);
    if (peer->current_epoch != epoch)
        world_fail("I6: peer %d is established in epoch %lld, and has written %lld", host,
                   (long long)epoch, (long long)peer->current_epoch);
    if (leader == host && peer->decided != host)
        world_fail("I5: peer %d leads, but has decided for %lld", host, (long long)peer->decided);
    if (leader == host)
        invariants->established++;
    if (epoch < peer->epoch)
        world_fail("I2: peer %d was established in epoch %lld, and now in %lld", host,
                   (long long)peer->epoch, (long long)epoch);
    peer->role = ROLE_ESTABLISHED;
    peer->leader = leader;
    peer->epoch = epoch;
    history_established(&invariants->history, host, leader == host, epoch);
    world_notify();
}

void invariants_txn(struct invariants *invariants, int host, const char *step, int64_t zxid,
                    int64_t peer)
{
    history_step(&invariants->history, host, invariants->peers[host].leads, step, zxid, peer);
}

static void saw_txn(struct invariants *invariants, int host, const char *line)
{
    const char *step = text_field(line, "step");
    const char *zxid = text_field(line, "zxid");
    if (step == NULL || zxid == NULL)
        world_fail("the trace line lacks a field: %s", line);
    invariants_txn(invariants, host, step + 1, strtoll(zxid + 1, NULL, 16), number(line, "peer"));
}

static void saw_epoch(struct invariants *invariants, int host, const char *line)
{
    struct observed_peer *peer = &invariants->peers[host];
    bool accepted = text_is(line, "which", "accepted");
    int64_t *known = accepted ? &peer->accepted_epoch : &peer->current_epoch;
    int64_t value = number(line, "value");
    if (value < *known)
        world_fail("I2: peer %d writes %s epoch %lld after %lld", host,
                   accepted ? "accepted" : "current", (long long)value, (long long)*known);
    *known = value;
    if (!accepted && peer->leads)
        lead_epoch(invariants, value, host);
    if (peer->current_epoch > peer->accepted_epoch)
        world_fail("I3: peer %d has current epoch %lld, but has accepted only %lld", host,
                   (long long)peer->current_epoch, (long long)peer->accepted_epoch);
}

static void saw_sync(struct invariants *invariants, int host, const char *line)
{
    const char *zxid = text_field(line, "to_zxid");
    int64_t learner = number(line, "peer");
    if (zxid != NULL && text_is(line, "mode", "SNAP") && learner > 0 && learner < HOSTS_MAX)
        history_sent_snapshot(&invariants->history, host, (int)learner,
                              strtoll(zxid + 1, NULL, 16));
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

void invariants_trace(struct invariants *invariants, int host, const char *bytes, size_t length)
{
    static const char key[] = "\"ev\":\"";
    const char *event = memmem(bytes, length, key, sizeof key - 1);
    if (event == NULL || strchr("dest", event[sizeof key - 1]) == NULL || length >= LINE_MAX_LENGTH)
        return;
    static char line[LINE_MAX_LENGTH]; /* not on the many stacks of those who write */
    memcpy(line, bytes, length);
    line[length] = '\0';
    const char *name = line + (event - bytes) + sizeof key - 1; /* its fields follow */
    if (starts_with(name, "state\""))
        saw_state(invariants, host, name);
    else if (starts_with(name, "decide\""))
        saw_decide(invariants, host, name);
    else if (starts_with(name, "established\""))
        saw_established(invariants, host, name);
    else if (starts_with(name, "epoch\""))
        saw_epoch(invariants, host, name);
    else if (starts_with(name, "txn\""))
        saw_txn(invariants, host, name);
    else if (starts_with(name, "sync\""))
        saw_sync(invariants, host, name);
}

void invariants_serves_alone(struct invariants *invariants, int host)
{
    struct observed_peer *peer = &invariants->peers[host];
    peer->role = ROLE_ESTABLISHED;
    peer->leads = true;
    peer->leader = host;
    invariants->established++;
    history_serves_alone(&invariants->history, host);
    world_notify();
}

/* ---- processes and disks -------------------------------------------------------------------- */

void invariants_down(struct invariants *invariants, int host)
{
    invariants->peers[host].role = ROLE_DOWN;
    invariants->peers[host].leads = false;
    invariants->peers[host].decided = 0;
    history_restart(&invariants->history, host);
}

/* The epoch in a file; fallback: there is no such file. */
static int64_t epoch_on_disk(int host, const char *path, int64_t fallback)
{
    char text[64];
    return world_read_file(host, path, text, sizeof text) ? strtoll(text, NULL, 10) : fallback;
}

void invariants_boot(struct invariants *invariants, int host)
{
    struct observed_peer *peer = &invariants->peers[host];
    int64_t accepted = epoch_on_disk(host, PEER_DATA_DIR "/version-2/acceptedEpoch", -1);
    int64_t current = epoch_on_disk(host, PEER_DATA_DIR "/version-2/currentEpoch", -1);
    if (accepted < peer->accepted_epoch)
        world_fail("I2: peer %d had written accepted epoch %lld, the disk has %lld", host,
                   (long long)peer->accepted_epoch, (long long)accepted);
    if (current < peer->current_epoch)
        world_fail("I2: peer %d had written current epoch %lld, the disk has %lld", host,
                   (long long)peer->current_epoch, (long long)current);
    peer->read_accepted_epoch = accepted;
    peer->read_current_epoch = current;
    peer->role = ROLE_LOOKING;
    history_check_durable(&invariants->history);
}

/* The one that leads and is established; with the greatest epoch, if an old one has not noticed. */
static const struct observed_peer *find_leader(const struct invariants *invariants, int hosts)
{
    const struct observed_peer *leader = NULL;
    for (int host = 1; host <= hosts; host++) {
        const struct observed_peer *peer = &invariants->peers[host];
        if (peer->role == ROLE_ESTABLISHED && peer->leads &&
            (leader == NULL || peer->epoch > leader->epoch))
            leader = peer;
    }
    return leader;
}

static bool is_with(const struct observed_peer *peer, const struct observed_peer *leader)
{
    return peer->role == ROLE_ESTABLISHED && peer->leader == leader->leader &&
           peer->epoch == leader->epoch;
}

bool invariants_is_settled(const struct invariants *invariants, int hosts, int host)
{
    const struct observed_peer *leader = find_leader(invariants, hosts);
    return leader != NULL && is_with(&invariants->peers[host], leader);
}

bool invariants_is_shut_out(const struct invariants *invariants, int hosts, int host)
{
    const struct observed_peer *leader = find_leader(invariants, hosts);
    const struct observed_peer *peer = &invariants->peers[host];
    return leader != NULL && !is_with(peer, leader) && peer->accepted_epoch > leader->epoch;
}

bool invariants_all_settled(const struct invariants *invariants, int hosts)
{
    for (int host = 1; host <= hosts; host++)
        if (!invariants_is_settled(invariants, hosts, host) &&
            !invariants_is_shut_out(invariants, hosts, host))
            return false;
    return find_leader(invariants, hosts) != NULL;
}

int invariants_shut_out(const struct invariants *invariants, int hosts)
{
    const struct observed_peer *leader = find_leader(invariants, hosts);
    int count = 0;
    for (int host = 1; leader != NULL && host <= hosts; host++)
        count += !is_with(&invariants->peers[host], leader);
    return count;
}
