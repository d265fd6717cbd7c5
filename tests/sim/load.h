/* A load of writes: clients whose requests, answers and doubts are kept here, outside all simulated
 * processes. Two halves:
 *
 *   load.c          what clients want, what they were told, and whether it is true in the end; part
 *                   of the simulator
 *   load_program.c  threads in a peer's process that carry it out through zookeeper_server; they
 *                   stand where the client port will
 *
 * A client is at one server at a time, has several requests under way, and goes elsewhere with its
 * session when it hears nothing. What it draws comes from a stream of chance of its own. The
 * functions without "driver" in their comment are called by threads of the processes; none of them
 * blocks.
 *
 *   I13  a write that is answered is committed when the answer comes; one that is refused never is
 *   I14  in the end all trees are what the committed transactions make of an empty one, nodes of
 *        ended sessions are gone, and all servers have the same last zxid and the same digest */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients_ids.h"
#include "history.h"

enum {
    LOAD_CLIENTS_MAX = 4,
    LOAD_WINDOW_MAX = 6, /* requests under way of one client */
    LOAD_PARTS_MAX = 3,  /* of a multi */
    LOAD_PATH_SIZE = 40,
    LOAD_DATA_SIZE = 64, /* the limits of a quota are a text */
    LOAD_PASSWD_SIZE = 16,
    LOAD_NUMBERS_MAX = 4, /* quotas in one tree */
};

/* One operation, in words; load_program.c makes a request of it. */
struct load_part {
    int32_t type; /* enum op_code */
    char path[LOAD_PATH_SIZE];
    char data[LOAD_DATA_SIZE];
    int32_t flags;
    int32_t version;
    int32_t acl;    /* number of a wish (clients_ids.h), of a create and a setACL */
    int32_t ttl_ms; /* of a createTTL */
};

struct load_op {
    int32_t cxid;
    int32_t type;
    int part_count; /* 0: the type says all */
    struct load_part parts[LOAD_PARTS_MAX];
};

struct load_client {
    int host;           /* where it wants to be */
    bool attached;      /* a thread there plays it */
    int64_t session_id; /* 0: it has none */
    int32_t timeout_ms;
    uint8_t passwd[LOAD_PASSWD_SIZE];
    int32_t next_cxid;
    int window;
    int64_t pause_max_ms;
    int quota; /* so many requests before it thinks of going elsewhere */
    struct load_op under_way[LOAD_WINDOW_MAX];
    int under_way_count;
    bool closing; /* closeSession is under way */
};

/* What a request came to. */
enum load_fate { LOAD_UNKNOWN, LOAD_DONE, LOAD_REFUSED, LOAD_IN_DOUBT };

struct load_entry {
    int64_t session_id;
    int32_t cxid;
    int32_t type;
    enum load_fate fate;
};

struct load {
    bool on;
    bool over;  /* clients send nothing more */
    int budget; /* so many requests they may still send */
    int hosts;
    uint64_t chance;
    uint64_t values; /* each value is written once */
    int client_count;
    struct load_client clients[LOAD_CLIENTS_MAX];
    struct load_entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    struct history *history;
    uint64_t done, refused, in_doubt;
};

/* Driver: no clients; load_start makes them. history must watch. */
void load_begin(struct load *load);
void load_end(struct load *load);
void load_start(struct load *load, struct history *history, int hosts, int tick_ms);
/* Driver: two clients that go on and on, with a few requests under way. */
void load_be_steady(struct load *load);
/* Driver: all is whole again, and there must be some more writes. */
void load_last_writes(struct load *load);
/* Driver: the process of that host is no more: its clients hear nothing. */
void load_host_down(struct load *load, int host);

/* A client that wants to be at this host and that nobody plays; NULL: there is none. */
struct load_client *load_take(struct load *load, int host);
/* The answer to its connect request. Not valid: the session is over. */
void load_connected(struct load *load, struct load_client *client, int64_t session_id,
                    const uint8_t *passwd, bool valid);
/* Tells what it sends next; false: its window is full, or it is about to go. */
bool load_next(struct load *load, struct load_client *client, struct load_op *ret_op);
/* So long it waits before the next one. */
int64_t load_pause_ms(struct load *load, struct load_client *client);
/* err: a keeper code. first_type: what the body begins with; of a multi the type of its first
 * result, which is OP_CODE_ERROR if it has failed. */
void load_answered(struct load *load, struct load_client *client, int32_t cxid, int32_t err,
                   int32_t first_type);
/* Its connection is no more: what is under way is in doubt, and it goes elsewhere. */
void load_dropped(struct load *load, struct load_client *client);

/* What a server has in a node that no transaction tells: the numbers of a quota. */
struct load_numbers {
    char path[LOAD_PATH_SIZE + 16];
    char data[LOAD_DATA_SIZE];
};

/* What one server has in the end. */
struct load_view {
    bool done;
    bool serves; /* and did so all the time */
    int64_t last_zxid;
    uint64_t digest;
    size_t nodes;
    size_t sessions;
    size_t ephemerals;
    char wrong[160]; /* the first node that is not as it must be; "": none */
    struct load_numbers numbers[LOAD_NUMBERS_MAX];
    size_t numbers_count;
};

/* One node as it must be. */
struct load_node {
    char path[LOAD_PATH_SIZE + 16];
    char data[LOAD_DATA_SIZE];
    bool any_data; /* the numbers of a quota, which its server must tell */
    int32_t version;
    int64_t owner; /* as it is kept: a session, or what stands for a container or a time to live */
    struct client_acl acl;
};

/* Driver: what the committed transactions make of an empty tree. Violations end the world. Returns
 * the nodes, the root first; they live until load_end or the next call. */
const struct load_node *load_model(const struct history *history, size_t *ret_count);
/* Driver: I13 for each request. */
void load_check_answers(struct load *load);

#endif
