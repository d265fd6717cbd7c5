/* Plays: what happens to an ensemble and what its peers then think, in one file (README.md). Parts:
 *
 *   play.c           files: commands, what is expected beneath them, the comparison
 *   play_commands.c  what the commands do
 *   play_tell.c      from the peers' traces to sentences
 *   play_programs.c  what runs on hosts beside peers: voices, and the making of disks
 *   play_writes.c    a client's write */
#ifndef SIM_PLAY_H
#define SIM_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster.h"
#include "play_programs.h"
#include "play_writes.h"

/* --- text that grows --- */

struct play_text {
    char *bytes; /* terminated; NULL: empty */
    size_t length;
    size_t capacity;
};

void play_text_add(struct play_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *play_text_bytes(const struct play_text *text); /* "" if empty */
void play_text_clear(struct play_text *text);              /* empty, and its memory is given back */

/* --- telling --- */

/* What can be told of a peer; a play says what it wants to hear. */
enum play_kind {
    PLAY_VOTES = 1 << 0,       /* it proposes somebody */
    PLAY_COUNTS = 1 << 1,      /* who agrees, when that has changed */
    PLAY_WAITS = 1 << 2,       /* it has waited in vain and waits longer; a final wait */
    PLAY_STATES = 1 << 3,      /* LOOKING, FOLLOWING...; established; its end */
    PLAY_EPOCHS = 1 << 4,      /* it writes one */
    PLAY_HEARD = 1 << 5,       /* notifications that come */
    PLAY_TOLD = 1 << 6,        /* and those that go */
    PLAY_PACKETS = 1 << 7,     /* between leader and learner, but pings */
    PLAY_CONNECTIONS = 1 << 8, /* between elections */
    PLAY_REPLACED = 1 << 9,    /* a message is overwritten before it was sent */
    PLAY_WRITES = 1 << 10,     /* the steps of a transaction, and its client's answer */
    PLAY_SYNCS = 1 << 11,      /* DIFF, TRUNC or SNAP, as the leader decides */
    PLAY_USUAL = PLAY_VOTES | PLAY_COUNTS | PLAY_WAITS | PLAY_STATES | PLAY_EPOCHS,
    PLAY_ALL = (1 << 12) - 1,
};

/* 0: there is no such kind. "usual" and "all" are several. */
unsigned play_kind_of(const char *name);

enum { SENTENCE_SIZE = 512, COUNTED_SIZE = 96 };

/* What the traces have said of one peer. */
struct told_peer {
    char state[16]; /* "": none yet */
    bool has_vote;
    char vote[96]; /* "3 (round 1, epoch 0, zxid 0x0)" */
    int64_t wait_ms;
    int64_t wait_since_ms;
    bool final_wait; /* the last wait was one */
    char counted[COUNTED_SIZE];
    char decided[32]; /* "3 (round 1)" */
    bool established;
    int64_t leader;
    int64_t epoch;
    struct {
        int64_t put;
        int64_t sent;
        int64_t replaced;
    } queues[HOSTS_MAX]; /* of messages to each host */
};

struct teller {
    unsigned watched[HOSTS_MAX];
    struct told_peer peers[HOSTS_MAX];
    struct play_text heard;    /* what was told since the last command began */
    char until[SENTENCE_SIZE]; /* "": nothing is awaited; the beginning of a sentence */
    bool until_came;
};

/* A trace line of this host. */
void teller_take(struct teller *teller, int host, const char *line);
/* The client of a write there has its answer. */
void teller_answered(struct teller *teller, int host);
/* The host's process is gone: what was known of it holds no more. */
void teller_forget(struct teller *teller, int host);

/* --- a play that runs --- */

struct play {
    const char *file;
    int line;   /* of the command that is carried out */
    bool wrong; /* a command is not one, or cannot be carried out */
    struct cluster cluster;
    char more[1024]; /* of its configuration */
    struct teller teller;
    struct play_voice voices[HOSTS_MAX];
    bool is_voice[HOSTS_MAX];
    int exit_codes[HOSTS_MAX]; /* of the process that ended last on each host */
    struct play_disk disks[HOSTS_MAX];
    struct speeches *speeches; /* said so far */
    struct writes *writes;     /* asked for so far */
};

/* Carry a command out; text is changed. If it cannot be: the world fails, play->wrong is set. */
void play_command(struct play *play, char *text);
/* At the end: all peers stop, and leave nothing behind. */
void play_stop_all(struct play *play);
/* Forgets speeches and writes, when the world has ended. */
void play_forget_speeches(struct play *play);

/* For world_options. arg: struct play. */
void play_on_line(void *arg, int host, int fd, const char *line, size_t length);
void play_on_exit(void *arg, int host, int code);

/* zksim play FILE...: the exit code. */
int play_main(int argc, char **argv);

#endif
