/* Programs that plays run on hosts beside the peers. They are compiled with the product and
 * redirected like it. */
#ifndef SIM_PLAY_PROGRAMS_H
#define SIM_PLAY_PROGRAMS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "peer_main.h"

struct sock;
struct zk_context;
struct zk_thread_group;

enum {
    VOICES_MAX = 16,
    PLAY_SPEECH_OLD_MAX = 40, /* bytes of a notification without its configuration */
};

/* A voice: it stands where a peer would, on its host and election port, and keeps the rules of the
 * connections, but it says only what the play has it say. What it hears goes into its trace. All
 * zeros at first. */
struct play_voice {
    pthread_mutex_t mutex;
    struct zk_context *ctx;
    struct zk_thread_group *readers;
    struct sock *connections[VOICES_MAX]; /* guarded by mutex; by host; NULL: none */
};

/* arg: struct play_voice. Listens; never ends. */
int play_voice_main(int host, void *arg);

/* One notification. */
struct play_speech {
    struct play_voice *voice;
    int from;
    int to;
    int state; /* of enum server_state, or any other number */
    int64_t leader;
    int64_t zxid;
    int64_t round;
    int64_t epoch;
    int length; /* so many bytes of it, up to PLAY_SPEECH_OLD_MAX: 28 or 40 as old peers say it;
                 * 0: with a configuration, as of today */
    char config[1024];
    bool said; /* the frame is on its way */
};

/* For world_call on the voice's host: say it, over a connection that is made if there is none. arg:
 * struct play_speech, which stays where it is until the world ends. */
void *play_voice_say(void *arg);

/* Does nothing: a host on which a program has run has power, and refuses calls to closed ports. */
int play_power_main(int host, void *arg);

/* A peer's disk as an earlier life has left it. */
struct play_disk {
    int64_t zxid; /* of its snapshot, of an empty tree */
};

/* arg: struct play_disk. */
int play_disk_main(int host, void *arg);

#endif
