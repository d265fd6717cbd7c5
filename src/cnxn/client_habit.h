/* Whether a client waits for its answers. What comes from one that does not may gather, so that a
 * whole batch costs each thread on its way one wake-up and one system call.
 *
 * Requests that are on their way can be counted. Whether a client that has all its answers is about
 * to send more cannot be seen. So that is tried: if as many requests come in a while in which they
 * gather as in one in which they do not, nobody waits for them.
 *
 * One for each connection, and used by its selector's thread. Nothing here blocks or fails. */
#ifndef CNXN_CLIENT_HABIT_H
#define CNXN_CLIENT_HABIT_H

#include <stdbool.h>
#include <stdint.h>

/* When a connection has waited so long for what gathers, it is read: about the time of an fsync,
 * for which writes wait in any case. The selector may notice up to a millisecond later. */
enum { CLIENT_HABIT_WAIT_US = 2000 };

/* What the last trial has told. */
enum client_verdict {
    CLIENT_VERDICT_NONE,  /* there was no trial yet */
    CLIENT_VERDICT_SENDS, /* it sends on and on */
    CLIENT_VERDICT_WAITS, /* it waits for its answers, or sends little */
};

/* All zero: nothing is known yet. */
struct client_habit {
    int known_reads; /* for so many more reads, many requests are taken to be outstanding */

    /* What follows is about a client that has all its answers. */
    enum client_verdict verdict;
    int64_t holds_until_us; /* the verdict */
    int64_t holds_us;       /* how long that is from the beginning */
    bool was_in_vain;       /* the last wait was: the next request is read when it comes */
    int in_vain;            /* waits that were, since one brought enough */
    int64_t late_requests;  /* that the last wait has brought whose time was over */
    int alike;              /* waits one after the other that have brought as many */

    bool is_tried;
    bool round_gathers;        /* requests may gather in this round of the trial */
    int64_t round_since_us;    /* this round */
    int64_t round_requests;    /* that it has brought */
    int64_t requests_a_second; /* in the last round in which they did not gather */
    /* Rounds that brought fewer when requests gathered, less what those weigh that brought as many;
     * below 0: gains are ahead. */
    int losses_ahead;
};

/* A read of a connection. */
struct client_read {
    int64_t now_us;
    int64_t requests;    /* that it has brought */
    int64_t outstanding; /* those of the client that have no answer by now */
    bool is_late;        /* the time was over before as many had come as were to gather */
};

/* Returns how many requests are to come before the connection is read again; 1: it is read as soon
 * as anything comes. */
int client_habit_after_read(struct client_habit *habit, const struct client_read *read);
/* The same when nothing was read, but some answers may have left. */
int client_habit_after_answers(struct client_habit *habit, int64_t outstanding);

#endif
