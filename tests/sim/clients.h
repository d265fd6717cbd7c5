/* Clients that speak the protocol over simulated sockets, on hosts of their own. Three parts:
 *
 *   clients.c          what they want, and what they were told, outside all simulated processes
 *   clients_program.c  a thread a client in a process of its host: connects, sends, reads frames
 *   clients_check.c    afterwards each reply is held against the committed transactions, in their
 *                      order
 *   clients_events.c   and so is each event
 *   clients_ids.c      who clients are, and which lists they give to their nodes
 *   clients_requests.c, clients_rare.c, clients_limits.c  what they ask for
 *
 *   I15 a reply shows the tree as of the zxid in its header, to the last field: a read what was
 *       there, a write what it made of it, an error what was in its way
 *   I16 a session's replies come in the order of its requests, and their zxids never fall; so it
 *       reads what it has written, and never goes back, on whatever server it is; nothing is done
 *       behind its closeSession
 *   I17 a write comes behind all writes that were acknowledged, to anybody, when it was sent
 *   I18 what is read behind a sync is not older than what its leader had acknowledged when the
 *       sync was sent
 *   I19 a watch tells of the first change behind the read that has set it, once, a persistent one
 *       of all changes in their order, before any reply that could show the change; and of nothing
 *       else
 *   I20 when nothing breaks, the session of a client that pings does not end, unless it is one of
 *       another server alone, and clients are answered; a session lives as long as was asked for,
 *       within two ticks and twenty; one that a leader has called over writes nothing more while
 *       that leader leads
 *   I21 a connection that its session has left changes nothing any more, unless the session comes
 *       back to its server: a leader, as Java's, tells learners apart and not their connections; or
 *       it is over, and might be a local one of another server than the leader
 *
 *   I22 everybody does and sees what the lists of the nodes allow to those that the connection has
 *       proved to be, and nothing else; a node gets the list that was asked for; where servers want
 *       a proof they do nothing without one, and a session is not given to a wrong password
 *   I23 a container without children, and a node without children whose time is over, are deleted,
 *       and no other node is without being asked for
 *
 *   I24 a server without a quorum serves only those that ask for that, refuses writes and syncs,
 *       shows a tree that was committed (or what its log had beyond it), and leaves no trace
 *   I25 the numbers of a quota are those of its nodes, and where quotas are enforced a hard limit
 *       is exceeded only by what was under way together; of quotas below one another the nearest
 *       counts
 *   I26 a request that has waited for too long is refused, and not done; a session that stays local
 *       gets no node of its own; a frame that is too long ends its connection and is not read
 *
 * I7 to I14 hold as well (history.h, load.h). The functions without "driver" in their comment are
 * called by threads of the processes; none of them blocks. */
#ifndef SIM_CLIENTS_H
#define SIM_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients_ids.h"
#include "history.h"
#include "load.h"

enum {
    CLIENTS_MAX = 5,
    CLIENT_WATCH_LISTS = 5, /* of setWatches2 */
    CLIENTS_HOSTS = 2,
    CLIENT_WATCHES_MAX = 12,
    CLIENT_EVENTS_MAX = CLIENT_WATCHES_MAX, /* that one setWatches can cause */
    CLIENT_PATH_SIZE = LOAD_PATH_SIZE + 16, /* with the number of a sequential node */
    STRAY_XID = 1000000,                    /* from here on: on a connection that was left */
    CLIENT_UNKNOWN_TYPE = 999,              /* of a request */
};

/* How a client asks for its session. */
enum client_dial {
    DIAL_AS_USUAL,
    DIAL_WITH_A_WRONG_PASSWORD,
    DIAL_FROM_THE_FUTURE, /* it has seen what no server has */
};

/* In the order of the lists of setWatches2; setWatches has the first three. */
enum client_watch_kind {
    WATCH_DATA,
    WATCH_EXIST,
    WATCH_CHILD,
    WATCH_PERSISTENT,
    WATCH_RECURSIVE,
};

struct client_watch {
    enum client_watch_kind kind;
    char path[CLIENT_PATH_SIZE];
};

/* A request in words. */
struct client_request {
    struct load_op op; /* its cxid is the xid */
    bool watch;        /* of a read */
    bool is_ruinous;   /* it ends its connection, and nobody answers */
    uint32_t proves;   /* of an auth: an id; 0: one in which nobody believes */
    int32_t mode;      /* of addWatch; of checkWatches and removeWatches: which type of watcher; of
                        * createSession: the timeout, 0: none is sent */
    /* Of setWatches and setWatches2. */
    int64_t relative_zxid;
    int watch_count;
    struct client_watch watches[CLIENT_WATCHES_MAX];
};

struct client_stat {
    int64_t czxid, mzxid, ctime_ms, mtime_ms;
    int32_t version, cversion, aversion;
    int64_t owner;
    int32_t data_length, children;
    int64_t pzxid;
};

/* One of the reads of a multiRead. */
struct client_read {
    int32_t err;
    bool has_data, has_names;
    struct client_stat stat; /* with data */
    char data[LOAD_DATA_SIZE];
    int32_t name_count;
    uint64_t names;
};

struct client_reply {
    int32_t xid;
    int64_t zxid;
    int32_t err;
    int32_t first_type; /* of a multi: of its first result, OP_CODE_ERROR if it has failed */
    int failed_part;    /* of one that has failed: which part, and why */
    int32_t part_err;
    bool begins_session; /* it has no header: it is a ConnectResponse */
    bool has_stat, has_data, has_names;
    struct client_stat stat;
    char data[LOAD_DATA_SIZE];
    char path[CLIENT_PATH_SIZE]; /* of a create */
    int32_t name_count;          /* of a getChildren, getEphemerals, getAllChildrenNumber */
    uint64_t names;              /* the sum of client_hash of each: whatever their order */
    struct client_acl acl;       /* of a getACL */
    int read_count;              /* of a multiRead */
    struct client_read reads[LOAD_PARTS_MAX];
};

enum client_fate { CLIENT_UNKNOWN, CLIENT_ANSWERED, CLIENT_IN_DOUBT };

/* A request and what became of it. */
struct client_call {
    int connection; /* ordinal of all connections */
    int64_t session_id;
    uint32_t ids;   /* that the connection had when it was sent */
    bool read_only; /* by a server without a quorum */
    int64_t sent_ms;
    struct client_request request;
    int64_t over_in;     /* epoch of a leader that had said that the session is over; 0: none */
    bool is_last_words;  /* sent behind the closeSession of its session */
    bool stray;          /* sent on a connection that the session had left */
    int stray_server;    /* that of the connection */
    bool came_back;      /* afterwards the session was taken to that server again */
    int64_t moved_in;    /* epoch of the server that it was taken to */
    int64_t write_floor; /* the highest zxid of an acknowledged write when it was sent */
    int64_t fresh_floor; /* the same when the last sync before it was sent; 0: there was none */
    enum client_fate fate;
    struct client_reply reply;
};

/* What came on a connection, in its order. */
struct client_arrival {
    int connection;
    int64_t call; /* index of the call that is answered; -1: an event */
    int32_t event_type;
    char path[CLIENT_PATH_SIZE];
};

struct client {
    int host; /* of the client */
    int server;
    int64_t session_id; /* 0: it has none */
    uint8_t passwd[LOAD_PASSWD_SIZE];
    int32_t timeout_ms; /* that it asks for */
    int32_t granted_ms;
    int64_t last_zxid; /* that it has seen */
    int64_t over_in;   /* see client_call.over_in */
    int32_t next_xid;
    int connection; /* 0: none */
    int64_t dialled_ms, connected_ms;
    uint32_t beside; /* clients of its host that its server had when it took this connection */
    int window;
    int64_t pause_max_ms;
    int quota; /* so many requests before it goes elsewhere */
    bool closing;
    bool takes_read_only; /* a server without a quorum is better than none */
    bool read_only;       /* this one is one, and knows its session alone */
    uint32_t can_prove;   /* ids */
    uint32_t ids;         /* of its connection */
    uint32_t to_prove;    /* ids that it proves next, one after the other */
    bool watches_here;    /* it has asked for a watch on this connection */
    bool disbelieved;     /* what it has said last ends the connection */
    bool is_done_for;     /* what it has asked for last does */
    bool pinged_unproved; /* though the servers want to know who it is */
    bool has_had_last_words;
    bool is_old;           /* its connect request has no byte for servers without a quorum */
    enum client_dial dial; /* of its next connection */
    int proofs;            /* how often it has said on this connection who it is, */
    int beliefs;           /* and has been answered */
    bool leaves;           /* abandons its session in the end, and does not close it */
    bool wants_rearm;      /* sends setWatches first, in its next connection */
    int64_t sync_floor;    /* see client_call.fresh_floor */
    size_t under_way[LOAD_WINDOW_MAX]; /* indices of calls */
    int under_way_count;
    int watch_count;
    struct client_watch watches[CLIENT_WATCHES_MAX]; /* as it sees them */
    int64_t heard_ms;                                /* of its session, last */
    int64_t streak_ms;                               /* since when it has heard often enough */
};

struct clients {
    bool on;
    bool over;                 /* they go home */
    bool calm;                 /* from calm_ms on nothing breaks */
    bool local;                /* sessions are their server's alone until they own a node */
    bool lists;                /* nodes have lists, and clients prove who they are */
    bool asks_no_list;         /* the servers do not ask them (skipACL) */
    bool ages;                 /* nodes may be containers, or have a time to live */
    bool knows_ttls;           /* the servers do (extendedTypesEnabled) */
    int64_t reap_ms;           /* so often the leader looks for nodes that may go */
    bool read_only;            /* servers without a quorum serve */
    bool quotas;               /* there are some */
    bool enforces;             /* and they are enforced */
    bool nests;                /* some are below others */
    bool roots;                /* clients write to the root */
    bool errs;                 /* they ask for what no server does */
    bool dials_oddly;          /* they connect with wrong passwords, and as clients of long ago */
    bool leader_serves_nobody; /* leaderServes=no */
    bool must_prove;           /* the servers serve those alone who have proved who they are */
    bool throttles;            /* they refuse what has waited for long */
    bool stays_local;          /* local sessions are never made global */
    bool asks_for_sasl;        /* clients do, which the servers have not */
    bool reopens;              /* they send createSession */
    int connections_max;       /* of a host, at a server; 0: none has so many */
    int32_t frame_max;         /* longer frames end their connection; 0: none is so long */
    const char *frame_text;    /* the same as a setting, if it is one */
    uint64_t further;          /* the chance of these */
    uint64_t too_long, throttled, reopened;
    int tick_ms;
    uint64_t apart;  /* the chance of all that is rare */
    int64_t over_ms; /* when they went home */
    uint64_t denied, unproved, read_only_sessions;
    uint64_t answered_in_calm;
    int64_t calm_ms;
    int budget;
    int servers;
    int first_host;
    uint64_t chance;
    uint64_t values;
    int count;
    struct client clients[CLIENTS_MAX];
    int connections;
    int64_t acknowledged; /* the highest zxid of an acknowledged write */
    struct client_call *calls;
    size_t call_count, call_capacity;
    struct client_arrival *arrivals;
    size_t arrival_count, arrival_capacity;
    struct history *history;
    uint64_t done, refused, in_doubt, events, moves, strays;
};

uint64_t client_hash(const char *text);

/* Is it done by a transaction? */
bool client_type_writes(int32_t type);
bool client_type_creates(int32_t type);
/* Is that connection to be refused all but proofs? */
bool clients_want_proof(const struct clients *clients, uint32_t ids);

/* Driver: no clients; clients_start makes them. history must watch. */
void clients_begin(struct clients *clients);
void clients_end(struct clients *clients);
void clients_start(struct clients *clients, struct history *history, int servers, int tick_ms);
/* Driver: all is whole again: I20 holds from now on, and there must be some more requests. */
void clients_be_calm(struct clients *clients);
/* Driver: has anybody been answered in the calm time, or did nobody wait for an answer? */
bool clients_are_served(const struct clients *clients);
/* Driver: the calm time is over. */
void clients_go_home(struct clients *clients);
/* Driver: I15 to I18 and I20 to I25, for all that was told. */
void clients_check(const struct clients *clients);
/* Driver, right behind clients_check: I25 for the numbers that the server on that host has in the
 * end. */
void clients_check_numbers(int host, const struct load_numbers *numbers);
/* Driver, behind all of these: I19. */
void clients_check_all_events(const struct clients *clients);

/* Where it wants to connect. */
int clients_server(struct clients *clients, struct client *client);
/* The connect request is answered. */
void clients_connected(struct clients *clients, struct client *client, int64_t session_id,
                       const uint8_t *passwd, int32_t granted_ms, bool read_only, int64_t now_ms);
/* Tells what it sends next; false: its window is full, it is about to go, or all is done. */
bool clients_next(struct clients *clients, struct client *client,
                  struct client_request *ret_request);
/* So long it waits before the next one. */
int64_t clients_pause_ms(struct clients *clients, struct client *client);
/* Does it want to be elsewhere? */
bool clients_wants_to_go(const struct clients *clients, const struct client *client);
/* The old connection is kept open when it goes. */
bool clients_keeps_old(struct clients *clients);
/* One more request on the old one, to that server, of which nobody reads an answer. */
void clients_stray(struct clients *clients, struct client *client, int connection, int server,
                   struct client_request *ret_request);
/* It is about to ask its server for its session. */
void clients_dials(struct clients *clients, struct client *client);
void clients_answered(struct clients *clients, struct client *client,
                      const struct client_reply *reply, int64_t now_ms);
/* The server has answered whether it believes what the client says of itself: err. */
void clients_believed(struct clients *clients, struct client *client, int32_t err, int64_t now_ms);
/* It sends a ping; one is answered. */
void clients_pings(struct clients *clients, struct client *client);
void clients_ponged(struct clients *clients, struct client *client, int32_t err, int64_t zxid,
                    int64_t now_ms);
void clients_notified(struct clients *clients, struct client *client, int32_t type,
                      const char *path);
/* Its connection is no more. */
void clients_dropped(struct clients *clients, struct client *client);
/* It need not connect any more. */
bool clients_is_done(const struct clients *clients, const struct client *client);

/* clients_requests.c: what they ask for. All they draw comes from one stream of chance. */
uint64_t clients_draw_from(uint64_t *stream, uint64_t bound);
uint64_t clients_draw(struct clients *clients, uint64_t bound);
bool clients_one_in(struct clients *clients, uint64_t times);
void clients_any_path(struct clients *clients, char *path);
void clients_draw_request(struct clients *clients, struct client *client,
                          struct client_request *request);

/* One of the nodes of the quota on a place; all three of them, in a multi that makes or deletes
 * them. The latter returns the part that takes the limits; NULL: there is none. */
void clients_quota_node(struct load_part *part, const char *place, const char *name);
struct load_part *clients_quota_nodes(struct load_op *op, const char *place, int32_t type);

/* clients_limits.c: what servers limit. Driver: more such lines, behind the others. */
const char *clients_draw_limits(struct clients *clients);
/* False: this time it is nothing of that kind. */
bool clients_draw_limited(struct clients *clients, struct client *client,
                          struct client_request *ret_request);
int32_t clients_xid_of(const struct client_request *request, int32_t next_xid);
/* It is about to send that, with so many bytes behind the length. */
void clients_sends(struct clients *clients, struct client *client,
                   const struct client_request *sent, size_t length);
/* It is served, and was so when others of its host came to its server. */
void clients_count_connections(struct clients *clients, const struct client *client,
                               const struct client_call *answered);
/* Its createSession is answered. */
void clients_reopened(struct clients *clients, struct client *client, int64_t session_id,
                      const uint8_t *passwd, int32_t granted_ms, int64_t now_ms);

/* clients_rare.c: what half of the seeds have besides, from a stream of chance of its own. */
uint64_t clients_draw_apart(struct clients *clients, uint64_t bound);
/* Driver: lines for the configuration, which live until the next call. */
const char *clients_draw_rare_settings(struct clients *clients);
/* False: this time it is nothing rare. */
bool clients_draw_rare(struct clients *clients, struct client *client,
                       struct client_request *ret_request);
bool clients_draw_last_words(struct clients *clients, struct client *client,
                             struct client_request *ret_request);
enum client_dial clients_draw_dial(struct clients *clients, const struct client *client);
int32_t clients_draw_timeout(struct clients *clients);

#endif
