/* Whose requests may gather, and how many. */
#include "cnxn/client_habit.h"

enum {
    /* A client with so many requests outstanding does not wait for its answers. An application with
     * a few threads, each of which waits for its own answer, has fewer. */
    GATHERS_FROM = 8,
    /* As many requests as are handed on together anyway. */
    WHOLE_BATCH = 64,
    /* A client that once had GATHERS_FROM requests outstanding counts for so many reads as one that
     * does not wait. Where it shares the processors with the servers, they may answer each request
     * before it gets to send the next one, however many it has to send; then it has only one or two
     * outstanding. */
    KNOWN_READS = 1024,

    /* A round of a trial: a few waits. If it takes IDLE_US, the client had nothing to send, or no
     * processor, and nothing is learned from it. */
    ROUND_US = 4 * CLIENT_HABIT_WAIT_US,
    IDLE_US = 4 * ROUND_US,
    /* A client that waits has a loss in nearly every round. One that shares its processor sends in
     * bursts, and any two of its rounds differ by chance: it has a gain as often as a loss. So a
     * gain tells more. */
    WEIGHT_OF_GAIN = 3,
    LOSSES_MOST = 8,
    GAINS_MOST = 3 * WEIGHT_OF_GAIN,
    GAINS_SENDER = WEIGHT_OF_GAIN, /* to find again that it sends on and on */
    /* So many waits in vain tell that the client sends little, or waits for few answers. One that
     * sends on and on loses its processor now and then. */
    IN_VAIN_MOST = 4,
    IN_VAIN_SENDER = 16,
    /* So many waits, too, that all brought the same number: the client has that many requests on
     * their way, and sends the next ones when these are answered. What a client sends on and on is
     * never the same for so long. */
    ALIKE_MOST = 8,
    /* A verdict holds for so long, and for twice as long each time that it is found again: so a
     * client that waits loses less and less by the trials. */
    HOLDS_LEAST_US = 500000,
    HOLDS_MOST_US = 16000000,
    /* To confirm that a client sends on and on takes two rounds. If its threads have begun to wait,
     * they lose most of their time until that is tried. */
    HOLDS_MOST_SENDER_US = 2000000,
};

static void learn(struct client_habit *habit, const struct client_read *read);

int client_habit_after_read(struct client_habit *habit, const struct client_read *read)
{
    if (habit->known_reads > 0)
        habit->known_reads--;
    learn(habit, read);
    if (read->outstanding > 0 && read->requests == 0)
        return 1; /* the next request is long, or there is none */
    return client_habit_after_answers(habit, read->outstanding);
}

static bool gathers(const struct client_habit *habit)
{
    return habit->is_tried ? habit->round_gathers : habit->verdict == CLIENT_VERDICT_SENDS;
}

int client_habit_after_answers(struct client_habit *habit, int64_t outstanding)
{
    if (outstanding >= GATHERS_FROM)
        habit->known_reads = KNOWN_READS;
    if (outstanding > 0)
        return habit->known_reads > 0 ? WHOLE_BATCH : 1;
    return gathers(habit) && !habit->was_in_vain ? WHOLE_BATCH : 1;
}

/* ---- a client that has all its answers ------------------------------------------------------- */

static void note_wait(struct client_habit *habit, const struct client_read *read);
static bool do_waits_decide(const struct client_habit *habit);
static bool is_reason_to_try(const struct client_habit *habit, const struct client_read *read);
static void go_on_with_trial(struct client_habit *habit, const struct client_read *read);
static void begin_round(struct client_habit *habit, bool gathers, int64_t now_us);
static void decide(struct client_habit *habit, enum client_verdict verdict, int64_t now_us);

static void learn(struct client_habit *habit, const struct client_read *read)
{
    note_wait(habit, read);
    if (do_waits_decide(habit)) {
        decide(habit, CLIENT_VERDICT_WAITS, read->now_us);
    } else if (habit->is_tried) {
        go_on_with_trial(habit, read);
    } else if (read->now_us >= habit->holds_until_us && is_reason_to_try(habit, read)) {
        habit->is_tried = true;
        habit->losses_ahead = 0;
        begin_round(habit, false, read->now_us);
    }
}

/* What a client sends while answers are kept back does not tell what it would have sent with them.
 * And when nothing has come at all, it is idle, or has no processor. */
static void note_wait(struct client_habit *habit, const struct client_read *read)
{
    bool was_answered = read->outstanding <= read->requests;
    bool is_over = was_answered && read->is_late;
    habit->was_in_vain = is_over && read->requests < GATHERS_FROM;
    if (read->requests >= GATHERS_FROM)
        habit->in_vain = 0;
    if (!is_over || read->requests == 0)
        return;
    if (habit->was_in_vain)
        habit->in_vain++;
    habit->alike = read->requests == habit->late_requests ? habit->alike + 1 : 1;
    habit->late_requests = read->requests;
}

/* Returns whether the waits are enough to say that the client waits for its answers, or sends
 * little. */
static bool do_waits_decide(const struct client_habit *habit)
{
    int in_vain_most = habit->verdict == CLIENT_VERDICT_SENDS ? IN_VAIN_SENDER : IN_VAIN_MOST;
    return habit->in_vain >= in_vain_most ||
           (habit->alike >= ALIKE_MOST && habit->late_requests >= GATHERS_FROM);
}

/* Two requests that come together, the second without the answer to the first, are the reason to
 * try. Writes need a better one: a few threads may have written together. */
static bool is_reason_to_try(const struct client_habit *habit, const struct client_read *read)
{
    if (habit->verdict == CLIENT_VERDICT_SENDS)
        return true;
    return read->outstanding > 0 ? habit->known_reads > 0 : read->requests > 1;
}

/* Rounds in which requests gather and others take turns. A client that waits for its answers sends
 * less when they come later. */
static void go_on_with_trial(struct client_habit *habit, const struct client_read *read)
{
    habit->round_requests += read->requests;
    int64_t took_us = read->now_us - habit->round_since_us;
    if (took_us < ROUND_US)
        return;
    int64_t requests_a_second = habit->round_requests * 1000000 / took_us;
    bool did_gather = habit->round_gathers && took_us < IDLE_US;
    bool is_next_gathering = !habit->round_gathers && took_us < IDLE_US;
    begin_round(habit, is_next_gathering, read->now_us);
    if (is_next_gathering)
        habit->requests_a_second = requests_a_second;
    if (!did_gather)
        return;
    if (requests_a_second < habit->requests_a_second * 7 / 8)
        habit->losses_ahead++;
    else if (requests_a_second >= habit->requests_a_second * 31 / 32)
        habit->losses_ahead -= WEIGHT_OF_GAIN;
    int gains = habit->verdict == CLIENT_VERDICT_SENDS ? GAINS_SENDER : GAINS_MOST;
    if (habit->losses_ahead >= LOSSES_MOST)
        decide(habit, CLIENT_VERDICT_WAITS, read->now_us);
    else if (habit->losses_ahead <= -gains)
        decide(habit, CLIENT_VERDICT_SENDS, read->now_us);
}

static void begin_round(struct client_habit *habit, bool gathers, int64_t now_us)
{
    habit->round_gathers = gathers;
    habit->round_since_us = now_us;
    habit->round_requests = 0;
}

static void decide(struct client_habit *habit, enum client_verdict verdict, int64_t now_us)
{
    bool was_so_before = verdict == habit->verdict;
    int64_t holds_us = was_so_before ? 2 * habit->holds_us : HOLDS_LEAST_US;
    int64_t most_us = verdict == CLIENT_VERDICT_SENDS ? HOLDS_MOST_SENDER_US : HOLDS_MOST_US;
    habit->holds_us = holds_us < most_us ? holds_us : most_us;
    habit->holds_until_us = now_us + habit->holds_us;
    habit->verdict = verdict;
    habit->is_tried = false;
    habit->in_vain = 0;
    habit->alike = 0;
}
