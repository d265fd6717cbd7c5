/* One mistake each, as small as it can be and as it is made in earnest. */
#include "planted.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 20, PORT = 5000 };

/* What the threads of a program share; on its main thread's stack. */
struct shared {
    pthread_mutex_t a;
    pthread_mutex_t b;
    pthread_cond_t cond;
    int turn;
    int fd;
};

static void pause_ms(int ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000L};
    nanosleep(&pause, NULL);
}

static void run_two(struct shared *shared, void *(*first)(void *arg), void *(*second)(void *arg))
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, first, shared);
    pthread_create(&threads[1], NULL, second, shared);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}

/* ---- locks ---------------------------------------------------------------------------------- */

static void *take_a_then_b(void *arg)
{
    struct shared *shared = arg;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&shared->a);
        pthread_mutex_lock(&shared->b);
        pthread_mutex_unlock(&shared->b);
        pthread_mutex_unlock(&shared->a);
    }
    return NULL;
}

static void *take_b_then_a(void *arg)
{
    struct shared *shared = arg;
    pthread_mutex_lock(&shared->b);
    pthread_mutex_lock(&shared->a);
    pthread_mutex_unlock(&shared->a);
    pthread_mutex_unlock(&shared->b);
    return NULL;
}

static int same_order(int host, void *arg)
{
    struct shared shared = {0};
    (void)host;
    (void)arg;
    run_two(&shared, take_a_then_b, take_a_then_b);
    return 0;
}

/* At the same time: some seeds close the cycle. */
static int opposite_orders(int host, void *arg)
{
    struct shared shared = {0};
    (void)host;
    (void)arg;
    run_two(&shared, take_a_then_b, take_b_then_a);
    return 0;
}

/* One after the other: no run can stand still, and yet it is wrong. */
static int opposite_orders_in_turn(int host, void *arg)
{
    struct shared shared = {0};
    (void)host;
    (void)arg;
    take_a_then_b(&shared);
    take_b_then_a(&shared);
    return 0;
}

static int relock(int host, void *arg)
{
    struct shared shared = {0};
    (void)host;
    (void)arg;
    pthread_mutex_lock(&shared.a);
    pthread_mutex_lock(&shared.a);
    return 0;
}

static void *unlock_a(void *arg)
{
    struct shared *shared = arg;
    pthread_mutex_unlock(&shared->a);
    return NULL;
}

static int unlock_foreign(int host, void *arg)
{
    struct shared shared = {0};
    (void)host;
    (void)arg;
    pthread_mutex_lock(&shared.a);
    run_two(&shared, unlock_a, unlock_a);
    return 0;
}

/* ---- conditions ----------------------------------------------------------------------------- */

static void *wait_for_turn(void *arg)
{
    struct shared *shared = arg;
    pthread_mutex_lock(&shared->a);
    while (shared->turn == 0)
        pthread_cond_wait(&shared->cond, &shared->a);
    pthread_mutex_unlock(&shared->a);
    return NULL;
}

static void *give_turn(void *arg)
{
    struct shared *shared = arg;
    pthread_mutex_lock(&shared->a);
    shared->turn = 1;
    pthread_cond_signal(&shared->cond);
    pthread_mutex_unlock(&shared->a);
    return NULL;
}

/* Signals first: whoever looks in between sleeps for ever. */
static void *signal_too_early(void *arg)
{
    struct shared *shared = arg;
    pthread_cond_signal(&shared->cond);
    pthread_mutex_lock(&shared->a);
    shared->turn = 1;
    pthread_mutex_unlock(&shared->a);
    return NULL;
}

static int sound_wait(int host, void *arg)
{
    struct shared shared = {0};
    (void)host;
    (void)arg;
    run_two(&shared, wait_for_turn, give_turn);
    return 0;
}

static int lost_wakeup(int host, void *arg)
{
    struct shared shared = {0};
    (void)host;
    (void)arg;
    run_two(&shared, wait_for_turn, signal_too_early);
    return 0;
}

/* "if" instead of "while": a wait that ends for no reason finds no turn. */
static void *wait_once(void *arg)
{
    struct shared *shared = arg;
    pthread_mutex_lock(&shared->a);
    if (shared->turn == 0)
        pthread_cond_wait(&shared->cond, &shared->a);
    if (shared->turn == 0)
        abort();
    pthread_mutex_unlock(&shared->a);
    return NULL;
}

static int wait_without_loop(int host, void *arg)
{
    (void)host;
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct shared shared = {0};
        run_two(&shared, wait_once, give_turn);
    }
    return 0;
}

static int destroy_used_cond(int host, void *arg)
{
    struct shared shared = {0};
    pthread_t thread;
    (void)host;
    (void)arg;
    pthread_create(&thread, NULL, wait_for_turn, &shared);
    pause_ms(10);
    pthread_cond_destroy(&shared.cond);
    return 0;
}

/* ---- what is left --------------------------------------------------------------------------- */

static int leak_memory(int host, void *arg)
{
    (void)host;
    (void)arg;
    char *volatile block = malloc(10);
    (void)block;
    return 0;
}

static int leak_descriptor(int host, void *arg)
{
    (void)host;
    (void)arg;
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int leak_thread(int host, void *arg)
{
    struct shared shared = {0};
    pthread_t thread;
    (void)host;
    (void)arg;
    pthread_create(&thread, NULL, give_turn, &shared);
    pause_ms(10);
    return 0; /* it has ended, but nobody has joined it */
}

static int free_twice(int host, void *arg)
{
    (void)host;
    (void)arg;
    char *block = malloc(10);
    char *volatile again = block;
    free(block);
    free(again);
    return 0;
}

/* ---- descriptors and connections ------------------------------------------------------------ */

static int close_twice(int host, void *arg)
{
    (void)host;
    (void)arg;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    close(fd);
    close(fd);
    return 0;
}

static int listen_here(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0)
        abort();
    return fd;
}

static void *accept_one(void *arg)
{
    struct shared *shared = arg;
    accept4(shared->fd, NULL, NULL, 0);
    return NULL;
}

static void *close_it(void *arg)
{
    struct shared *shared = arg;
    pause_ms(10);
    close(shared->fd);
    return NULL;
}

static int close_in_use(int host, void *arg)
{
    struct shared shared = {.fd = listen_here()};
    (void)host;
    (void)arg;
    run_two(&shared, accept_one, close_it);
    return 0;
}

/* The far end has gone; MSG_NOSIGNAL is missing. */
static int send_on_dead_connection(int host, void *arg)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    (void)host;
    (void)arg;
    int listener = listen_here();
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        abort();
    close(accept4(listener, NULL, NULL, 0));
    for (int i = 0; i < 3; i++) {
        pause_ms(10);
        send(fd, "x", 1, 0);
    }
    return 0;
}

int planted_never_read(int host, void *arg)
{
    (void)host;
    (void)arg;
    accept4(listen_here(), NULL, NULL, 0);
    for (;;)
        pause_ms(900);
}

int planted_send_for_ever(int host, void *arg)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    const char bytes[4096] = "";
    (void)host;
    (void)arg;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "10.0.0.2", &address.sin_addr);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        abort();
    while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
        continue;
    close(fd);
    return 0;
}

static int endless_loop(int host, void *arg)
{
    struct shared shared = {0};
    (void)host;
    (void)arg;
    while (shared.turn == 0) {
        pthread_mutex_lock(&shared.a);
        pthread_mutex_unlock(&shared.a);
    }
    return 0;
}

/* ---- disks ---------------------------------------------------------------------------------- */

static void write_number(bool sync_file, bool sync_directory)
{
    int fd = open(PLANTED_FILE ".tmp", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (write(fd, "1234567890", 10) != 10)
        abort();
    if (sync_file)
        fsync(fd);
    close(fd);
    rename(PLANTED_FILE ".tmp", PLANTED_FILE);
    fd = open("/data", O_RDONLY | O_DIRECTORY);
    if (sync_directory)
        fsync(fd);
    close(fd);
}

int planted_write_unsynced(int host, void *arg)
{
    (void)host;
    (void)arg;
    write_number(false, true);
    return 0;
}

int planted_write_nameless(int host, void *arg)
{
    (void)host;
    (void)arg;
    write_number(true, false);
    return 0;
}

int planted_write_safely(int host, void *arg)
{
    (void)host;
    (void)arg;
    write_number(true, true);
    return 0;
}

/* ---- between the calls ---------------------------------------------------------------------- */

static void *count(void *arg)
{
    volatile int *counter = &((struct shared *)arg)->turn;
    for (int i = 0; i < 1000; i++) {
        int seen = *counter;
        if (seen >= 0) /* a basic block of its own */
            *counter = seen + 1;
    }
    return NULL;
}

int planted_unlocked_counter(int host, void *arg)
{
    struct shared shared = {0};
    (void)host;
    (void)arg;
    run_two(&shared, count, count);
    if (shared.turn != 2000)
        abort();
    return 0;
}

/* ---- the list ------------------------------------------------------------------------------- */

const struct planted PLANTED[] = {
    {"locks in the same order", NULL, same_order},
    {"a sound wait", NULL, sound_wait},
    {"opposite locks", "wait cycle", opposite_orders},
    {"opposite locks, one after the other", "locks are taken in two orders",
     opposite_orders_in_turn},
    {"a lock taken twice", "which it holds", relock},
    {"unlocking somebody else's lock", "does not hold it", unlock_foreign},
    {"a lost wake-up", "nothing is due", lost_wakeup},
    {"a wait without a loop", "abort", wait_without_loop},
    {"a condition destroyed in use", "a condition is destroyed", destroy_used_cond},
    {"memory leak", "1 blocks of memory", leak_memory},
    {"descriptor leak", "1 descriptors", leak_descriptor},
    {"thread never joined", "never joined", leak_thread},
    {"memory freed twice", "freed twice", free_twice},
    {"descriptor closed twice", "closed twice", close_twice},
    {"descriptor closed in use", "while another thread is blocked", close_in_use},
    {"send on a dead connection", "SIGPIPE", send_on_dead_connection},
    {"a loop without end", "no end after", endless_loop},
};
const size_t PLANTED_COUNT = sizeof PLANTED / sizeof *PLANTED;
