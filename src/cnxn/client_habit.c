/* Whose requests may gather, and how many. */
#include "cnxn/client_habit.h"

enum {
    /* A client with so many requests outstanding does not wait for its answers. An application with
     * a few threads, each of which waits for its own answer, has fewer. */
    PATIENT_FROM = 8,
    /* As many requests as are handed on together anyway. */
    WHOLE_BATCH = 64,
    /* A client that once had PATIENT_FROM requests outstanding counts for so many reads as one that
     * does not wait. Where it shares the processors with the servers, they may answer each request
     * before it gets to send the next one, however many it has to send; then it has only one or two
     * outstanding. */
    KNOWN_READS = 1024,

    /* A client that waits for its answers has as many requests each time. One that shares its
     * processor sends in bursts, and no two of its waits need be alike. */
    EQUAL_COUNTS = 2,
    /* If it sends on and on, half of what came in a whole wait takes half of the time. If it waits,
     * they come as soon as it can send them. */
    AT_ONCE_US = CLIENT_HABIT_WAIT_US * 3 / 8,
    AT_ONCE_MOST = 4,
    /* So many waits in vain in a row tell that the client sends little, or waits for few answers. A
     * client that has gathered for long loses its processor now and then. */
    IN_VAIN_FIRST = 4,
    IN_VAIN_MOST = 16,
    /* A client that has gathered so often was not mistaken for another one: it has changed. */
    IN_TIME_LONG = 64,
    /* The reads until the next try. Behind each mistake they are twice as many, so a client that
     * waits loses less and less by them. */
    REST_LEAST = 64,
    REST_MOST = 65536,
};

static void learn(struct client_habit *habit, const struct client_read *read);

int client_habit_after_read(struct client_habit *habit, const struct client_read *read)
{
    if (habit->known_reads > 0)
        habit->known_reads--;
    bool was_answered = read->outstanding <= read->requests;
    if (was_answered)
        learn(habit, read);
    if (read->outstanding > 0 && read->requests == 0)
        return 1; /* the next request is long, or there is none */
    return client_habit_after_answers(habit, read->outstanding);
}

int client_habit_after_answers(struct client_habit *habit, int64_t outstanding)
{
    if (outstanding >= PATIENT_FROM)
        habit->known_reads = KNOWN_READS;
    if (outstanding > 0)
        return habit->known_reads > 0 ? WHOLE_BATCH : 1;
    if (habit->stage == CLIENT_STAGE_UNKNOWN || habit->was_in_vain)
        return 1;
    return habit->stage == CLIENT_STAGE_SENDS ? WHOLE_BATCH : habit->half;
}

/* ---- a client that had all its answers ------------------------------------------------------- */

static void learn_of_a_whole_wait(struct client_habit *habit, const struct client_read *read);
static void learn_of_half_a_wait(struct client_habit *habit, const struct client_read *read);
static void rest(struct client_habit *habit, enum client_stage stage);

static void learn(struct client_habit *habit, const struct client_read *read)
{
    int least = habit->stage == CLIENT_STAGE_SENDS ? PATIENT_FROM : habit->half;
    habit->was_in_vain = read->is_late && read->requests < least;
    if (habit->rest > 0)
        habit->rest--;
    if (habit->stage == CLIENT_STAGE_SENDS) {
        learn_of_a_whole_wait(habit, read);
    } else if (habit->stage == CLIENT_STAGE_DOUBTED) {
        learn_of_half_a_wait(habit, read);
    } else if (habit->rest > 0) {
        if (habit->was_in_vain)
            habit->stage = CLIENT_STAGE_UNKNOWN;
    } else {
        /* Two requests that come together, the second without the answer to the first, are the
         * reason to try. Writes need a better one: a few threads may have written together. */
        bool is_tried = read->outstanding > 0 ? habit->known_reads > 0 : read->requests > 1;
        habit->stage = is_tried ? CLIENT_STAGE_SENDS : CLIENT_STAGE_UNKNOWN;
    }
}

static void learn_of_a_whole_wait(struct client_habit *habit, const struct client_read *read)
{
    if (read->waited_us == 0 || read->requests == 0)
        return; /* the client is idle, or has no processor */
    if (habit->was_in_vain) {
        int most = habit->in_time < IN_TIME_LONG ? IN_VAIN_FIRST : IN_VAIN_MOST;
        if (++habit->in_vain == most)
            rest(habit, CLIENT_STAGE_UNKNOWN);
        return;
    }
    habit->in_vain = 0;
    habit->in_time++;
    if (!read->is_late)
        return;
    habit->equal_counts = read->requests == habit->last_count ? habit->equal_counts + 1 : 0;
    habit->last_count = read->requests;
    if (habit->equal_counts == EQUAL_COUNTS) {
        habit->stage = CLIENT_STAGE_DOUBTED;
        habit->half = (int)(read->requests < WHOLE_BATCH ? read->requests : WHOLE_BATCH) / 2;
        habit->at_once = 0;
        habit->last_count = 0;
    }
}

/* If half a wait is in vain, all had come before, and what is waited for does not come without an
 * answer. */
static void learn_of_half_a_wait(struct client_habit *habit, const struct client_read *read)
{
    if (read->waited_us == 0 || read->requests == 0)
        return;
    if (!habit->was_in_vain && read->waited_us >= AT_ONCE_US)
        habit->stage = CLIENT_STAGE_SENDS;
    else if (habit->was_in_vain || read->requests >= habit->half)
        habit->at_once++;
    if (habit->at_once == AT_ONCE_MOST)
        rest(habit, CLIENT_STAGE_WAITS);
}

static void rest(struct client_habit *habit, enum client_stage stage)
{
    bool was_mistaken = habit->in_time < IN_TIME_LONG && habit->rest_length > 0;
    int length = was_mistaken ? 2 * habit->rest_length : REST_LEAST;
    habit->rest_length = length < REST_MOST ? length : REST_MOST;
    habit->rest = habit->rest_length;
    habit->stage = stage;
    habit->in_vain = 0;
    habit->in_time = 0;
}
