/* From the trace, a line an event, to sentences. The traces carry the reasons: why is taken from
 * them as it stands. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "text.h"

unsigned play_kind_of(const char *name)
{
    static const struct {
        const char *name;
        unsigned kinds;
    } names[] = {
        {"votes", PLAY_VOTES},
        {"counts", PLAY_COUNTS},
        {"waits", PLAY_WAITS},
        {"states", PLAY_STATES},
        {"epochs", PLAY_EPOCHS},
        {"heard", PLAY_HEARD},
        {"told", PLAY_TOLD},
        {"packets", PLAY_PACKETS},
        {"usual", PLAY_USUAL},
        {"replaced", PLAY_REPLACED},
        {"connections", PLAY_CONNECTIONS},
        {"all", PLAY_ALL},
        {"writes", PLAY_WRITES},
        {"syncs", PLAY_SYNCS},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].kinds;
    return 0;
}

/* ---- fields of a line ----------------------------------------------------------------------- */

static int64_t number(const char *line, const char *name)
{
    const char *value = text_field(line, name);
    return value != NULL ? strtoll(value, NULL, 10) : 0;
}

struct words {
    char text[256];
};

/* A text without its quotes; "" if there is none. No sentence of ours has a quote in it. */
static struct words text(const char *line, const char *name)
{
    struct words words = {""};
    const char *value = text_field(line, name);
    if (value == NULL || value[0] != '"')
        return words;
    snprintf(words.text, sizeof words.text, "%.*s", (int)strcspn(value + 1, "\""), value + 1);
    return words;
}

/* ---- telling -------------------------------------------------------------------------------- */

static void tell(struct teller *teller, int host, unsigned kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void tell(struct teller *teller, int host, unsigned kind, const char *format, ...)
{
    char sentence[SENTENCE_SIZE];
    int length = snprintf(sentence, sizeof sentence, "%d ", host);
    va_list args;
    va_start(args, format);
    vsnprintf(sentence + length, sizeof sentence - (size_t)length, format, args);
    va_end(args);
    if ((teller->watched[host] & kind) != 0)
        play_text_add(&teller->heard, "%7" PRId64 " ms  %s\n", world_now_ms(), sentence);

    size_t awaited = strlen(teller->until);
    if (awaited > 0 && strncmp(sentence, teller->until, awaited) == 0 &&
        strchr(" :,", sentence[awaited]) != NULL) {
        teller->until[0] = '\0';
        teller->until_came = true;
        world_notify();
    }
}

/* Whom a vote is for. An observer votes for nobody, by a number that nobody has. */
static struct words candidate(int64_t leader)
{
    struct words words;
    if (leader == INT64_MIN)
        snprintf(words.text, sizeof words.text, "nobody");
    else
        snprintf(words.text, sizeof words.text, "%" PRId64, leader);
    return words;
}

static struct words zxid_in(const char *line)
{
    struct words zxid = text(line, "zxid");
    if (strcmp(zxid.text, "0xffffffffffffffff") == 0)
        snprintf(zxid.text, sizeof zxid.text, "-1");
    return zxid;
}

static struct words vote_in(const char *line, const char *round_name)
{
    struct words words;
    const int64_t leader = number(line, "leader");
    if (leader == INT64_MIN)
        snprintf(words.text, sizeof words.text, "nobody (round %" PRId64 ")",
                 number(line, round_name));
    else
        snprintf(words.text, sizeof words.text,
                 "%" PRId64 " (round %" PRId64 ", epoch %" PRId64 ", zxid %.18s)", leader,
                 number(line, round_name), number(line, "epoch"), zxid_in(line).text);
    return words;
}

/* ---- events --------------------------------------------------------------------------------- */

static void tell_vote(struct teller *teller, int host, const char *line)
{
    struct told_peer *peer = &teller->peers[host];
    snprintf(peer->vote, sizeof peer->vote, "%.95s", vote_in(line, "r").text);
    peer->has_vote = true;
    peer->counted[0] = '\0';
    tell(teller, host, PLAY_VOTES, "votes for %s: %s", peer->vote, text(line, "why").text);
}

/* Are they, "1, 2, 3", this one alone? */
static bool is_only(const char *have, int length, int host)
{
    return memchr(have, ',', (size_t)length) == NULL && strtoll(have, NULL, 10) == host;
}

/* That it counts nobody goes without saying, and so does its own vote. */
static void tell_tally(struct teller *teller, int host, const char *line)
{
    struct told_peer *peer = &teller->peers[host];
    const char *list = text_field(line, "have");
    if (list == NULL)
        return;
    const char *have = list + 1;
    const int length = (int)strcspn(have, "]");
    char counted[COUNTED_SIZE];
    snprintf(counted, sizeof counted, "counts %.*s for %.20s: %s", length, have,
             candidate(number(line, "leader")).text,
             strstr(line, "\"quorum\":true") != NULL ? "a quorum" : "no quorum");
    if (strcmp(counted, peer->counted) == 0 || length == 0 || is_only(have, length, host))
        return;
    snprintf(peer->counted, sizeof peer->counted, "%s", counted);
    tell(teller, host, PLAY_COUNTS, "%s", counted);
}

/* The first wait of an election, and those that a vote has ended, go without saying; so does a
 * final wait that begins anew because a vote has come: it ends later, that is all. */
static void tell_wait(struct teller *teller, int host, const char *line)
{
    struct told_peer *peer = &teller->peers[host];
    const int64_t ms = number(line, "ms");
    const struct words why = text(line, "why");
    const bool final = strncmp(why.text, "a quorum", 8) == 0;
    const bool in_vain =
        !final && peer->wait_ms > 0 && world_now_ms() - peer->wait_since_ms >= peer->wait_ms;
    const bool anew = final && peer->final_wait;
    peer->final_wait = final;
    peer->wait_ms = final ? 0 : ms;
    peer->wait_since_ms = world_now_ms();
    if (in_vain || (final && !anew))
        tell(teller, host, PLAY_WAITS, "waits %" PRId64 " ms: %s", ms, why.text);
}

static void tell_state(struct teller *teller, int host, const char *line)
{
    struct told_peer *peer = &teller->peers[host];
    snprintf(peer->state, sizeof peer->state, "%.15s", text(line, "s").text);
    peer->established = false;
    peer->counted[0] = '\0';
    peer->wait_ms = 0;
    peer->final_wait = false;
    if (strcmp(peer->state, "LOOKING") == 0)
        tell(teller, host, PLAY_STATES, "is LOOKING: %s", text(line, "why").text);
    else
        tell(teller, host, PLAY_STATES, "is %s %s: %s", peer->state, peer->decided,
             text(line, "why").text);
}

/* The state that follows tells it. */
static void tell_decide(struct teller *teller, int host, const char *line)
{
    struct told_peer *peer = &teller->peers[host];
    const int64_t leader = number(line, "leader");
    const int64_t round = number(line, "r");
    if (leader == host)
        snprintf(peer->decided, sizeof peer->decided, "(round %" PRId64 ")", round);
    else
        snprintf(peer->decided, sizeof peer->decided, "%" PRId64 " (round %" PRId64 ")", leader,
                 round);
}

static void tell_established(struct teller *teller, int host, const char *line)
{
    struct told_peer *peer = &teller->peers[host];
    peer->established = true;
    peer->leader = number(line, "leader");
    peer->epoch = number(line, "epoch");
    if (peer->leader == host)
        tell(teller, host, PLAY_STATES, "is established as leader of epoch %" PRId64, peer->epoch);
    else
        tell(teller, host, PLAY_STATES, "is established under %" PRId64 " in epoch %" PRId64,
             peer->leader, peer->epoch);
}

static void tell_epoch(struct teller *teller, int host, const char *line)
{
    tell(teller, host, PLAY_EPOCHS, "writes %s epoch %" PRId64, text(line, "which").text,
         number(line, "value"));
}

static void tell_message(struct teller *teller, int host, const char *line, bool sent)
{
    const struct words kind = text(line, "kind");
    const int64_t peer = number(line, sent ? "to" : "from");
    if (strcmp(kind.text, "INITIAL") == 0 || strcmp(kind.text, "PING") == 0)
        return;
    if (strcmp(kind.text, "NOTIFICATION") == 0)
        tell(teller, host, sent ? PLAY_TOLD : PLAY_HEARD, "%s %" PRId64 ": %s, votes for %s",
             sent ? "tells" : "hears", peer, text(line, "state").text, vote_in(line, "round").text);
    else
        tell(teller, host, PLAY_PACKETS, "%s %s of zxid %s %s %" PRId64,
             sent ? "sends" : "receives", kind.text, zxid_in(line).text, sent ? "to" : "from",
             peer);
}

static void tell_send(struct teller *teller, int host, const char *line)
{
    tell_message(teller, host, line, true);
}

static void tell_recv(struct teller *teller, int host, const char *line)
{
    tell_message(teller, host, line, false);
}

static void tell_connection(struct teller *teller, int host, const char *line)
{
    static const char *const verbs[][2] = {
        {"dial", "dials"},
        {"keep", "keeps the connection with"},
        {"drop", "drops the connection with"},
        {"close", "closes the connection with"},
        {"refused", "is refused by"},
    };
    const struct words what = text(line, "what");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i][0], what.text) == 0)
            tell(teller, host, PLAY_CONNECTIONS, "%s %" PRId64 ": %s", verbs[i][1],
                 number(line, "peer"), text(line, "why").text);
}

/* Of all queues, the ones with messages to other peers. */
static int64_t queue_to(const char *line)
{
    static const char name[] = "queueSendMap[";
    const struct words queue = text(line, "q");
    const int64_t to = strncmp(queue.text, name, sizeof name - 1) == 0
                           ? strtoll(queue.text + sizeof name - 1, NULL, 10)
                           : 0;
    return to > 0 && to < HOSTS_MAX ? to : 0;
}

static void tell_enq(struct teller *teller, int host, const char *line)
{
    const int64_t to = queue_to(line);
    if (to == 0)
        return;
    teller->peers[host].queues[to].put++;
    if (number(line, "dropped") == 0)
        return;
    teller->peers[host].queues[to].replaced++;
    tell(teller, host, PLAY_REPLACED, "replaces the message that waits for %" PRId64, to);
}

static void tell_deq(struct teller *teller, int host, const char *line)
{
    teller->peers[host].queues[queue_to(line)].sent++;
}

static void tell_txn(struct teller *teller, int host, const char *line)
{
    static const char *const verbs[][2] = {
        {"request", "prepares"},   {"proposed", "proposes"}, {"logged", "logs"},
        {"acked", "acknowledges"}, {"committed", "commits"}, {"applied", "applies"},
    };
    const struct words step = text(line, "step");
    const struct words zxid = zxid_in(line);
    const struct words why = text(line, "why");
    const int64_t peer = number(line, "peer");
    if (peer != 0 && strcmp(step.text, "request") == 0) {
        tell(teller, host, PLAY_WRITES, "is asked by %" PRId64 ": %s", peer, why.text);
        return;
    }
    if (peer != 0 && strcmp(step.text, "acked") == 0) {
        tell(teller, host, PLAY_WRITES, "counts the ACK of %" PRId64 " for %s", peer, zxid.text);
        return;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i][0], step.text) == 0)
            tell(teller, host, PLAY_WRITES, "%s %s: %s", verbs[i][1], zxid.text, why.text);
}

static void tell_sync(struct teller *teller, int host, const char *line)
{
    tell(teller, host, PLAY_SYNCS, "brings %" PRId64 " from %s to %s by %s: %s",
         number(line, "peer"), text(line, "from_zxid").text, text(line, "to_zxid").text,
         text(line, "mode").text, text(line, "why").text);
}

void teller_answered(struct teller *teller, int host)
{
    tell(teller, host, PLAY_WRITES, "answers its client: the session is open");
}

static void tell_exit(struct teller *teller, int host, const char *line)
{
    tell(teller, host, PLAY_STATES, "ends with status %" PRId64, number(line, "code"));
}

void teller_take(struct teller *teller, int host, const char *line)
{
    static const struct {
        const char *event;
        void (*tell)(struct teller *teller, int host, const char *line);
    } events[] = {
        {"vote", tell_vote},       {"tally", tell_tally},   {"wait", tell_wait},
        {"state", tell_state},     {"decide", tell_decide}, {"established", tell_established},
        {"epoch", tell_epoch},     {"send", tell_send},     {"recv", tell_recv},
        {"conn", tell_connection}, {"enq", tell_enq},       {"deq", tell_deq},
        {"exit", tell_exit},       {"txn", tell_txn},       {"sync", tell_sync},
    };
    const struct words event = text(line, "ev");
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (strcmp(events[i].event, event.text) == 0)
            events[i].tell(teller, host, line);
}

void teller_forget(struct teller *teller, int host)
{
    teller->peers[host] = (struct told_peer){.state = ""};
}
