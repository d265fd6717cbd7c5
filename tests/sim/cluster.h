/* An ensemble of peers in a world: their configurations on their disks, their processes, and what
 * their traces say of them. For drivers. */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "clients.h"
#include "faults.h"
#include "invariants.h"
#include "load.h"
#include "peer_main.h"
#include "world.h"

struct cluster_options {
    int voters;
    int observers;           /* hosts voters+1 ... */
    int group_size;          /* a hierarchical quorum, in groups of so many voters; 0: a majority */
    int weights[HOSTS_MAX];  /* of the voters, if there are groups */
    int observer_latency_us; /* observers stand that far away; 0: where the others are */
    bool alone;              /* one server without an ensemble; it is one voter here */
    bool named;     /* servers are named "peerN", which must be looked up, instead of by address */
    bool talkative; /* the peers write their log and the whole trace; changes nothing else */
    bool check_locks;
    int tick_ms;
    const char *more;              /* lines at the end of each configuration; NULL: none */
    const char *const *properties; /* peer_process */
    enum plant plant;              /* a mistake of the driver, for tests */
    uint64_t left_out;             /* bit n: fault n+1 of the plan does not happen */
    uint64_t point;                /* of a sweep: which */
    FILE *trace;                   /* where all trace lines go; NULL: nowhere */
};

struct cluster {
    struct cluster_options options;
    int size;
    struct invariants invariants;
    struct load load;       /* not on: there is none */
    struct clients clients; /* likewise; on hosts behind those of the peers */
    struct fault_plan plan; /* of the scenarios that have one */
    struct peer_process processes[HOSTS_MAX];
    bool stopping[HOSTS_MAX];
    unsigned errors_at_boot[HOSTS_MAX]; /* injected on the host before its process was booted */
    bool crashed_at_point;              /* of a sweep: the story has one there */
    int shut_out;                       /* peers that cluster_must_settle left out (K-22) */
    int64_t settled_ms;                 /* so long cluster_must_settle has waited, last */
    char last_words[HOSTS_MAX][256];    /* the last line that it wrote to its log, cut */
};

/* Writes the configurations; boots nobody. */
void cluster_begin(struct cluster *cluster, const struct cluster_options *options);
void cluster_end(struct cluster *cluster);

/* Writes the configurations again, with these lines at their ends, which stay the caller's; for
 * those that boot from now on. */
void cluster_configure(struct cluster *cluster, const char *more);

/* For world_options. arg: struct cluster. */
void cluster_on_line(void *arg, int host, int fd, const char *line, size_t length);
void cluster_on_exit(void *arg, int host, int code);
void cluster_on_crash(void *arg, int host);

void cluster_boot(struct cluster *cluster, int host);
void cluster_crash(struct cluster *cluster, int host, enum world_crash how);
void cluster_stop(struct cluster *cluster, int host); /* asks; does not wait */
void cluster_heal(struct cluster *cluster);           /* all links are as they were at first */

/* Are all peers established under one leader within that time (but see K-22)? Boots those that end
 * because of an injected error. */
bool cluster_settles(struct cluster *cluster, int64_t within_ms);
/* If not, the world fails. */
void cluster_must_settle(struct cluster *cluster, int64_t within_ms);
/* Stops all that run; they must be gone within that time. */
void cluster_must_stop(struct cluster *cluster, int64_t within_ms);

#endif
