/* Whether a client waits for its answers. What comes from one that does not may gather, so that a
 * whole batch costs each thread on its way one wake-up and one system call.
 *
 * Requests that are on their way can be counted. Whether a client that has all its answers is about
 * to send more cannot be seen. So that is tried, with waits of CLIENT_HABIT_WAIT_US at most.
 *
 * One for each connection, and used by its selector's thread. Nothing here blocks or fails. */
#ifndef CNXN_CLIENT_HABIT_H
#define CNXN_CLIENT_HABIT_H

#include <stdbool.h>
#include <stdint.h>

/* So long a connection waits at most for what gathers: about the time of an fsync, for which writes
 * wait in any case. */
enum { CLIENT_HABIT_WAIT_US = 2000 };

/* What is taken for true of a client that has all its answers. */
enum client_stage {
    CLIENT_STAGE_UNKNOWN, /* its next request is read when it comes */
    CLIENT_STAGE_SENDS,   /* it sends on and on: a whole batch may gather */
    CLIENT_STAGE_DOUBTED, /* half of what came in the last waits may, to see how soon it comes */
    CLIENT_STAGE_WAITS,   /* it sends so many at once and waits for the answers: half of them may */
};

/* All zero: nothing is known yet. */
struct client_habit {
    int known_reads; /* for so many more reads, many requests are taken to be outstanding */

    enum client_stage stage;
    bool was_in_vain;   /* the last wait was: the next request is read when it comes */
    int in_vain;        /* waits of this stage in a row that were */
    int in_time;        /* waits that were not, since the last rest */
    int64_t last_count; /* of the last wait for a whole batch */
    int equal_counts;   /* waits in a row that were like the one before */
    int half;           /* of last_count */
    int at_once;        /* how often in a row half came at once */
    int rest;           /* so many reads pass before a whole batch may gather */
    int rest_length;    /* how many that were at first; 0: there was no rest yet */
};

/* A read of a connection. */
struct client_read {
    int64_t requests;    /* that it has brought */
    int64_t outstanding; /* those of the client that have no answer by now */
    int64_t waited_us;   /* since they began to gather; 0: they did not */
    bool is_late;        /* the time was over before as many had come as were to gather */
};

/* Returns how many requests are to come before the connection is read again; 1: it is read as soon
 * as anything comes. */
int client_habit_after_read(struct client_habit *habit, const struct client_read *read);
/* The same when nothing was read, but some answers may have left. */
int client_habit_after_answers(struct client_habit *habit, int64_t outstanding);

#endif
