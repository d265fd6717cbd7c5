/* The limit of a follower: it reads what a leader sends, keeps it, says so, and knows nothing.
 * No tree, no sessions, no commits, one thread.
 *
 *     bare_follower PORT ID LOG
 *
 * Joins the leader at that port of this machine, as a voter with that id that has nothing. All
 * proposals of one read are appended to LOG with one write; an fdatasync comes before their ACKs,
 * which leave with one write. Prints a line once the leader has said that it is up to date.
 *
 * Exit: 0 the leader has gone, 1 a system call failed, or what came is no packet, 2 wrong usage. */
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PROPOSAL = 2,
    ACK = 3,
    PING = 5,
    NEWLEADER = 10,
    FOLLOWERINFO = 11,
    UPTODATE = 12,
    SNAP = 15,
    LEADERINFO = 17,
    ACKEPOCH = 18,
    PROTOCOL_VERSION = 0x10000,
    ROOM = 4 << 20, /* for the largest packet, too */
    HEADER = 12,    /* type and zxid */
    BARE_PACKET = HEADER + 8,
};

/* What a snapshot ends with: a string and its length. */
static const char SIGNATURE[] = "\0\0\0\nBenWasHere";

struct bytes {
    size_t length;
    uint8_t bytes[ROOM];
};

static struct bytes in;        /* what was read, and not taken yet */
static struct bytes out;       /* what leaves with the next write to the leader */
static struct bytes unwritten; /* what is written to the log before that */
static int leader;
static int log_fd;
static off_t log_end;
static bool is_snapshot; /* what comes next is one */
static bool is_follower; /* proposals are to be acknowledged */
static int64_t new_leader_zxid;

static int32_t load_int(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return (int32_t)be32toh(value);
}

static void put(struct bytes *to, const void *bytes, size_t length)
{
    if (length > ROOM - to->length)
        exit(1);
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void put_int(struct bytes *to, int32_t value)
{
    uint32_t big = htobe32((uint32_t)value);
    put(to, &big, sizeof big);
}

static void put_long(struct bytes *to, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    put(to, &big, sizeof big);
}

/* A packet without data, or the beginning of one whose data the caller puts behind its length. */
static void put_packet(int32_t type, int64_t zxid, int32_t length)
{
    put_int(&out, type);
    put_long(&out, zxid);
    put_int(&out, length);
    if (length <= 0)
        put_int(&out, -1); /* the vector authinfo */
}

static void send_all(void)
{
    size_t sent = 0;
    while (sent < out.length) {
        ssize_t count = send(leader, out.bytes + sent, out.length - sent, MSG_NOSIGNAL);
        if (count < 0)
            exit(0);
        sent += (size_t)count;
    }
    out.length = 0;
}

static void join_leader(int64_t id)
{
    put_packet(FOLLOWERINFO, 0, 20);
    put_long(&out, id);
    put_int(&out, PROTOCOL_VERSION);
    put_long(&out, 0); /* of the configuration */
    put_int(&out, -1);
    send_all();
}

static void take_packet(int32_t type, const uint8_t *packet, int32_t length)
{
    uint64_t big;
    memcpy(&big, packet + 4, sizeof big);
    int64_t zxid = (int64_t)be64toh(big);
    if (type == PROPOSAL && is_follower) {
        put(&unwritten, packet + HEADER + 4, length > 0 ? (size_t)length : 0);
        put_packet(ACK, zxid, -1);
    } else if (type == PING) {
        put_packet(PING, zxid, 0);
    } else if (type == LEADERINFO) {
        put_packet(ACKEPOCH, 0, 4);
        put_int(&out, 0);
        put_int(&out, -1);
    } else if (type == NEWLEADER) {
        is_follower = true;
        new_leader_zxid = zxid;
        put_packet(ACK, zxid, -1);
    } else if (type == UPTODATE) {
        put_packet(ACK, new_leader_zxid, -1);
        puts("up to date");
        fflush(stdout);
    }
    is_snapshot = type == SNAP;
}

/* How many bytes of a snapshot can be passed over, up to its end if that is there. */
static size_t snapshot_bytes(const uint8_t *bytes, size_t length)
{
    const size_t end = sizeof SIGNATURE - 1;
    const uint8_t *found = memmem(bytes, length, SIGNATURE, end);
    is_snapshot = found == NULL;
    if (found != NULL)
        return (size_t)(found - bytes) + end;
    return length < end ? 0 : length - (end - 1); /* what may be half of it stays */
}

/* The length of the packet that begins here; 0 if it is not all there. */
static size_t packet_bytes(const uint8_t *bytes, size_t length)
{
    if (length < BARE_PACKET)
        return 0;
    int32_t data = load_int(bytes + HEADER);
    size_t whole = BARE_PACKET + (data > 0 ? (size_t)data : 0);
    if (whole > ROOM)
        exit(1);
    return whole <= length ? whole : 0;
}

static void take_packets(void)
{
    size_t position = 0;
    for (size_t length; position < in.length; position += length) {
        const uint8_t *bytes = in.bytes + position;
        size_t left = in.length - position;
        bool is_packet = !is_snapshot;
        length = is_packet ? packet_bytes(bytes, left) : snapshot_bytes(bytes, left);
        if (length == 0)
            break;
        if (is_packet)
            take_packet(load_int(bytes), bytes, load_int(bytes + HEADER));
    }
    in.length -= position;
    memmove(in.bytes, in.bytes + position, in.length);
}

static void write_log(void)
{
    if (unwritten.length == 0)
        return;
    if (pwrite(log_fd, unwritten.bytes, unwritten.length, log_end) != (ssize_t)unwritten.length ||
        fdatasync(log_fd) < 0)
        exit(1);
    log_end += (off_t)unwritten.length;
    unwritten.length = 0;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    log_fd = open(argv[3], O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    leader = socket(AF_INET, SOCK_STREAM, 0);
    if (log_fd < 0 || leader < 0 ||
        connect(leader, (struct sockaddr *)&address, sizeof address) < 0 ||
        setsockopt(leader, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        return 1;
    join_leader(atoi(argv[2]));
    for (;;) {
        ssize_t count = recv(leader, in.bytes + in.length, ROOM - in.length, 0);
        if (count <= 0)
            return 0;
        in.length += (size_t)count;
        take_packets();
        write_log();
        send_all();
    }
}
