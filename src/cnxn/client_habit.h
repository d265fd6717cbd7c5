/* Whether a client waits for its answers. What comes from one that does not may gather, so that a
 * whole batch costs each thread on its way one wake-up and one system call.
 *
 * Requests that are on their way can be counted. A short read is answered at once, and how many
 * more its client has to send cannot be seen. So that is tried, with waits of half a millisecond at
 * most.
 *
 * One for each connection, and used by its selector's thread. Nothing here blocks or fails. */
#ifndef CNXN_CLIENT_HABIT_H
#define CNXN_CLIENT_HABIT_H

#include <stdbool.h>
#include <stdint.h>

/* What a connection waits for before it is read again. */
enum patience {
    PATIENCE_NONE,        /* for the first byte */
    PATIENCE_SHORT_READS, /* for some requests, or for half a millisecond */
    PATIENCE_OUTSTANDING, /* for a whole batch, or for the time of an fsync */
    PATIENCE_KINDS,
};

/* All zero: nothing is known yet. */
struct client_habit {
    int known_reads; /* for so many more reads, many requests are taken to be outstanding */

    /* What follows is about short reads. */
    bool gathers;    /* they may gather, once the first has come */
    bool is_patient; /* they are gathering */
    int in_time;     /* reads that brought enough of them, since gathers began */
    int in_vain;     /* reads in a row that came too late with too few */
    int rest;        /* so many reads pass before it is tried again */
    int rest_length; /* how many that were at first; 0: there was no rest yet */
};

/* A read of a connection. */
struct client_read {
    int64_t requests;    /* that it has brought */
    int64_t outstanding; /* those of the client that have no answer by now */
    bool is_late;        /* the time was over before as many had come as were to gather */
};

/* Returns what the connection waits for now that it has been read. */
enum patience client_habit_after_read(struct client_habit *habit, const struct client_read *read);
/* The same when nothing was read, but some answers may have left. */
enum patience client_habit_after_answers(struct client_habit *habit, int64_t outstanding);
/* Returns how many requests are to gather; 1 for PATIENCE_NONE. */
int client_habit_requests(enum patience patience);
/* Returns for how long, in microseconds; 0 for PATIENCE_NONE. */
int64_t client_habit_wait_us(enum patience patience);

#endif
