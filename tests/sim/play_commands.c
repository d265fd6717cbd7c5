/* The commands of plays. Each is a line of words; tests/sim/README.md lists them. */
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

enum {
    WORDS_MAX = 32,
    UNTIL_MS = 60000, /* a play that waits longer says "within" */
    ASK_MS = 1000,    /* for a server to take a request */
    SAY_MS = 2000,    /* for a voice to be connected and to have spoken */
    HEAR_MS = 5,      /* for what it has said to arrive */
    STOP_MS = 300000,
    DISK_MS = 60000,
};

/* A speech of the play. The voice's thread reads it, whenever it runs. */
struct speeches {
    struct speeches *next;
    struct play_speech speech;
};

/* A write of the play. Threads of its server's process read it as long as they run. */
struct writes {
    struct writes *next;
    struct play_write write;
};

struct words {
    int count;
    char *word[WORDS_MAX];
};

/* ---- words ---------------------------------------------------------------------------------- */

static _Noreturn void wrong(struct play *play, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static _Noreturn void wrong(struct play *play, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    play->wrong = true;
    world_fail("%s:%d: %s", play->file, play->line, what);
}

static struct words split(struct play *play, char *text)
{
    struct words words = {0};
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (words.count == WORDS_MAX)
            wrong(play, "a command has %d words at most", WORDS_MAX);
        words.word[words.count++] = word;
    }
    return words;
}

/* The word of that place; the play is wrong without it. */
static const char *word(struct play *play, const struct words *words, int place)
{
    if (place >= words->count)
        wrong(play, "the command ends too early");
    return words->word[place];
}

static bool is_word(const struct words *words, int place, const char *expected)
{
    return place < words->count && strcmp(words->word[place], expected) == 0;
}

/* A number with a unit or without, decimal or 0x...; -1: it is none. */
static int64_t parse_number(const char *text, const char *unit)
{
    char *end;
    int64_t value = (int64_t)strtoll(text, &end, 0);
    return end != text && strcmp(end, unit) == 0 ? value : -1;
}

static int64_t number(struct play *play, const char *text)
{
    int64_t value = parse_number(text, "");
    if (value < 0 && strcmp(text, "-1") != 0)
        wrong(play, "%s is no number", text);
    return value;
}

static int64_t microseconds(struct play *play, const char *text)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (parse_number(text, units[i].unit) >= 0)
            return parse_number(text, units[i].unit) * units[i].us;
    wrong(play, "%s is no time: 100us, 200ms, 5s", text);
}

/* A peer of the ensemble: its number, or "leader". */
static int peer(struct play *play, const char *text)
{
    for (int host = 1; strcmp(text, "leader") == 0 && host <= play->cluster.size; host++) {
        const struct told_peer *told = &play->teller.peers[host];
        if (told->established && told->leader == host)
            return host;
    }
    int64_t host = parse_number(text, "");
    if (host < 1 || host > play->cluster.size)
        wrong(play, "there is no peer %s", text);
    return (int)host;
}

static void each_peer(struct play *play, const struct words *words, int from,
                      void (*act)(struct play *play, int host))
{
    word(play, words, from);
    for (int i = from; i < words->count; i++)
        act(play, peer(play, words->word[i]));
}

/* ---- the ensemble --------------------------------------------------------------------------- */

static bool is_over(void *arg)
{
    return !world_is_running(*(const int *)arg);
}

/* ensemble VOTERS [and OBSERVERS] [KEY=VALUE...]; VOTERS: or "alone" */
static void do_ensemble(struct play *play, const struct words *words)
{
    struct cluster_options options = play->cluster.options;
    int next = 2;
    if (play->cluster.size > 0)
        wrong(play, "a play has one ensemble");
    options.alone = is_word(words, 1, "alone");
    options.voters = options.alone ? 1 : (int)number(play, word(play, words, 1));
    if (!options.alone && is_word(words, next, "and")) {
        options.observers = (int)number(play, word(play, words, next + 1));
        next += 2;
    }
    for (; next < words->count; next++) {
        size_t length = strlen(play->more);
        if (strchr(words->word[next], '=') == NULL)
            wrong(play, "%s is no KEY=VALUE", words->word[next]);
        if (length + strlen(words->word[next]) + 1 >= sizeof play->more)
            wrong(play, "there is no room for %s", words->word[next]);
        snprintf(play->more + length, sizeof play->more - length, "%s\n", words->word[next]);
    }
    if (options.voters < 1 || options.observers < 0 ||
        options.voters + options.observers >= HOSTS_MAX)
        wrong(play, "an ensemble has 1 to %d peers", HOSTS_MAX - 1);
    options.more = play->more;
    options.talkative = true;
    options.check_locks = true;
    options.tick_ms = 2000;
    cluster_begin(&play->cluster, &options);
    /* Where the log is not synced, a power loss takes what was acknowledged: that is the play. */
    play->cluster.invariants.history.watches = strstr(play->more, "forceSync=no") == NULL;
    for (int host = 1; host <= play->cluster.size; host++) {
        play->teller.watched[host] = PLAY_USUAL;
        world_boot(host, play_power_main, NULL);
        world_wait_until(is_over, &host, DISK_MS);
    }
}

static void write_epoch(int host, const char *name, const char *value)
{
    char path[64];
    snprintf(path, sizeof path, PEER_DATA_DIR "/version-2/%s", name);
    world_write_file(host, path, value);
}

/* disk PEER [zxid N] [accepted N] [current N] */
static void do_disk(struct play *play, const struct words *words)
{
    int host = peer(play, word(play, words, 1));
    for (int i = 2; i < words->count; i += 2) {
        const char *value = word(play, words, i + 1);
        int64_t parsed = number(play, value);
        if (is_word(words, i, "accepted")) {
            write_epoch(host, "acceptedEpoch", value);
        } else if (is_word(words, i, "current")) {
            write_epoch(host, "currentEpoch", value);
        } else if (is_word(words, i, "zxid")) {
            play->disks[host].zxid = parsed;
            play->cluster.stopping[host] = true;
            world_boot(host, play_disk_main, &play->disks[host]);
            if (!world_wait_until(is_over, &host, DISK_MS) || play->exit_codes[host] != 0)
                wrong(play, "the disk of %d cannot be made", host);
        } else {
            wrong(play, "a disk has zxid, accepted, current; not %s", words->word[i]);
        }
    }
}

/* ---- life and death ------------------------------------------------------------------------- */

static void start(struct play *play, int host)
{
    if (world_is_running(host))
        wrong(play, "%d runs already", host);
    cluster_boot(&play->cluster, host);
}

static void kill_peer(struct play *play, int host)
{
    cluster_crash(&play->cluster, host, WORLD_KILL);
    play->is_voice[host] = false;
    teller_forget(&play->teller, host);
}

static void power_loss(struct play *play, int host)
{
    cluster_crash(&play->cluster, host, WORLD_POWER_LOSS);
    play->is_voice[host] = false;
    teller_forget(&play->teller, host);
}

static void stop(struct play *play, int host)
{
    world_freeze(host, false); /* a frozen process cannot end */
    cluster_stop(&play->cluster, host);
    world_wait_until(is_over, &host, STOP_MS);
    if (world_is_running(host))
        world_fail("peer %d still runs %d ms after it was asked to stop", host, STOP_MS);
}

static void freeze(struct play *play, int host)
{
    (void)play;
    world_freeze(host, true);
}

static void thaw(struct play *play, int host)
{
    (void)play;
    world_freeze(host, false);
}

static void do_freeze(struct play *play, const struct words *words)
{
    each_peer(play, words, 1, freeze);
}

static void do_thaw(struct play *play, const struct words *words)
{
    each_peer(play, words, 1, thaw);
}

static void lack_threads(struct play *play, int host)
{
    (void)play;
    world_inject(host, INJECT_EAGAIN, UINT_MAX, 1);
}

/* starve PEER...: from now on its system gives it no more threads. */
static void do_starve(struct play *play, const struct words *words)
{
    each_peer(play, words, 1, lack_threads);
}

static void do_start(struct play *play, const struct words *words)
{
    each_peer(play, words, 1, start);
}

static void do_kill(struct play *play, const struct words *words)
{
    each_peer(play, words, 1, kill_peer);
}

static void do_power_loss(struct play *play, const struct words *words)
{
    each_peer(play, words, 1, power_loss);
}

static void do_stop(struct play *play, const struct words *words)
{
    each_peer(play, words, 1, stop);
}

void play_stop_all(struct play *play)
{
    for (int host = 1; host <= play->cluster.size; host++)
        if (world_is_running(host) && !play->is_voice[host])
            stop(play, host);
}

/* ---- the network ---------------------------------------------------------------------------- */

/* cut A from B: both ways. cut A to B: what A sends is held back. */
static void do_cut(struct play *play, const struct words *words)
{
    int a = peer(play, word(play, words, 1));
    int b = peer(play, word(play, words, 3));
    world_cut_link(a, b, true);
    if (is_word(words, 2, "from"))
        world_cut_link(b, a, true);
    else if (!is_word(words, 2, "to"))
        wrong(play, "cut A from B, or cut A to B");
}

/* partition A B / C D E */
static void do_partition(struct play *play, const struct words *words)
{
    int side[HOSTS_MAX] = {0};
    int current = 1;
    for (int i = 1; i < words->count; i++) {
        if (is_word(words, i, "/"))
            current++;
        else
            side[peer(play, words->word[i])] = current;
    }
    world_partition(side);
}

/* heal: all links. heal A from B: what cut A from B has done, in both directions. */
static void do_heal(struct play *play, const struct words *words)
{
    if (words->count == 1) {
        world_heal();
        return;
    }
    int a = peer(play, word(play, words, 1));
    int b = peer(play, word(play, words, 3));
    world_cut_link(a, b, false);
    world_cut_link(b, a, false);
}

static void do_reset(struct play *play, const struct words *words)
{
    int a = peer(play, word(play, words, 1));
    world_reset_connections(a, peer(play, word(play, words, 2)));
}

/* slow A B TIME: each way takes so long. */
static void do_slow(struct play *play, const struct words *words)
{
    int a = peer(play, word(play, words, 1));
    int b = peer(play, word(play, words, 2));
    int64_t latency_us = microseconds(play, word(play, words, 3));
    world_set_link(a, b, latency_us, 0, 0);
    world_set_link(b, a, latency_us, 0, 0);
}

/* ---- voices --------------------------------------------------------------------------------- */

static void become_voice(struct play *play, int host)
{
    if (play->is_voice[host])
        return;
    if (world_is_running(host))
        wrong(play, "%d is a peer that runs", host);
    play->is_voice[host] = true;
    play->voices[host] = (struct play_voice){.ctx = NULL}; /* one that was killed is no more */
    world_boot(host, play_voice_main, &play->voices[host]);
}

static int state_of(struct play *play, const char *text)
{
    static const char *const states[] = {"LOOKING", "FOLLOWING", "LEADING", "OBSERVING"};
    for (int i = 0; i < (int)(sizeof states / sizeof *states); i++)
        if (strcmp(states[i], text) == 0)
            return i;
    return (int)number(play, text);
}

/* What a peer of this ensemble would send as its configuration. */
static void configuration_text(const struct play *play, int64_t version, char *ret_text,
                               size_t size)
{
    size_t length = 0;
    for (int host = 1; host <= play->cluster.size && length < size; host++)
        length += (size_t)snprintf(
            ret_text + length, size - length, "server.%d=10.0.0.%d:2888:3888:%s\n", host, host,
            host > play->cluster.options.voters ? "observer" : "participant");
    if (length < size)
        snprintf(ret_text + length, size - length, "version=%" PRIx64, (uint64_t)version);
}

static void parse_speech(struct play *play, const struct words *words, int next,
                         struct play_speech *speech)
{
    int64_t version = 0;
    speech->state = state_of(play, word(play, words, next));
    if (!is_word(words, next + 1, "for"))
        wrong(play, "say FROM... to TO STATE for LEADER ...");
    speech->leader = number(play, word(play, words, next + 2));
    speech->round = 1;
    for (next += 3; next < words->count; next += 2) {
        int64_t value = number(play, word(play, words, next + 1));
        if (is_word(words, next, "round"))
            speech->round = value;
        else if (is_word(words, next, "epoch"))
            speech->epoch = value;
        else if (is_word(words, next, "zxid"))
            speech->zxid = value;
        else if (is_word(words, next, "config"))
            version = value;
        else if (is_word(words, next, "length") && value > 0 && value <= PLAY_SPEECH_OLD_MAX)
            speech->length = (int)value;
        else if (is_word(words, next, "length"))
            wrong(play, "a vote without configuration has 1 to %d bytes", PLAY_SPEECH_OLD_MAX);
        else
            wrong(play, "a vote has round, epoch, zxid, config, length; not %s", words->word[next]);
    }
    configuration_text(play, version, speech->config, sizeof speech->config);
}

static void say(struct play *play, const struct play_speech *speech, int from)
{
    struct speeches *said = calloc(1, sizeof *said);
    if (said == NULL)
        abort();
    said->next = play->speeches;
    play->speeches = said;
    said->speech = *speech;
    said->speech.from = from;
    said->speech.voice = &play->voices[from];
    become_voice(play, from);
    world_call(from, play_voice_say, &said->speech);
    for (int ms = 0; !said->speech.said && ms < SAY_MS; ms++)
        world_sleep_ms(1);
    if (!said->speech.said)
        wrong(play, "%d cannot reach %d", from, speech->to);
    world_sleep_ms(HEAR_MS);
}

/* say FROM... to TO STATE for LEADER [round N] [epoch N] [zxid N] [config N] [length N] */
static void do_say(struct play *play, const struct words *words)
{
    struct play_speech speech = {0};
    int to = 1;
    while (to < words->count && !is_word(words, to, "to"))
        to++;
    speech.to = peer(play, word(play, words, to + 1));
    parse_speech(play, words, to + 2, &speech);
    for (int i = 1; i < to; i++)
        say(play, &speech, peer(play, words->word[i]));
}

static void forget_writes(struct play *play);

static void do_voice(struct play *play, const struct words *words)
{
    each_peer(play, words, 1, become_voice);
}

void play_forget_speeches(struct play *play)
{
    while (play->speeches != NULL) {
        struct speeches *next = play->speeches->next;
        free(play->speeches);
        play->speeches = next;
    }
    forget_writes(play);
}

/* ---- writes ---------------------------------------------------------------------------------- */

static void client_is_answered(void *arg, int host)
{
    struct play *play = arg;
    teller_answered(&play->teller, host);
}

static bool was_asked(void *arg)
{
    return ((const struct play_write *)arg)->asked;
}

static void write_once(struct play *play, int host)
{
    struct writes *writes = calloc(1, sizeof *writes);
    if (writes == NULL)
        abort();
    if (!world_is_running(host) || play->is_voice[host])
        wrong(play, "no peer runs on %d", host);
    writes->next = play->writes;
    play->writes = writes;
    writes->write = (struct play_write){.process = &play->cluster.processes[host],
                                        .on_answer = client_is_answered,
                                        .arg = play,
                                        .host = host};
    world_call(host, play_write_ask, &writes->write);
    world_wait_until(was_asked, &writes->write, ASK_MS);
    if (writes->write.refused)
        play_text_add(&play->teller.heard, "         %d serves nobody\n", host);
}

/* write PEER [N times]: a client there opens a session; so do N of them, one after the other. */
static void do_write(struct play *play, const struct words *words)
{
    int host = peer(play, word(play, words, 1));
    int64_t times = words->count > 2 ? number(play, word(play, words, 2)) : 1;
    if (words->count > 2 && !is_word(words, 3, "times"))
        wrong(play, "write PEER [N times]");
    for (; times > 0; times--)
        write_once(play, host);
}

static void forget_writes(struct play *play)
{
    while (play->writes != NULL) {
        struct writes *next = play->writes->next;
        free(play->writes);
        play->writes = next;
    }
}

/* ---- time ----------------------------------------------------------------------------------- */

static void do_run(struct play *play, const struct words *words)
{
    world_sleep_us(microseconds(play, word(play, words, 1)));
}

/* A server alone says so in no line of its trace. */
static bool serves_alone(const struct play *play, int host)
{
    return play->cluster.options.alone && world_is_running(host) &&
           invariants_is_settled(&play->cluster.invariants, play->cluster.size, host);
}

/* All that run, and are no voices, are established under one leader in one epoch. */
static bool is_settled(void *arg)
{
    const struct play *play = arg;
    if (play->cluster.options.alone)
        return serves_alone(play, 1);
    const struct told_peer *first = NULL;
    bool leader_runs = false;
    for (int host = 1; host <= play->cluster.size; host++) {
        const struct told_peer *told = &play->teller.peers[host];
        if (!world_is_running(host) || play->is_voice[host])
            continue;
        if (!told->established)
            return false;
        if (first != NULL && (told->leader != first->leader || told->epoch != first->epoch))
            return false;
        leader_runs = leader_runs || told->leader == host;
        first = told;
    }
    return leader_runs;
}

static bool has_come(void *arg)
{
    return ((const struct play *)arg)->teller.until_came;
}

/* until settled | until SENTENCE, then perhaps: within TIME */
static void do_until(struct play *play, const struct words *words)
{
    struct teller *teller = &play->teller;
    int count = words->count;
    int64_t within_ms = UNTIL_MS;
    if (count > 2 && is_word(words, count - 2, "within")) {
        within_ms = microseconds(play, words->word[count - 1]) / 1000;
        count -= 2;
    }
    bool settled = count == 2 && is_word(words, 1, "settled");
    size_t length = 0;
    word(play, words, 1);
    teller->until[0] = '\0';
    for (int i = 1; i < count && !settled; i++)
        length += (size_t)snprintf(teller->until + length, sizeof teller->until - length, "%s%s",
                                   i > 1 ? " " : "", words->word[i]);
    teller->until_came = false;
    if (!world_wait_until(settled ? is_settled : has_come, play, within_ms))
        play_text_add(&teller->heard, "         not within %" PRId64 " ms\n", within_ms);
    teller->until[0] = '\0';
}

/* ---- looking -------------------------------------------------------------------------------- */

/* watch [PEER...] KIND...: from now on, of these peers or of all, nothing but that. */
static void do_watch(struct play *play, const struct words *words)
{
    unsigned kinds = 0;
    int first_kind = 1;
    while (first_kind < words->count && parse_number(words->word[first_kind], "") > 0)
        first_kind++;
    for (int i = first_kind; i < words->count; i++) {
        if (play_kind_of(words->word[i]) == 0 && !is_word(words, i, "nothing"))
            wrong(play, "nobody can watch %s", words->word[i]);
        kinds |= play_kind_of(words->word[i]);
    }
    word(play, words, first_kind);
    for (int host = 1; first_kind == 1 && host < HOSTS_MAX; host++)
        play->teller.watched[host] = kinds;
    for (int i = 1; i < first_kind; i++)
        play->teller.watched[peer(play, words->word[i])] = kinds;
}

static void show_state(struct play *play, int host)
{
    const struct told_peer *told = &play->teller.peers[host];
    struct play_text *heard = &play->teller.heard;
    if (!world_is_running(host))
        play_text_add(heard, "%d is down\n", host);
    else if (play->cluster.options.alone)
        play_text_add(heard, "%d %s\n", host,
                      serves_alone(play, host) ? "serves alone" : "is about to serve alone");
    else if (told->established && told->leader == host)
        play_text_add(heard, "%d is LEADING in epoch %" PRId64 "\n", host, told->epoch);
    else if (told->established)
        play_text_add(heard, "%d is %s %" PRId64 " in epoch %" PRId64 "\n", host, told->state,
                      told->leader, told->epoch);
    else
        play_text_add(heard, "%d is %s%s\n", host, told->state[0] != '\0' ? told->state : "LOOKING",
                      strcmp(told->state, "LOOKING") == 0 || told->state[0] == '\0'
                          ? ""
                          : ", not established");
}

static void show_vote(struct play *play, int host)
{
    const struct told_peer *told = &play->teller.peers[host];
    if (world_is_running(host))
        play_text_add(&play->teller.heard, "%d votes for %s\n", host,
                      told->has_vote ? told->vote : "nobody yet");
}

static void show_queues(struct play *play, int host)
{
    for (int to = 1; to <= play->cluster.size; to++) {
        int64_t put = play->teller.peers[host].queues[to].put;
        int64_t sent = play->teller.peers[host].queues[to].sent;
        int64_t replaced = play->teller.peers[host].queues[to].replaced;
        if (put > 0)
            play_text_add(&play->teller.heard,
                          "%d for %d: %" PRId64 " put, %" PRId64 " sent, %" PRId64
                          " replaced, %" PRId64 " waiting\n",
                          host, to, put, sent, replaced, put - sent - replaced);
    }
}

static void show_files(struct play *play, int host)
{
    char accepted[64] = "none";
    char current[64] = "none";
    world_read_file(host, PEER_DATA_DIR "/version-2/acceptedEpoch", accepted, sizeof accepted);
    world_read_file(host, PEER_DATA_DIR "/version-2/currentEpoch", current, sizeof current);
    play_text_add(&play->teller.heard, "%d has on disk: accepted epoch %s, current epoch %s\n",
                  host, accepted, current);
}

/* show state|votes|queues|files [PEER...] */
static void do_show(struct play *play, const struct words *words)
{
    static const struct {
        const char *what;
        void (*show)(struct play *play, int host);
    } shows[] = {
        {"state", show_state},
        {"votes", show_vote},
        {"queues", show_queues},
        {"files", show_files},
    };
    const char *what = word(play, words, 1);
    for (size_t i = 0; i < sizeof shows / sizeof *shows; i++) {
        if (strcmp(shows[i].what, what) != 0)
            continue;
        for (int host = 1; words->count == 2 && host <= play->cluster.size; host++)
            if (!play->is_voice[host])
                shows[i].show(play, host);
        if (words->count > 2)
            each_peer(play, words, 2, shows[i].show);
        return;
    }
    wrong(play, "nobody can show %s", what);
}

/* ---- the list ------------------------------------------------------------------------------- */

void play_command(struct play *play, char *text)
{
    static const struct {
        const char *name;
        void (*act)(struct play *play, const struct words *words);
    } commands[] = {
        {"ensemble", do_ensemble},
        {"disk", do_disk},
        {"start", do_start},
        {"kill", do_kill},
        {"power-loss", do_power_loss},
        {"freeze", do_freeze},
        {"thaw", do_thaw},
        {"starve", do_starve},
        {"stop", do_stop},
        {"cut", do_cut},
        {"partition", do_partition},
        {"heal", do_heal},
        {"reset", do_reset},
        {"slow", do_slow},
        {"say", do_say},
        {"voice", do_voice},
        {"write", do_write},
        {"run", do_run},
        {"until", do_until},
        {"watch", do_watch},
        {"show", do_show},
    };
    const struct words words = split(play, text);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (!is_word(&words, 0, commands[i].name))
            continue;
        if (play->cluster.size == 0 && commands[i].act != do_ensemble)
            wrong(play, "a play begins with its ensemble");
        commands[i].act(play, &words);
        return;
    }
    wrong(play, "there is no command %s", word(play, &words, 0));
}
