/* I19: the events of each connection, held against the changes of the tree. Changes and arrivals
 * are gone through side by side: the first change behind the last event that a watch of this
 * connection must tell of is what the next event must say, and no reply may come before it that
 * could show it.
 *
 * A client that may not read a node is not told, but its watch is used up all the same.
 *
 * A server has two tables of watches, of data and of children, and one watch of a path in each of
 * them, whose mode is the one that was set last (K-220). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients_check.h"
#include "text.h"
#include "world.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"

enum {
    ARMS_MAX = 256,
    WATCHER_CHILDREN = 1,
    WATCHER_DATA = 2,
    MODE_RECURSIVE = 1, /* of addWatch */
};

enum arm_mode { ARM_STANDARD, ARM_PERSISTENT, ARM_RECURSIVE };

/* A watch of a connection, as the server has it. */
struct arm {
    bool child; /* or of data */
    enum arm_mode mode;
    char path[CLIENT_PATH_SIZE];
};

/* Of setWatches: what it tells at once. */
struct at_once {
    int32_t event_type;
    char path[CLIENT_PATH_SIZE];
};

struct watching {
    int connection;
    uint32_t ids; /* that it has had since its first watch */
    struct arm arms[ARMS_MAX];
    size_t arm_count;
    struct at_once expected[CLIENT_EVENTS_MAX]; /* of a setWatches that is not answered yet */
    int expected_count;
    size_t next;       /* the first change that has not been looked at */
    size_t told_count; /* how many of a group without order have been told, which are: */
    size_t told[ARMS_MAX];
};

/* ---- what a watch hears ---------------------------------------------------------------------- */

static bool is_at_or_below(const char *path, const char *top)
{
    const size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);
    return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool hears(const struct arm *arm, const struct change *change)
{
    const bool children = change->event_type == EVENT_CHILDREN_CHANGED;
    if (change->event_type != EVENT_DELETED && children != arm->child)
        return false;
    if (arm->mode == ARM_RECURSIVE)
        return !children && is_at_or_below(change->path, arm->path);
    return strcmp(change->path, arm->path) == 0;
}

static bool somebody_hears(const struct watching *watching, const struct change *change)
{
    for (size_t i = 0; i < watching->arm_count; i++)
        if (hears(&watching->arms[i], change))
            return true;
    return false;
}

/* One event tells all watches of a connection; standard ones are used up. */
static void tell(struct watching *watching, const struct change *change)
{
    for (size_t i = 0; i < watching->arm_count;) {
        if (hears(&watching->arms[i], change) && watching->arms[i].mode == ARM_STANDARD)
            watching->arms[i] = watching->arms[--watching->arm_count];
        else
            i++;
    }
}

/* ---- changes --------------------------------------------------------------------------------- */

static bool was_told(const struct watching *watching, size_t index)
{
    for (size_t i = 0; i < watching->told_count; i++)
        if (watching->told[i] == index)
            return true;
    return false;
}

/* Notes that this event was told, and forgets those that have been passed by. */
static void note_told(struct watching *watching, size_t index)
{
    size_t kept = 0;
    for (size_t i = 0; i < watching->told_count; i++)
        if (watching->told[i] >= watching->next)
            watching->told[kept++] = watching->told[i];
    if (kept == ARMS_MAX)
        world_fail("more events of one session's end than the check has room for");
    watching->told[kept++] = index;
    watching->told_count = kept;
}

static bool may_hear(const struct watching *watching, const struct change *change)
{
    return client_acl_allows(&change->acl, RIGHT_READ, watching->ids);
}

/* The next change of which this connection must hear; NULL: there is none up to that zxid. */
static const struct change *next_to_tell(struct watching *watching, int64_t zxid)
{
    size_t count;
    const struct change *changes = clients_changes(&count);
    for (; watching->next < count && changes[watching->next].zxid <= zxid; watching->next++) {
        const struct change *change = &changes[watching->next];
        if (was_told(watching, watching->next) || !somebody_hears(watching, change))
            continue;
        if (may_hear(watching, change))
            return change;
        tell(watching, change);
    }
    return NULL;
}

/* Does the event tell of that change, or, if it is one of a session's end, of another one there? */
static bool tells_of(struct watching *watching, const struct client_arrival *arrival)
{
    size_t count;
    const struct change *changes = clients_changes(&count);
    const struct change *first = &changes[watching->next];
    for (size_t i = watching->next; i < count && changes[i].zxid == first->zxid; i++) {
        const struct change *change = &changes[i];
        if (change->event_type == arrival->event_type && strcmp(change->path, arrival->path) == 0 &&
            !was_told(watching, i) && somebody_hears(watching, change) &&
            may_hear(watching, change)) {
            note_told(watching, i);
            tell(watching, change);
            return true;
        }
        if (!first->unordered)
            return false;
    }
    return false;
}

static void take_event(struct watching *watching, const struct client_arrival *arrival)
{
    for (int i = 0; i < watching->expected_count; i++) {
        const struct at_once *item = &watching->expected[i];
        if (item->event_type != arrival->event_type || strcmp(item->path, arrival->path) != 0)
            continue;
        watching->expected[i] = watching->expected[--watching->expected_count];
        return;
    }
    const struct change *change = next_to_tell(watching, INT64_MAX);
    if (change == NULL)
        world_fail("I19: connection %d is told of event %d on %s, for which it has no watch",
                   arrival->connection, arrival->event_type, arrival->path);
    if (!tells_of(watching, arrival))
        world_fail("I19: connection %d is told of event %d on %s, and must hear of %d on %s, by "
                   "0x%" PRIx64 ", first",
                   arrival->connection, arrival->event_type, arrival->path, change->event_type,
                   change->path, (uint64_t)change->zxid);
}

/* Do all that come with this reply know what their watches had to tell first? */
static void check_told(struct watching *watching, const struct client_call *call)
{
    if (watching->expected_count > 0)
        clients_fail_call("I19", call, "setWatches has not told all that has changed");
    const struct change *change = next_to_tell(watching, call->reply.zxid);
    if (change == NULL)
        return;
    char words[160];
    snprintf(words, sizeof words,
             "its connection has not been told of event %d on %s, by 0x%" PRIx64,
             change->event_type, change->path, (uint64_t)change->zxid);
    clients_fail_call("I19", call, words);
}

/* ---- watches --------------------------------------------------------------------------------- */

static struct arm *find_arm(struct watching *watching, bool child, const char *path)
{
    for (size_t i = 0; i < watching->arm_count; i++)
        if (watching->arms[i].child == child && strcmp(watching->arms[i].path, path) == 0)
            return &watching->arms[i];
    return NULL;
}

static void arm(struct watching *watching, bool child, enum arm_mode mode, const char *path)
{
    struct arm *item = find_arm(watching, child, path);
    if (item == NULL) {
        if (watching->arm_count == ARMS_MAX)
            world_fail("more watches than the check has room for");
        item = &watching->arms[watching->arm_count++];
        text_copy(item->path, sizeof item->path, path);
        item->child = child;
    }
    item->mode = mode;
}

static void arm_both(struct watching *watching, enum arm_mode mode, const char *path)
{
    arm(watching, false, mode, path);
    arm(watching, true, mode, path);
}

static bool disarm(struct watching *watching, bool child, const char *path)
{
    struct arm *item = find_arm(watching, child, path);
    if (item != NULL)
        *item = watching->arms[--watching->arm_count];
    return item != NULL;
}

static void remove_watches(struct watching *watching, const struct client_call *call)
{
    const char *path = call->request.op.parts[0].path;
    bool removed = false;
    if (call->request.mode != WATCHER_DATA)
        removed = disarm(watching, true, path);
    if (call->request.mode != WATCHER_CHILDREN)
        removed = disarm(watching, false, path) || removed;
    if (removed != (call->reply.err == 0))
        clients_fail_call("I19", call,
                          removed ? "there is such a watch" : "there is no such watch");
}

/* The answer may be yes because of another connection at the same server (K-222). */
static void check_watches(struct watching *watching, const struct client_call *call)
{
    const char *path = call->request.op.parts[0].path;
    const bool child = find_arm(watching, true, path) != NULL;
    const bool data = find_arm(watching, false, path) != NULL;
    const bool own = (child && call->request.mode != WATCHER_DATA) ||
                     (data && call->request.mode != WATCHER_CHILDREN);
    if (own && call->reply.err != 0)
        clients_fail_call("I19", call, "there is such a watch");
}

/* Of setWatches in the tree of its reply: what it tells at once, or what it sets. */
static void rearm(struct watching *watching, const struct client_call *call, bool tells)
{
    const struct client_request *request = &call->request;
    for (int i = 0; i < request->watch_count; i++) {
        const struct client_watch *item = &request->watches[i];
        const struct node *node = clients_find(item->path);
        int32_t event = 0;
        if (item->kind == WATCH_PERSISTENT || item->kind == WATCH_RECURSIVE)
            continue;
        if (item->kind == WATCH_EXIST)
            event = node != NULL ? EVENT_CREATED : 0;
        else if (node == NULL)
            event = EVENT_DELETED;
        else if (item->kind == WATCH_DATA)
            event = node->mzxid > request->relative_zxid ? EVENT_DATA_CHANGED : 0;
        else
            event = node->pzxid > request->relative_zxid ? EVENT_CHILDREN_CHANGED : 0;
        if (event == 0 && !tells)
            arm(watching, item->kind == WATCH_CHILD, ARM_STANDARD, item->path);
        if (event == 0 || !tells)
            continue;
        struct at_once *expected = &watching->expected[watching->expected_count++];
        *expected = (struct at_once){.event_type = event};
        text_copy(expected->path, sizeof expected->path, item->path);
    }
}

/* They are set behind the others, and take their place where there is one of the path; the
 * recursive ones come last. */
static void rearm_persistent(struct watching *watching, const struct client_request *request)
{
    for (int kind = WATCH_PERSISTENT; kind <= WATCH_RECURSIVE; kind++)
        for (int i = 0; i < request->watch_count; i++)
            if ((int)request->watches[i].kind == kind)
                arm_both(watching, kind == WATCH_PERSISTENT ? ARM_PERSISTENT : ARM_RECURSIVE,
                         request->watches[i].path);
}

/* ---- a connection ---------------------------------------------------------------------------- */

static bool sets_watches(int32_t type)
{
    return type == OP_CODE_SET_WATCHES || type == OP_CODE_SET_WATCHES2;
}

static const struct client_call *set_watches_of(const struct clients *clients, int connection)
{
    for (size_t i = 0; i < clients->call_count; i++) {
        const struct client_call *call = &clients->calls[i];
        if (call->connection == connection && sets_watches(call->request.op.type))
            return call;
    }
    return NULL;
}

static void take_reply(const struct clients *clients, struct watching *watching,
                       const struct client_call *call)
{
    const struct load_op *op = &call->request.op;
    const int32_t err = call->reply.err;
    const char *path = op->parts[0].path;
    check_told(watching, call);
    if (sets_watches(op->type) && err == 0) {
        clients_tree_at(clients, call);
        rearm(watching, call, false);
        rearm_persistent(watching, &call->request);
    } else if (op->type == OP_CODE_ADD_WATCH && err == 0) {
        arm_both(watching, call->request.mode == MODE_RECURSIVE ? ARM_RECURSIVE : ARM_PERSISTENT,
                 path);
    } else if (op->type == OP_CODE_REMOVE_WATCHES && (err == 0 || err == KEEPER_CODE_NOWATCHER)) {
        remove_watches(watching, call);
    } else if (op->type == OP_CODE_CHECK_WATCHES && (err == 0 || err == KEEPER_CODE_NOWATCHER)) {
        check_watches(watching, call);
    } else if (op->type == OP_CODE_EXISTS && call->request.watch && err == KEEPER_CODE_NONODE) {
        arm(watching, false, ARM_STANDARD, path);
    } else if (call->request.watch && err == 0) {
        arm(watching, op->type == OP_CODE_GET_CHILDREN2, ARM_STANDARD, path);
    }
}

static uint32_t ids_of(const struct clients *clients, int connection)
{
    uint32_t ids = 0;
    for (size_t i = 0; i < clients->call_count; i++)
        if (clients->calls[i].connection == connection)
            ids |= clients->calls[i].ids;
    return ids;
}

void clients_check_events(const struct clients *clients, int connection)
{
    static struct watching watching;
    watching = (struct watching){.connection = connection, .ids = ids_of(clients, connection)};
    const struct client_call *first = set_watches_of(clients, connection);
    if (first != NULL && (first->fate != CLIENT_ANSWERED || first->reply.err != 0))
        return; /* what an unanswered one has told nobody can say */
    if (first != NULL && first->read_only && history_place(clients->history, first->reply.zxid) < 0)
        return; /* nor what one had to tell that knows of what was never committed */
    if (first != NULL) {
        clients_tree_at(clients, first);
        rearm(&watching, first, true);
    }
    for (size_t i = 0; i < clients->arrival_count; i++) {
        const struct client_arrival *arrival = &clients->arrivals[i];
        if (arrival->connection != connection)
            continue;
        if (arrival->call >= 0)
            take_reply(clients, &watching, &clients->calls[arrival->call]);
        else
            take_event(&watching, arrival);
    }
}
