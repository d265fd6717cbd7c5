/* Whose requests may gather, how many, and for how long. */
#include "cnxn/client_habit.h"

enum {
    /* A client with so many requests outstanding does not wait for its answers. An application with
     * a few threads, each of which waits for its own answer, has fewer. */
    PATIENT_FROM = 8,
    /* As many requests as are handed on together anyway, or those that have come after about the
     * time of an fsync, which writes wait for in any case. */
    OUTSTANDING_REQUESTS = 64,
    OUTSTANDING_US = 2000,
    /* A client that once had PATIENT_FROM requests outstanding counts for so many reads as one that
     * does not wait. Where it shares the processors with the servers, they may answer each request
     * before it gets to send the next one, however many it has to send; then it has only one or two
     * outstanding. */
    KNOWN_READS = 1024,

    /* A client that always has PATIENT_FROM short reads to send never keeps its server waiting. For
     * any other one the wait is no longer than Java takes for a few answers. */
    SHORT_READS_REQUESTS = PATIENT_FROM,
    SHORT_READS_US = 500,
    /* So many waits in vain in a row tell that the client waits for its answers, or sends little. A
     * client that shares its processor does so in bursts, so a few of them tell nothing. */
    IN_VAIN_MOST = 16,
    /* A client that has gathered so often was not mistaken for another one: it has changed. */
    IN_TIME_LONG = 64,
    /* The reads until the next try. Behind each mistake they are twice as many, so a client that
     * waits loses less and less by them. */
    REST_LEAST = 64,
    REST_MOST = 65536,
};

static bool short_reads_gather(struct client_habit *habit, const struct client_read *read);
static void rest(struct client_habit *habit);

enum patience client_habit_after_read(struct client_habit *habit, const struct client_read *read)
{
    if (habit->known_reads > 0)
        habit->known_reads--;
    habit->is_patient = read->outstanding == 0 && short_reads_gather(habit, read);
    if (read->outstanding > 0 && read->requests == 0)
        return PATIENCE_NONE; /* the next request is long, or there is none */
    return client_habit_after_answers(habit, read->outstanding);
}

enum patience client_habit_after_answers(struct client_habit *habit, int64_t outstanding)
{
    if (outstanding >= PATIENT_FROM)
        habit->known_reads = KNOWN_READS;
    if (outstanding > 0)
        return habit->known_reads > 0 ? PATIENCE_OUTSTANDING : PATIENCE_NONE;
    return habit->is_patient ? PATIENCE_SHORT_READS : PATIENCE_NONE;
}

/* All that the read has brought has been answered. Returns whether the next requests gather.
 *
 * Two requests that come together, the second without the answer to the first, are the reason to
 * try. Behind a wait in vain the next request is answered as soon as it comes, and those behind it
 * gather again. */
static bool short_reads_gather(struct client_habit *habit, const struct client_read *read)
{
    if (!habit->gathers) {
        habit->rest -= habit->rest > 0;
        habit->gathers = habit->rest == 0 && read->requests > 1;
        habit->in_time = 0;
        habit->in_vain = 0;
        return habit->gathers;
    }
    if (read->requests >= SHORT_READS_REQUESTS) {
        habit->in_time++;
        habit->in_vain = 0;
        return true;
    }
    if (!read->is_late)
        return true;
    if (read->requests > 0 && ++habit->in_vain == IN_VAIN_MOST)
        rest(habit);
    return false;
}

static void rest(struct client_habit *habit)
{
    bool was_mistaken = habit->in_time < IN_TIME_LONG && habit->rest_length > 0;
    int length = was_mistaken ? 2 * habit->rest_length : REST_LEAST;
    habit->rest_length = length < REST_MOST ? length : REST_MOST;
    habit->rest = habit->rest_length;
    habit->gathers = false;
}

int client_habit_requests(enum patience patience)
{
    static const int requests[PATIENCE_KINDS] = {1, SHORT_READS_REQUESTS, OUTSTANDING_REQUESTS};
    return requests[patience];
}

int64_t client_habit_wait_us(enum patience patience)
{
    static const int64_t wait_us[PATIENCE_KINDS] = {0, SHORT_READS_US, OUTSTANDING_US};
    return wait_us[patience];
}
