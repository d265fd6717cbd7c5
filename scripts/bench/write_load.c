/* Clients that write as fast as they are answered, by ZooKeeper's own C library.
 *
 *     write_load SERVERS WRITES SESSIONS WINDOW BYTES
 *
 * SERVERS is host:port,host:port. Each session has WINDOW writes on their way at any time, two
 * creations and one change of data in turn, with BYTES of data each. Prints one JSON object; the
 * bench reads it.
 *
 * Exit: 0 all writes were acknowledged, 1 one was not, 2 wrong usage. */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

enum { SESSIONS_MAX = 64, BYTES_MAX = 4096, CONNECT_S = 30, TIMEOUT_MS = 30000, WINDOW_MAX = 4096 };

struct session {
    zhandle_t *handle;
    int number;
    _Atomic int64_t sent; /* by the main thread, at first, and by the one of completions */
    int64_t answered;
    int64_t longest_ns;
};

struct write {
    struct session *session;
    int64_t sent_ns;
};

static struct session sessions[SESSIONS_MAX];
static int64_t writes_each;
static int bytes;
static char data[BYTES_MAX];
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int finished;
static int failure;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void note(int code, bool is_last)
{
    pthread_mutex_lock(&mu);
    if (code != ZOK)
        failure = code;
    finished += is_last;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mu);
}

static void send_next(struct write *write);

static void answered(struct write *write, int code)
{
    struct session *session = write->session;
    int64_t took_ns = now_ns() - write->sent_ns;
    if (took_ns > session->longest_ns)
        session->longest_ns = took_ns;
    session->answered++;
    if (code != ZOK || session->answered == writes_each)
        note(code, session->answered == writes_each);
    if (code == ZOK)
        send_next(write);
    else
        free(write);
}

static void created(int code, const char *path, const void *arg)
{
    (void)path;
    answered((struct write *)arg, code);
}

static void was_set(int code, const struct Stat *stat, const void *arg)
{
    (void)stat;
    answered((struct write *)arg, code);
}

static void send_next(struct write *write)
{
    struct session *session = write->session;
    char path[64];
    int64_t number = session->sent++;
    if (number >= writes_each) {
        free(write);
        return;
    }
    write->sent_ns = now_ns();
    int code;
    if (number % 3 == 2) {
        snprintf(path, sizeof path, "/bench-%d-%d", (int)getpid(), session->number);
        code = zoo_aset(session->handle, path, data, bytes, -1, was_set, write);
    } else {
        snprintf(path, sizeof path, "/bench-%d-%d/n-%" PRId64, (int)getpid(), session->number,
                 number);
        code = zoo_acreate(session->handle, path, data, bytes, &ZOO_OPEN_ACL_UNSAFE, 0, created,
                           write);
    }
    if (code != ZOK)
        note(code, false);
}

/* Connects and makes the session's own node. */
static bool open_session(struct session *session, const char *servers)
{
    char path[64];
    int code = ZCONNECTIONLOSS;
    session->handle = zookeeper_init(servers, NULL, TIMEOUT_MS, NULL, NULL, 0);
    if (session->handle == NULL)
        return false;
    snprintf(path, sizeof path, "/bench-%d-%d", (int)getpid(), session->number);
    for (int i = 0; code == ZCONNECTIONLOSS && i < CONNECT_S; i++)
        code = zoo_create(session->handle, path, data, bytes, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    return code == ZOK;
}

static bool wait_for(int count)
{
    pthread_mutex_lock(&mu);
    while (finished < count && failure == ZOK)
        pthread_cond_wait(&changed, &mu);
    bool fine = failure == ZOK;
    pthread_mutex_unlock(&mu);
    return fine;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    int count = atoi(argv[3]);
    int window = atoi(argv[4]);
    bytes = atoi(argv[5]);
    if (count < 1 || count > SESSIONS_MAX || window < 1 || window > WINDOW_MAX || bytes < 0 ||
        bytes > BYTES_MAX)
        return 2;
    writes_each = atoll(argv[2]) / count;
    if (writes_each < window)
        return 2;
    memset(data, 'x', sizeof data);
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    for (int i = 0; i < count; i++) {
        sessions[i].number = i;
        if (!open_session(&sessions[i], argv[1]))
            return 1;
    }
    int64_t began_ns = now_ns();
    for (int k = 0; k < window; k++) {
        for (int i = 0; i < count; i++) {
            struct write *write = calloc(1, sizeof *write);
            if (write == NULL)
                return 1;
            write->session = &sessions[i];
            send_next(write);
        }
    }
    if (!wait_for(count))
        return 1;
    double seconds = (double)(now_ns() - began_ns) / 1e9;
    int64_t longest_ns = 0;
    for (int i = 0; i < count; i++)
        if (sessions[i].longest_ns > longest_ns)
            longest_ns = sessions[i].longest_ns;
    printf("{\"writes\":%" PRId64 ",\"seconds\":%.3f,\"longest_ms\":%.1f}\n", writes_each * count,
           seconds, (double)longest_ns / 1e6);
    for (int i = 0; i < count; i++)
        zookeeper_close(sessions[i].handle);
    return 0;
}
