/* The lists that watches stand in, and the tables that find them. Java: server.watch.WatchManager,
 * its maps */
#include "watch/watch_store.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/keyed_hash.h"
#include "zk/base/panic.h"

enum { CHUNK = 256, FIRST_ROOM = 16 };

/* ---- life ------------------------------------------------------------------------------------ */

void watch_store_init(struct watch_store *store, uint64_t key)
{
    *store = (struct watch_store){.key = key};
}

void watch_store_done(struct watch_store *store)
{
    for (size_t i = 0; i < store->path_room; i++)
        free(store->paths[i]);
    for (uint32_t i = 0; i < store->chunk_count; i++)
        free(store->chunks[i]);
    for (size_t i = 0; i < store->watchings.room; i++)
        if (store->watchings.slots[i].used)
            free(store->watchings.slots[i].value);
    free(store->paths);
    free(store->pairs);
    free(store->chunks);
    long_hash_done(&store->watchings);
    *store = (struct watch_store){0};
}

struct watch *watch_store_at(const struct watch_store *store, uint32_t number)
{
    return &store->chunks[number / CHUNK][number % CHUNK];
}

/* ---- paths ----------------------------------------------------------------------------------- */

struct ustring watched_path_text(struct watched_path *path)
{
    if (path->length == WATCH_STORE_NONE)
        return (struct ustring){0};
    return (struct ustring){.text = path->text, .length = path->length};
}

/* Java's null has a hash of its own, so it is not the empty text. */
static uint32_t hash_text(const struct watch_store *store, const char *text, size_t length)
{
    uint64_t hash = zk_keyed_hash(store->key, text != NULL ? text : "", length);
    return (uint32_t)(text != NULL ? hash : ~hash);
}

/* Returns where the path is, or where it would go. The table has room. */
static struct watched_path **path_slot(const struct watch_store *store, const char *text,
                                       size_t length, uint32_t hash)
{
    uint32_t stored = text != NULL ? (uint32_t)length : WATCH_STORE_NONE;
    size_t mask = store->path_room - 1;
    size_t i = hash & mask;
    for (; store->paths[i] != NULL; i = (i + 1) & mask)
        if (store->paths[i]->hash == hash && store->paths[i]->length == stored &&
            (text == NULL || memcmp(store->paths[i]->text, text, length) == 0))
            break;
    return &store->paths[i];
}

struct watched_path *watch_store_get_path(const struct watch_store *store, const char *text,
                                          size_t length)
{
    if (store->path_count == 0)
        return NULL;
    return *path_slot(store, text, length, hash_text(store, text, length));
}

static void resize_paths(struct watch_store *store, size_t room)
{
    struct watched_path **old = store->paths;
    size_t old_room = store->path_room;
    store->paths = zk_xcalloc(room, sizeof(struct watched_path *));
    store->path_room = room;
    for (size_t i = 0; i < old_room; i++) {
        if (old[i] == NULL)
            continue;
        size_t place = old[i]->hash & (room - 1);
        while (store->paths[place] != NULL)
            place = (place + 1) & (room - 1);
        store->paths[place] = old[i];
    }
    free(old);
}

static struct watched_path *put_path(struct watch_store *store, const char *text, size_t length)
{
    if (4 * (store->path_count + 1) > 3 * store->path_room)
        resize_paths(store, store->path_room > 0 ? 2 * store->path_room : FIRST_ROOM);
    uint32_t hash = hash_text(store, text, length);
    struct watched_path **slot = path_slot(store, text, length, hash);
    if (*slot != NULL)
        return *slot;
    struct watched_path *path = zk_xmalloc(sizeof *path + length + 1);
    path->hash = hash;
    path->length = text != NULL ? (uint32_t)length : WATCH_STORE_NONE;
    path->first = WATCH_STORE_NONE;
    path->last = WATCH_STORE_NONE;
    memcpy(path->text, text != NULL ? text : "", length);
    path->text[length] = '\0';
    *slot = path;
    store->path_count++;
    return path;
}

/* Frees a path that nobody watches any more. What was pushed behind it in the table moves up. */
static void drop_path(struct watch_store *store, struct watched_path *path)
{
    size_t mask = store->path_room - 1;
    size_t gap = path->hash & mask;
    while (store->paths[gap] != path)
        gap = (gap + 1) & mask;
    for (size_t i = (gap + 1) & mask; store->paths[i] != NULL; i = (i + 1) & mask) {
        size_t wanted = store->paths[i]->hash & mask;
        if (((i - wanted) & mask) >= ((i - gap) & mask)) {
            store->paths[gap] = store->paths[i];
            gap = i;
        }
    }
    store->paths[gap] = NULL;
    store->path_count--;
    free(path);
    if (8 * store->path_count < store->path_room && store->path_room > FIRST_ROOM)
        resize_paths(store, store->path_room / 2);
}

/* ---- watchers -------------------------------------------------------------------------------- */

struct watching *watch_store_get_watching(const struct watch_store *store,
                                          const struct watcher *watcher)
{
    const struct long_hash_slot *slot =
        long_hash_get(&store->watchings, (int64_t)(uintptr_t)watcher);
    return slot != NULL ? slot->value : NULL;
}

struct watching *watch_store_put_watching(struct watch_store *store, struct watcher *watcher)
{
    struct watching *watching = watch_store_get_watching(store, watcher);
    if (watching != NULL)
        return watching;
    watching = zk_xcalloc(1, sizeof *watching);
    watching->watcher = watcher;
    watching->session_id = watcher->ops->get_session_id(watcher);
    watching->serial = store->next_serial++;
    watching->first = WATCH_STORE_NONE;
    watching->last = WATCH_STORE_NONE;
    watching->previous = store->last;
    if (store->last != NULL)
        store->last->next = watching;
    else
        store->first = watching;
    store->last = watching;
    long_hash_put(&store->watchings, (int64_t)(uintptr_t)watcher)->value = watching;
    return watching;
}

void watch_store_remove_watching(struct watch_store *store, struct watching *watching)
{
    zk_assert(watching->first == WATCH_STORE_NONE);
    if (watching->previous != NULL)
        watching->previous->next = watching->next;
    else
        store->first = watching->next;
    if (watching->next != NULL)
        watching->next->previous = watching->previous;
    else
        store->last = watching->previous;
    long_hash_remove(&store->watchings, (int64_t)(uintptr_t)watching->watcher);
    free(watching);
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* Returns where the search for that pair begins. The path's hash has a secret key already, so the
 * watcher's number need only be spread. */
static size_t pair_place(const struct watch_store *store, const struct watched_path *path,
                         const struct watching *watching)
{
    uint64_t hash = (uint64_t)path->hash << 32 | watching->serial;
    return (size_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (store->pair_room - 1);
}

/* Returns where the watch of that path and watcher is, or where it would go. The table has room. */
static uint32_t *pair_slot(const struct watch_store *store, const struct watched_path *path,
                           const struct watching *watching)
{
    size_t i = pair_place(store, path, watching);
    for (; store->pairs[i] != WATCH_STORE_NONE; i = (i + 1) & (store->pair_room - 1)) {
        const struct watch *watch = watch_store_at(store, store->pairs[i]);
        if (watch->path == path && watch->watching == watching)
            break;
    }
    return &store->pairs[i];
}

static void put_pair(struct watch_store *store, uint32_t number)
{
    const struct watch *watch = watch_store_at(store, number);
    *pair_slot(store, watch->path, watch->watching) = number;
}

/* Puts all watches into a table of that size. */
static void resize_pairs(struct watch_store *store, size_t room)
{
    free(store->pairs);
    store->pairs = zk_xmalloc(room * sizeof *store->pairs);
    memset(store->pairs, 0xff, room * sizeof *store->pairs);
    store->pair_room = room;
    for (uint32_t number = 0; number < store->count; number++)
        put_pair(store, number);
}

static void remove_pair(struct watch_store *store, uint32_t *slot)
{
    size_t mask = store->pair_room - 1;
    size_t gap = (size_t)(slot - store->pairs);
    for (size_t i = (gap + 1) & mask; store->pairs[i] != WATCH_STORE_NONE; i = (i + 1) & mask) {
        const struct watch *watch = watch_store_at(store, store->pairs[i]);
        size_t wanted = pair_place(store, watch->path, watch->watching);
        if (((i - wanted) & mask) >= ((i - gap) & mask)) {
            store->pairs[gap] = store->pairs[i];
            gap = i;
        }
    }
    store->pairs[gap] = WATCH_STORE_NONE;
}

uint32_t watch_store_find(const struct watch_store *store, const struct watched_path *path,
                          const struct watching *watching)
{
    if (path == NULL || store->count == 0)
        return WATCH_STORE_NONE;
    return *pair_slot(store, path, watching);
}

/* ---- watches --------------------------------------------------------------------------------- */

/* Makes room for one more watch behind all others, and returns its number. */
static uint32_t append_watch(struct watch_store *store)
{
    if (store->count == store->chunk_count * CHUNK) {
        zk_assert(store->count < WATCH_STORE_NONE - CHUNK);
        store->chunks =
            zk_xrealloc(store->chunks, (store->chunk_count + 1) * sizeof(struct watch *));
        store->chunks[store->chunk_count++] = zk_xmalloc(CHUNK * sizeof(struct watch));
    }
    return store->count++;
}

/* One chunk more than needed is kept, so that a watch that comes and goes does not cost an
 * allocation each time. */
static void drop_last_watch(struct watch_store *store)
{
    store->count--;
    if (store->count + 2 * CHUNK <= store->chunk_count * CHUNK)
        free(store->chunks[--store->chunk_count]);
}

/* Its neighbours, and the ends of its two lists, name the watch by this number from now on. With
 * WATCH_STORE_NONE they name each other instead. */
static void relink(struct watch_store *store, const struct watch *watch, uint32_t number)
{
    bool gone = number == WATCH_STORE_NONE;
    uint32_t *before = watch->previous_of_path != WATCH_STORE_NONE
                           ? &watch_store_at(store, watch->previous_of_path)->next_of_path
                           : &watch->path->first;
    uint32_t *behind = watch->next_of_path != WATCH_STORE_NONE
                           ? &watch_store_at(store, watch->next_of_path)->previous_of_path
                           : &watch->path->last;
    *before = gone ? watch->next_of_path : number;
    *behind = gone ? watch->previous_of_path : number;
    before = watch->previous_of_watcher != WATCH_STORE_NONE
                 ? &watch_store_at(store, watch->previous_of_watcher)->next_of_watcher
                 : &watch->watching->first;
    behind = watch->next_of_watcher != WATCH_STORE_NONE
                 ? &watch_store_at(store, watch->next_of_watcher)->previous_of_watcher
                 : &watch->watching->last;
    *before = gone ? watch->next_of_watcher : number;
    *behind = gone ? watch->previous_of_watcher : number;
}

uint32_t watch_store_add(struct watch_store *store, const char *text, size_t length,
                         struct watching *watching)
{
    if (4 * ((size_t)store->count + 1) > 3 * store->pair_room)
        resize_pairs(store, store->pair_room > 0 ? 2 * store->pair_room : FIRST_ROOM);
    struct watched_path *path = put_path(store, text, length);
    uint32_t number = append_watch(store);
    struct watch *watch = watch_store_at(store, number);
    *watch = (struct watch){
        .path = path,
        .watching = watching,
        .next_of_path = WATCH_STORE_NONE,
        .previous_of_path = path->last,
        .next_of_watcher = WATCH_STORE_NONE,
        .previous_of_watcher = watching->last,
    };
    relink(store, watch, number);
    put_pair(store, number);
    return number;
}

uint32_t watch_store_remove(struct watch_store *store, uint32_t number, uint32_t next)
{
    struct watch *watch = watch_store_at(store, number);
    struct watched_path *path = watch->path;
    remove_pair(store, pair_slot(store, path, watch->watching));
    relink(store, watch, WATCH_STORE_NONE);

    uint32_t last = store->count - 1;
    if (last != number) {
        const struct watch *moved = watch_store_at(store, last);
        *pair_slot(store, moved->path, moved->watching) = number;
        *watch = *moved;
        relink(store, watch, number);
    }
    drop_last_watch(store);
    if (path->first == WATCH_STORE_NONE)
        drop_path(store, path);
    if (8 * (size_t)store->count < store->pair_room && store->pair_room > FIRST_ROOM)
        resize_pairs(store, store->pair_room / 2);
    return next == last ? number : next;
}
