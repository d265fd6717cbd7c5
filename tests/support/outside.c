/* The calls that are bent here are defined here: the linker prefers a program's own functions to
 * the C library's, of which the next ones in line are asked for what goes on as usual. */
#include "outside.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's are __fd ... */

enum {
    NAMES_MAX = 8,
    NAME_SIZE = 64,
    INTERFACES_MAX = 4,
};

struct fault {
    int error;
    int pass;
    int times;
    int failures;
    const char *part; /* of the path; NULL: whatever it is */
};

struct known_name {
    char name[NAME_SIZE];
    struct in_addr address;
};

struct known_interface {
    char name[IF_NAMESIZE];
    unsigned number;
    struct sockaddr_in6 address;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards all of these: */
static struct fault faults[OUTSIDE_CALLS];
static struct known_name names[NAMES_MAX];
static int names_asked;
static struct known_interface interfaces[INTERFACES_MAX];
static size_t interfaces_known; /* 0: those of the system */
static int64_t passed_ms;
static int64_t wall_ahead_ms;
static bool clocks_stand;
static struct timespec stopped_at, wall_stopped_at; /* of CLOCK_MONOTONIC, and CLOCK_REALTIME */
static const char *removed_part; /* of the path of the file that will be gone; NULL: none */
static int opens_before;         /* of that file, before it goes */
static size_t write_limit = SIZE_MAX;
static int empty_wakes;
static const char *watched_threads; /* NULL: none */
static struct outside_seen seen;
static enum outside_call held_call = OUTSIDE_CALLS; /* which is none */
static int pass_before_hold;
static pthread_t holder;
static int held_threads;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;

/* The function of that name that would have been called without this file. On a machine of 32 bits
 * the headers call those for 64-bit times and offsets, which have other names where they exist. */
static void *system_function(const char *name)
{
    static const char *const wide_names[] = {"__%s64_time64", "__%s_time64", "__%s64", "%s64"};
    void *function = NULL;
    for (size_t i = 0; sizeof(time_t) > sizeof(long) && function == NULL && i < 4; i++) {
        char wide[64];
        strcpy(strstr(strcpy(wide, wide_names[i]), "%s"), name);
        strcat(wide, strstr(wide_names[i], "%s") + 2);
        function = dlsym(RTLD_NEXT, wide);
    }
    if (function == NULL)
        function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

/* A function pointer of the type of NAME, by a detour: ISO C knows no way from an object's. */
#define SYSTEM(name)                                                                               \
    (((union {                                                                                     \
         void *object;                                                                             \
         __typeof__(&(name)) function;                                                             \
     }){system_function(#name)})                                                                   \
         .function)

/* --- calls that fail --- */

void outside_fail(enum outside_call call, int error, int pass, int times)
{
    pthread_mutex_lock(&mutex);
    faults[call] = (struct fault){.error = error, .pass = pass, .times = times};
    pthread_mutex_unlock(&mutex);
}

void outside_fail_path(enum outside_call call, const char *part, int error)
{
    pthread_mutex_lock(&mutex);
    faults[call] = (struct fault){.error = error, .times = OUTSIDE_FOR_EVER, .part = part};
    pthread_mutex_unlock(&mutex);
}

int outside_failures(enum outside_call call)
{
    pthread_mutex_lock(&mutex);
    int failures = faults[call].failures;
    pthread_mutex_unlock(&mutex);
    return failures;
}

void outside_hold(enum outside_call call)
{
    outside_hold_after(call, 0);
}

void outside_hold_after(enum outside_call call, int pass)
{
    pthread_mutex_lock(&mutex);
    held_call = call;
    pass_before_hold = pass;
    holder = pthread_self();
    pthread_mutex_unlock(&mutex);
}

void outside_release(void)
{
    outside_hold(OUTSIDE_CALLS);
    pthread_cond_broadcast(&released);
}

int outside_held(void)
{
    pthread_mutex_lock(&mutex);
    int threads = held_threads;
    pthread_mutex_unlock(&mutex);
    return threads;
}

static void wait_while_held_locked(enum outside_call call)
{
    if (held_call == call && pass_before_hold > 0 && !pthread_equal(holder, pthread_self())) {
        pass_before_hold--;
        return;
    }
    held_threads++;
    while (held_call == call && !pthread_equal(holder, pthread_self()))
        SYSTEM(pthread_cond_wait)(&released, &mutex);
    held_threads--;
}

/* The errno with which this call is to fail; 0: it is not. */
static int fault_due_for_path(enum outside_call call, const char *path)
{
    struct fault *fault = &faults[call];
    int error = 0;
    pthread_mutex_lock(&mutex);
    wait_while_held_locked(call);
    if (fault->part != NULL && strstr(path, fault->part) == NULL) {
        ; /* another file */
    } else if (fault->times != 0 && fault->pass > 0) {
        fault->pass--;
    } else if (fault->times != 0) {
        error = fault->error;
        fault->failures++;
        fault->times -= fault->times > 0;
    }
    pthread_mutex_unlock(&mutex);
    return error;
}

static int fault_due(enum outside_call call)
{
    return fault_due_for_path(call, "");
}

void outside_write_at_most(size_t length)
{
    pthread_mutex_lock(&mutex);
    write_limit = length;
    pthread_mutex_unlock(&mutex);
}

static size_t shortened(size_t length)
{
    pthread_mutex_lock(&mutex);
    size_t limit = write_limit;
    pthread_mutex_unlock(&mutex);
    return length < limit ? length : limit;
}

/* --- calls that are watched --- */

void outside_watch(const char *threads)
{
    pthread_mutex_lock(&mutex);
    watched_threads = threads;
    seen = (struct outside_seen){.smallest_recv = SIZE_MAX};
    pthread_mutex_unlock(&mutex);
}

struct outside_seen outside_seen(void)
{
    pthread_mutex_lock(&mutex);
    struct outside_seen now = seen;
    pthread_mutex_unlock(&mutex);
    return now;
}

static bool is_watched_locked(void)
{
    char name[NAME_SIZE];
    return watched_threads != NULL && pthread_getname_np(pthread_self(), name, sizeof name) == 0 &&
           strcmp(name, watched_threads) == 0;
}

static size_t noted_recv(size_t length)
{
    pthread_mutex_lock(&mutex);
    if (is_watched_locked()) {
        seen.recvs++;
        if (length < seen.smallest_recv)
            seen.smallest_recv = length;
    }
    pthread_mutex_unlock(&mutex);
    return length;
}

static int noted_option(int option, const void *value)
{
    pthread_mutex_lock(&mutex);
    if (option == SO_RCVLOWAT && is_watched_locked()) {
        seen.low_water_changes++;
        memcpy(&seen.low_water, value, sizeof seen.low_water);
        if (seen.low_water > seen.highest_low_water)
            seen.highest_low_water = seen.low_water;
    }
    pthread_mutex_unlock(&mutex);
    return option;
}

int pthread_cond_signal(pthread_cond_t *cond)
{
    pthread_mutex_lock(&mutex);
    seen.signals += is_watched_locked();
    pthread_mutex_unlock(&mutex);
    return SYSTEM(pthread_cond_signal)(cond);
}

/* NAME fails if it is due to, with -1 and errno; else it is the system's. */
#define MAY_FAIL(type, name, call, parameters, ...)                                                \
    type name parameters                                                                           \
    {                                                                                              \
        int error = fault_due(call);                                                               \
        if (error == 0)                                                                            \
            return SYSTEM(name)(__VA_ARGS__);                                                      \
        errno = error;                                                                             \
        return -1;                                                                                 \
    }

/* clang-format off */
MAY_FAIL(int, socket, OUTSIDE_SOCKET, (int domain, int type, int protocol), domain, type, protocol)
MAY_FAIL(int, setsockopt, OUTSIDE_SETSOCKOPT,
         (int fd, int level, int option, const void *value, socklen_t length),
         fd, level, noted_option(option, value), value, length)
MAY_FAIL(int, getsockopt, OUTSIDE_GETSOCKOPT,
         (int fd, int level, int option, void *restrict value, socklen_t *restrict length),
         fd, level, option, value, length)
MAY_FAIL(int, getsockname, OUTSIDE_GETSOCKNAME,
         (int fd, __SOCKADDR_ARG address, socklen_t *restrict length), fd, address, length)
MAY_FAIL(int, getpeername, OUTSIDE_GETPEERNAME,
         (int fd, __SOCKADDR_ARG address, socklen_t *restrict length), fd, address, length)
MAY_FAIL(int, bind, OUTSIDE_BIND,
         (int fd, __CONST_SOCKADDR_ARG address, socklen_t length), fd, address, length)
MAY_FAIL(int, listen, OUTSIDE_LISTEN, (int fd, int backlog), fd, backlog)
MAY_FAIL(int, connect, OUTSIDE_CONNECT,
         (int fd, __CONST_SOCKADDR_ARG address, socklen_t length), fd, address, length)
MAY_FAIL(int, accept4, OUTSIDE_ACCEPT,
         (int fd, __SOCKADDR_ARG address, socklen_t *restrict length, int flags),
         fd, address, length, flags)
MAY_FAIL(int, poll, OUTSIDE_POLL,
         (struct pollfd *watched, nfds_t count, int timeout), watched, count, timeout)
MAY_FAIL(ssize_t, send, OUTSIDE_SEND,
         (int fd, const void *bytes, size_t length, int flags), fd, bytes, length, flags)
MAY_FAIL(ssize_t, recv, OUTSIDE_RECV,
         (int fd, void *bytes, size_t length, int flags), fd, bytes, noted_recv(length), flags)
MAY_FAIL(int, flock, OUTSIDE_FLOCK, (int fd, int operation), fd, operation)
MAY_FAIL(ssize_t, read, OUTSIDE_READ, (int fd, void *bytes, size_t length), fd, bytes, length)
MAY_FAIL(ssize_t, pread, OUTSIDE_PREAD,
         (int fd, void *bytes, size_t length, off_t at), fd, bytes, length, at)
MAY_FAIL(ssize_t, write, OUTSIDE_WRITE,
         (int fd, const void *bytes, size_t length), fd, bytes, shortened(length))
MAY_FAIL(ssize_t, pwrite, OUTSIDE_PWRITE,
         (int fd, const void *bytes, size_t length, off_t at), fd, bytes, length, at)
MAY_FAIL(int, fsync, OUTSIDE_FSYNC, (int fd), fd)
MAY_FAIL(int, fdatasync, OUTSIDE_FDATASYNC, (int fd), fd)
MAY_FAIL(int, ftruncate, OUTSIDE_FTRUNCATE, (int fd, off_t size), fd, size)
/* clang-format on */

void *dlopen(const char *file, int mode)
{
    return fault_due(OUTSIDE_DLOPEN) != 0 ? NULL : SYSTEM(dlopen)(file, mode);
}

/* The same for calls that take a path. */
#define PATH_MAY_FAIL(name, call, parameters, ...)                                                 \
    int name parameters                                                                            \
    {                                                                                              \
        int error = fault_due_for_path(call, path);                                                \
        if (error == 0)                                                                            \
            return SYSTEM(name)(__VA_ARGS__);                                                      \
        errno = error;                                                                             \
        return -1;                                                                                 \
    }

/* clang-format off */
PATH_MAY_FAIL(stat, OUTSIDE_STAT,
              (const char *restrict path, struct stat *restrict status), path, status)
PATH_MAY_FAIL(access, OUTSIDE_ACCESS, (const char *path, int mode), path, mode)
PATH_MAY_FAIL(unlink, OUTSIDE_UNLINK, (const char *path), path)
PATH_MAY_FAIL(mkdir, OUTSIDE_MKDIR, (const char *path, mode_t mode), path, mode)
/* clang-format on */

void outside_remove_before_open(const char *part, int pass)
{
    pthread_mutex_lock(&mutex);
    removed_part = part;
    opens_before = pass;
    pthread_mutex_unlock(&mutex);
}

static void remove_if_due(const char *path)
{
    pthread_mutex_lock(&mutex);
    bool is_it = removed_part != NULL && strstr(path, removed_part) != NULL;
    if (is_it && opens_before-- == 0) {
        (void)SYSTEM(unlink)(path);
        removed_part = NULL;
    }
    pthread_mutex_unlock(&mutex);
}

int open(const char *path, int flags, ...)
{
    int error = fault_due_for_path(OUTSIDE_OPEN, path);
    if (error == 0 && (flags & O_ACCMODE) != O_RDONLY)
        error = fault_due_for_path(OUTSIDE_OPEN_TO_WRITE, path);
    remove_if_due(path);
    if (error != 0) {
        errno = error;
        return -1;
    }
    va_list args;
    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    return SYSTEM(open)(path, flags, mode);
}

DIR *opendir(const char *path)
{
    int error = fault_due_for_path(OUTSIDE_OPENDIR, path);
    if (error == 0)
        return SYSTEM(opendir)(path);
    errno = error;
    return NULL;
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                   void *(*start)(void *), void *restrict arg)
{
    int error = fault_due(OUTSIDE_PTHREAD_CREATE);
    return error != 0 ? error : SYSTEM(pthread_create)(thread, attributes, start, arg);
}

/* --- names --- */

static struct known_name *find_name_locked(const char *name)
{
    for (size_t i = 0; i < NAMES_MAX; i++)
        if (strcasecmp(names[i].name, name) == 0)
            return &names[i];
    return NULL;
}

void outside_name(const char *name, const char *ip)
{
    pthread_mutex_lock(&mutex);
    struct known_name *place = find_name_locked(name);
    if (place == NULL)
        place = find_name_locked("");
    if (place == NULL || strlen(name) >= NAME_SIZE)
        abort();
    *place = (struct known_name){0};
    if (ip != NULL) {
        snprintf(place->name, sizeof place->name, "%s", name);
        if (inet_pton(AF_INET, ip, &place->address) != 1)
            abort();
    }
    pthread_mutex_unlock(&mutex);
}

int outside_names_asked(void)
{
    pthread_mutex_lock(&mutex);
    int asked = names_asked;
    pthread_mutex_unlock(&mutex);
    return asked;
}

static bool is_ours(const char *name)
{
    static const char end[] = ".zk.test";
    size_t length = name == NULL ? 0 : strlen(name);
    return length >= sizeof end - 1 && strcmp(name + length - (sizeof end - 1), end) == 0;
}

/* An answer and its address are one piece of memory, as the C library's are: its freeaddrinfo()
 * frees both. */
struct answer {
    struct addrinfo info;
    struct sockaddr_in address;
};

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict ret_answers)
{
    if (!is_ours(name))
        return SYSTEM(getaddrinfo)(name, service, hints, ret_answers);
    pthread_mutex_lock(&mutex);
    names_asked++;
    const struct known_name *known = find_name_locked(name);
    struct in_addr address = known == NULL ? (struct in_addr){0} : known->address;
    pthread_mutex_unlock(&mutex);
    if (known == NULL)
        return EAI_NONAME;
    struct answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL)
        return EAI_MEMORY;
    answer->address.sin_family = AF_INET;
    answer->address.sin_addr = address;
    answer->info.ai_family = AF_INET;
    answer->info.ai_addr = (struct sockaddr *)&answer->address;
    answer->info.ai_addrlen = sizeof answer->address;
    *ret_answers = &answer->info;
    return 0;
}

/* --- time --- */

static int64_t passed(void)
{
    pthread_mutex_lock(&mutex);
    int64_t ms = passed_ms;
    pthread_mutex_unlock(&mutex);
    return ms;
}

void outside_let_time_pass(int64_t ms)
{
    pthread_mutex_lock(&mutex);
    passed_ms += ms;
    pthread_mutex_unlock(&mutex);
}

void outside_set_wall_clock(int64_t ms)
{
    pthread_mutex_lock(&mutex);
    wall_ahead_ms = ms;
    pthread_mutex_unlock(&mutex);
}

static int64_t wall_ahead(void)
{
    pthread_mutex_lock(&mutex);
    int64_t ms = wall_ahead_ms;
    pthread_mutex_unlock(&mutex);
    return ms;
}

static struct timespec plus(struct timespec time, int64_t ms)
{
    int64_t ns = (int64_t)time.tv_nsec + ms % 1000 * 1000000;
    time.tv_sec += (time_t)(ms / 1000);
    if (ns < 0 || ns >= 1000000000) {
        time.tv_sec += ns < 0 ? -1 : 1;
        ns += ns < 0 ? 1000000000 : -1000000000;
    }
    time.tv_nsec = (long)ns;
    return time;
}

void outside_stop_clocks(void)
{
    struct timespec now, wall_now;
    SYSTEM(clock_gettime)(CLOCK_MONOTONIC, &now);
    SYSTEM(clock_gettime)(CLOCK_REALTIME, &wall_now);
    pthread_mutex_lock(&mutex);
    clocks_stand = true;
    stopped_at = now;
    wall_stopped_at = wall_now;
    pthread_mutex_unlock(&mutex);
}

static void stop_if_watched(clockid_t clock_id, struct timespec *time)
{
    pthread_mutex_lock(&mutex);
    if (clocks_stand && is_watched_locked()) {
        if (clock_id == CLOCK_MONOTONIC)
            *time = stopped_at;
        else if (clock_id == CLOCK_REALTIME)
            *time = wall_stopped_at;
    }
    pthread_mutex_unlock(&mutex);
}

int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    int r = SYSTEM(clock_gettime)(clock_id, tp);
    if (r == 0)
        stop_if_watched(clock_id, tp);
    if (r == 0)
        *tp = plus(*tp, passed() + (clock_id == CLOCK_REALTIME ? wall_ahead() : 0));
    return r;
}

void outside_wake_for_nothing(int times)
{
    pthread_mutex_lock(&mutex);
    empty_wakes = times;
    pthread_mutex_unlock(&mutex);
}

static bool wakes_for_nothing(void)
{
    pthread_mutex_lock(&mutex);
    bool wakes = empty_wakes > 0;
    empty_wakes -= wakes;
    pthread_mutex_unlock(&mutex);
    return wakes;
}

int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict guard)
{
    return wakes_for_nothing() ? 0 : SYSTEM(pthread_cond_wait)(cond, guard);
}

/* The deadline was computed from the clock above; the system waits by its own. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict guard,
                           const struct timespec *restrict deadline)
{
    if (wakes_for_nothing())
        return 0;
    pthread_mutex_lock(&mutex);
    seen.timed_waits += is_watched_locked();
    pthread_mutex_unlock(&mutex);
    struct timespec until = plus(*deadline, -passed());
    return SYSTEM(pthread_cond_timedwait)(cond, guard, &until);
}

/* --- the end --- */

void outside_interface(const char *name, unsigned number, const char *ip)
{
    pthread_mutex_lock(&mutex);
    if (interfaces_known == INTERFACES_MAX)
        abort();
    struct known_interface *place = &interfaces[interfaces_known++];
    snprintf(place->name, sizeof place->name, "%s", name);
    place->number = number;
    place->address = (struct sockaddr_in6){.sin6_family = AF_INET6};
    if (inet_pton(AF_INET6, ip, &place->address.sin6_addr) != 1)
        abort();
    if (IN6_IS_ADDR_LINKLOCAL(&place->address.sin6_addr))
        place->address.sin6_scope_id = number;
    pthread_mutex_unlock(&mutex);
}

unsigned if_nametoindex(const char *name)
{
    unsigned number = 0;
    pthread_mutex_lock(&mutex);
    const bool system = interfaces_known == 0;
    for (size_t i = 0; i < INTERFACES_MAX && i < interfaces_known; i++)
        if (strcmp(interfaces[i].name, name) == 0)
            number = interfaces[i].number;
    pthread_mutex_unlock(&mutex);
    return system ? SYSTEM(if_nametoindex)(name) : number;
}

/* Our entries are one piece of memory, as the C library's are: its freeifaddrs() frees both. */
int getifaddrs(struct ifaddrs **ret_entries)
{
    struct list {
        struct ifaddrs entries[INTERFACES_MAX];
        struct known_interface interfaces[INTERFACES_MAX];
    };
    pthread_mutex_lock(&mutex);
    const size_t count = interfaces_known;
    struct list *list = count == 0 ? NULL : calloc(1, sizeof *list);
    if (list != NULL)
        memcpy(list->interfaces, interfaces, sizeof interfaces);
    pthread_mutex_unlock(&mutex);
    if (count == 0)
        return SYSTEM(getifaddrs)(ret_entries);
    if (list == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        list->entries[i].ifa_next = i + 1 < count ? &list->entries[i + 1] : NULL;
        list->entries[i].ifa_name = list->interfaces[i].name;
        list->entries[i].ifa_addr = (struct sockaddr *)&list->interfaces[i].address;
    }
    *ret_entries = list->entries;
    return 0;
}

int outside_restore(void **state)
{
    (void)state;
    pthread_mutex_lock(&mutex);
    memset(faults, 0, sizeof faults);
    memset(names, 0, sizeof names);
    names_asked = 0;
    interfaces_known = 0;
    removed_part = NULL;
    write_limit = SIZE_MAX;
    empty_wakes = 0;
    watched_threads = NULL;
    clocks_stand = false;
    pthread_mutex_unlock(&mutex);
    outside_release();
    return 0;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
