/* What is told when a node changes: a client's connection. Java: Watcher, and ServerWatcher of
 * Debian's patch (ZOOKEEPER-4799); WatchedEvent
 *
 * A connection has a struct watcher as a member, and finds itself from that. A watcher has no
 * reference count: the watch managers hold bare pointers to it, so it must be taken out of them
 * (data_tree_remove_cnxn) before its memory goes. From then on nobody calls its methods. */
#ifndef ZK_WATCH_WATCHER_H
#define ZK_WATCH_WATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/jute/archive.h"

struct watcher;
struct zk_acl_list;

/* Java: Watcher.Event.EventType. Those that a server sends; the numbers are the wire's. */
enum watcher_event_type {
    WATCHER_EVENT_NODE_CREATED = 1,
    WATCHER_EVENT_NODE_DELETED = 2,
    WATCHER_EVENT_NODE_DATA_CHANGED = 3,
    WATCHER_EVENT_NODE_CHILDREN_CHANGED = 4,
};

/* Java: Watcher.Event.KeeperState. A server sends this one only. */
enum { KEEPER_STATE_SYNC_CONNECTED = 3 };

/* Java: Watcher.WatcherType. Which watches of a path checkWatches and removeWatches mean. */
enum watcher_type {
    WATCHER_TYPE_CHILDREN = 1,
    WATCHER_TYPE_DATA = 2,
    WATCHER_TYPE_ANY = 3,
};

/* Java: server.watch.WatcherMode */
enum watcher_mode {
    WATCHER_MODE_STANDARD,             /* told once: what a read sets */
    WATCHER_MODE_PERSISTENT,           /* told each time */
    WATCHER_MODE_PERSISTENT_RECURSIVE, /* likewise, of the nodes below the path, too */
};

/* Java: WatchedEvent */
struct watched_event {
    int32_t type;        /* enum watcher_event_type */
    int32_t state;       /* KEEPER_STATE_SYNC_CONNECTED */
    struct ustring path; /* the caller's */
};

struct watcher_ops {
    /* Java: process(event, znodeAcl). Sends the event, unless acl, the list of the node that it is
     * about, does not let the connection's ids read it; the event is dropped then. acl NULL: no
     * filter. Both stay the caller's. The caller holds the tree's lock, so this may only take locks
     * of floors below it, and must not block: it appends to what the connection sends. */
    void (*process)(struct watcher *watcher, const struct watched_event *event,
                    const struct zk_acl_list *acl);
    /* Java: ServerCnxn.isStale(). Returns whether the connection is closed, and gets no watch.
     * Called with the same lock held. Whoever closes a connection makes it stale first and takes it
     * out of the watch managers after that; so none of its watches stays behind. */
    bool (*is_stale)(struct watcher *watcher);
    /* Java: ServerCnxn.getSessionId(), for the lists of wchc and wchp. Asked when the first watch
     * is set, with the same lock held. */
    int64_t (*get_session_id)(struct watcher *watcher);
};

struct watcher {
    const struct watcher_ops *ops;
};

#endif
