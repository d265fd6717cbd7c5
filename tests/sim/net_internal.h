/* What net.c (links, connections, bytes under way) and net_calls.c (the program's calls) share. */
#ifndef SIM_NET_INTERNAL_H
#define SIM_NET_INTERNAL_H

#include <netinet/in.h>

#include "internal.h"

enum end_state {
    END_FRESH,
    END_BOUND,
    END_LISTENS,
    END_CONNECTS,
    END_UP,
    END_BROKEN, /* reset, refused or given up; error may still have to be told */
};

/* What has become of one side of a connection. */
enum fate {
    FATE_OPEN,
    FATE_CLOSED,   /* by a system that lives on and can answer for it */
    FATE_VANISHED, /* with its host */
};

enum segment_kind {
    SEGMENT_DATA,
    SEGMENT_FIN,
    SEGMENT_RESET,
    SEGMENT_ACCEPTED, /* the answer to the first packet */
};

struct segment {
    struct segment *next;
    enum segment_kind kind;
    int64_t arrives_ns;
    size_t length;
    size_t taken; /* bytes that the receiver has read */
    uint8_t bytes[];
};

struct segments {
    struct segment *first;
    struct segment *last;
    size_t bytes; /* of all, less those taken */
};

/* One direction of a connection: what is under way to an end. */
struct way {
    struct connection *connection;
    int side;
    struct segments segments;
    int64_t last_arrival_ns; /* nothing overtakes */
    int64_t line_free_ns;    /* the narrow line is busy until then */
    bool held_back;          /* the link is cut: until it heals or the sender gives up */
    struct event event;      /* the first arrival; while held back: giving up */
};

struct connection {
    struct connection *next;
    struct connection *prev;
    struct end *ends[2]; /* 0 dialled; NULL: gone */
    enum fate fates[2];
    int hosts[2];
    struct way ways[2]; /* ways[i] leads to ends[i] */
    struct event dial;  /* the first packet, sent again and again */
    int dials;
};

/* A socket. */
struct end {
    enum end_state state;
    struct handle *handle; /* NULL: waits in a listener's queue */
    int host;
    struct in_addr ip; /* own and far address */
    struct in_addr far_ip;
    uint16_t port; /* in host order */
    uint16_t far_port;

    struct end *listener_next; /* in the list of listeners */
    struct end *queue;         /* of a listener: connections to be accepted, oldest first */
    struct end *queue_next;
    int queued;
    int backlog;

    struct connection *connection;
    int side;
    struct segments received;
    size_t low_water;  /* what has come is ready from so many bytes on */
    int error;         /* told once by the next call, then 0 */
    bool far_finished; /* the other side has said its last */
    bool shut_read;
    bool shut_write;
    bool accepted;
    bool connect_told; /* a call of connect has said that it is up */
};

struct end *end_new(int host);
struct end *listener_find(int host, uint16_t port);
void listener_add(struct end *end);
void listener_remove(struct end *end, bool power_loss);
/* Begins to dial far_ip:far_port on host; the end's state says what comes of it. */
void end_dial(struct end *end, int host);
void end_send_segment(struct end *end, enum segment_kind kind, const void *bytes, size_t length);
/* Bytes that may be sent now without waiting. */
size_t end_room(const struct end *end);
/* The receiver has read so much: the sender's window moves. */
void end_has_read(struct end *end, size_t count);
/* Back to a socket that was never connected or listened, with an error to be told. */
void end_disconnect(struct end *end, int error);
void segments_clear(struct segments *segments);
/* Takes up to room bytes from the front. */
size_t segments_take(struct segments *segments, uint8_t *ret_bytes, size_t room, bool keep);

#endif
