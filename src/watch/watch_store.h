/* The watches of one WatchManager: which connection watches which path. Java keeps them twice, as
 * HashMap<String, Set<Watcher>> watchTable and HashMap<Watcher, Set<String>> watch2Paths, and the
 * modes in a third map; here a watch is there once, and stands in two lists, of its path and of its
 * watcher.
 *
 *     watched_path "/a" --first--> watch --next_of_path--> watch      each also points back to its
 *                                    |                       |        path and its watcher
 *     watching (a connection) -------+                       +------- watching (another one)
 *
 * The store is built for millions of watches: a watch takes 40 bytes and a place in the table of
 * pairs; a path takes 17 bytes, its text and a place in the table of paths, once, however many
 * watch it. To find, to add and to remove are one look into a hash table each, and nobody can
 * choose paths that collide, since the hash has a secret key. Lists are in the order in which the
 * watches came, so that a replay tells watchers in the same order.
 *
 * Watches lie one behind the other in chunks, and have no gaps: when one goes, the last one moves
 * into its place. So memory comes back when watches go, whichever they are; and a watch's number
 * may change when another one is removed. No function takes a lock; the caller holds the tree's. */
#ifndef WATCH_WATCH_STORE_H
#define WATCH_WATCH_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/long_hash.h"
#include "zk/jute/archive.h"
#include "zk/watch/watcher.h"

/* Watches have numbers; this one is that of none. */
#define WATCH_STORE_NONE UINT32_MAX

struct watch {
    struct watched_path *path;
    struct watching *watching;
    /* Its neighbours in the two lists, as numbers. */
    uint32_t next_of_path;
    uint32_t previous_of_path;
    uint32_t next_of_watcher;
    uint32_t previous_of_watcher;
    uint8_t mode; /* enum watcher_mode */
};

struct watched_path {
    uint32_t hash;   /* of the text */
    uint32_t length; /* of the text; WATCH_STORE_NONE: Java's null, which a client may watch */
    uint32_t first;  /* of its watches; the path goes when its last watch does */
    uint32_t last;
    char text[]; /* a zero byte stands behind it */
};

/* A connection that has, or had, a watch. It stays until the connection goes, as in Java, where
 * wchs counts it. */
struct watching {
    struct watcher *watcher;
    int64_t session_id;
    struct watching *next; /* in the order in which they came */
    struct watching *previous;
    uint32_t serial; /* how many came before it; the hash of its watches is mixed with it */
    uint32_t first;  /* of its watches; WATCH_STORE_NONE: it has none now */
    uint32_t last;
    bool has_null_mode; /* see watcher_mode_manager.h */
    /* The number of the call of triggerWatch that collected it last, and of the last one that was
     * not to tell it. */
    uint64_t collected_by;
    uint64_t suppressed_by;
};

struct watch_store {
    uint64_t key; /* the secret key of the hash */
    struct watch **chunks;
    uint32_t chunk_count;
    uint32_t count; /* of watches */

    struct watched_path **paths; /* a hash table with open addressing; NULL: a free place */
    size_t path_room;            /* a power of two */
    size_t path_count;

    /* A table of the same kind: the watches by path and watcher; WATCH_STORE_NONE: a free place. */
    uint32_t *pairs;
    size_t pair_room;

    struct long_hash watchings; /* the address of a watcher -> struct watching, owned */
    struct watching *first;
    struct watching *last;
    uint32_t next_serial;
};

void watch_store_init(struct watch_store *store, uint64_t key);
void watch_store_done(struct watch_store *store);

/* Returns the watch of that number, which is valid until the next add or remove. */
struct watch *watch_store_at(const struct watch_store *store, uint32_t number);
/* Returns NULL if nobody watches the path. text NULL: Java's null. */
struct watched_path *watch_store_get_path(const struct watch_store *store, const char *text,
                                          size_t length);
/* Returns NULL if the watcher never had a watch. */
struct watching *watch_store_get_watching(const struct watch_store *store,
                                          const struct watcher *watcher);
/* Returns the same, made if need be; it stays the store's. */
struct watching *watch_store_put_watching(struct watch_store *store, struct watcher *watcher);
/* Forgets a watcher, which must have no watch left. */
void watch_store_remove_watching(struct watch_store *store, struct watching *watching);

/* Returns the number of the watch, or WATCH_STORE_NONE. path may be NULL: nobody watches that. */
uint32_t watch_store_find(const struct watch_store *store, const struct watched_path *path,
                          const struct watching *watching);
/* Adds a watch, which is not there yet, to the end of both lists, and returns its number. Copies
 * the path if nobody watches it so far. */
uint32_t watch_store_add(struct watch_store *store, const char *text, size_t length,
                         struct watching *watching);
/* Removes a watch, and its path if that was the last one. Returns the number that the watch next
 * has now, which is another one if it has moved. */
uint32_t watch_store_remove(struct watch_store *store, uint32_t number, uint32_t next);

/* The path of a watch as a string, which stays the store's. */
struct ustring watched_path_text(struct watched_path *path);

#endif
