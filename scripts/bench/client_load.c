/* Clients of one kind of request, by ZooKeeper's own C library, as fast as they are answered.
 *
 *     client_load SERVERS KIND COUNT SESSIONS WINDOW BYTES [look-ups]
 *
 * SERVERS is host:port,host:port. KIND is get, create, set or writes: two creations and one set in
 * turn. Each session has WINDOW requests on their way at any time; with one session and a window of
 * 1 it tells how long one takes. Prints one JSON object; the bench reads it.
 *
 * As it comes, the library asks for the addresses of all servers each time that it looks at its
 * socket, and that takes most of the machine. So it does only with look-ups.
 *
 * Exit: 0 all were answered well, 1 one was not, 2 wrong usage. */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

enum {
    SESSIONS_MAX = 4096,
    BYTES_MAX = 4096,
    CONNECT_S = 30,
    TIMEOUT_MS = 30000,
    WINDOW_MAX = 4096,
    SAMPLES_MAX = 1 << 20,
};

enum kind { GET, CREATE, SET, WRITES, KINDS };

struct session {
    zhandle_t *handle;
    int number;
    _Atomic int64_t sent; /* by the main thread, at first, and by the one of completions */
    int64_t answered;
    int64_t longest_ns;
};

struct request {
    struct session *session;
    int64_t sent_ns;
};

static struct session sessions[SESSIONS_MAX];
static enum kind kind;
static int64_t requests_each;
static int bytes;
static bool looks_up;
static char data[BYTES_MAX];
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int finished;
static int failure;
/* How long each took, for the median; of one session only, so that one thread writes. */
static int64_t samples[SAMPLES_MAX];
static size_t sample_count;

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

static void send_next(struct request *request);

static void answered(struct request *request, int code)
{
    struct session *session = request->session;
    int64_t took_ns = now_ns() - request->sent_ns;
    if (session->number == 0 && sample_count < SAMPLES_MAX)
        samples[sample_count++] = took_ns;
    if (took_ns > session->longest_ns)
        session->longest_ns = took_ns;
    session->answered++;
    if (code != ZOK || session->answered == requests_each)
        note(code, session->answered == requests_each);
    if (code == ZOK)
        send_next(request);
    else
        free(request);
}

static void created(int code, const char *path, const void *arg)
{
    (void)path;
    answered((struct request *)arg, code);
}

static void was_set(int code, const struct Stat *stat, const void *arg)
{
    (void)stat;
    answered((struct request *)arg, code);
}

static void got(int code, const char *value, int length, const struct Stat *stat, const void *arg)
{
    (void)value;
    (void)stat;
    answered((struct request *)arg, code == ZOK && length != bytes ? ZSYSTEMERROR : code);
}

static void send_next(struct request *request)
{
    struct session *session = request->session;
    char path[64];
    int64_t number = session->sent++;
    if (number >= requests_each) {
        free(request);
        return;
    }
    request->sent_ns = now_ns();
    int code;
    snprintf(path, sizeof path, "/bench-%d-%d", (int)getpid(), session->number);
    if (kind == GET) {
        code = zoo_aget(session->handle, path, 0, got, request);
    } else if (kind == SET || (kind == WRITES && number % 3 == 2)) {
        code = zoo_aset(session->handle, path, data, bytes, -1, was_set, request);
    } else {
        size_t length = strlen(path);
        snprintf(path + length, sizeof path - length, "/n-%" PRId64, number);
        code = zoo_acreate(session->handle, path, data, bytes, &ZOO_OPEN_ACL_UNSAFE, 0, created,
                           request);
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
    zoo_set_servers_resolution_delay(session->handle, looks_up ? 0 : -1);
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

static int compare(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one;
    int64_t b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static bool read_arguments(int argc, char **argv, int *ret_sessions, int *ret_window)
{
    static const char *const kinds[] = {"get", "create", "set", "writes"};
    if (argc != 7 && argc != 8)
        return false;
    looks_up = argc == 8;
    if (looks_up && strcmp(argv[7], "look-ups") != 0)
        return false;
    while (kind < KINDS && strcmp(argv[2], kinds[kind]) != 0)
        kind++;
    *ret_sessions = atoi(argv[4]);
    *ret_window = atoi(argv[5]);
    bytes = atoi(argv[6]);
    if (kind == KINDS || *ret_sessions < 1 || *ret_sessions > SESSIONS_MAX || *ret_window < 1 ||
        *ret_window > WINDOW_MAX || bytes < 0 || bytes > BYTES_MAX)
        return false;
    requests_each = atoll(argv[3]) / *ret_sessions;
    return requests_each >= *ret_window;
}

int main(int argc, char **argv)
{
    int count;
    int window;
    if (!read_arguments(argc, argv, &count, &window))
        return 2;
    memset(data, 'x', sizeof data);
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    for (int i = 0; i < count; i++) {
        sessions[i].number = i;
        if (!open_session(&sessions[i], argv[1]))
            return 1;
    }
    /* The bench measures from this line to the next: opening the sessions is not meant. */
    puts("begin");
    fflush(stdout);
    (void)getchar();
    int64_t began_ns = now_ns();
    for (int k = 0; k < window; k++) {
        for (int i = 0; i < count; i++) {
            struct request *request = calloc(1, sizeof *request);
            if (request == NULL)
                return 1;
            request->session = &sessions[i];
            send_next(request);
        }
    }
    if (!wait_for(count))
        return 1;
    double seconds = (double)(now_ns() - began_ns) / 1e9;
    qsort(samples, sample_count, sizeof *samples, compare);
    size_t median = sample_count / 2;
    size_t p99 = sample_count * 99 / 100;
    int64_t longest_ns = 0;
    for (int i = 0; i < count; i++)
        if (sessions[i].longest_ns > longest_ns)
            longest_ns = sessions[i].longest_ns;
    printf("{\"requests\":%" PRId64 ",\"seconds\":%.4f,\"median_us\":%.1f,\"p99_us\":%.1f,"
           "\"longest_ms\":%.1f}\n",
           requests_each * count, seconds, (double)samples[median] / 1e3,
           (double)samples[p99] / 1e3, (double)longest_ns / 1e6);
    fflush(stdout);
    (void)getchar();
    for (int i = 0; i < count; i++)
        zookeeper_close(sessions[i].handle);
    return 0;
}
