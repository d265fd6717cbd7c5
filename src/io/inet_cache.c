/* The cache of host names. The system is asked without the lock: two threads may ask for one name
 * at the same time, and both store the answer. */
#include "io/inet_cache.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/inet_internal.h"
#include "io/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"

enum {
    /* Java's networkaddress.cache.ttl, where no security manager is set */
    CACHE_SUCCESS_MS = 30000,
    CACHE_FAILURE_MS = 10000, /* Java's networkaddress.cache.negative.ttl */
    CACHE_LIMIT = 1024,       /* names may come from strangers (D-67) */
};

struct inet_cache_entry {
    int64_t expires_ms;
    struct inet_address answer; /* host is the name; port is not used */
};

struct inet_cache {
    struct zk_mutex mu; /* L-104. Guards: */
    struct inet_cache_entry *entries GUARDED_BY(&mu);
    size_t count GUARDED_BY(&mu);
};

void *inet_cache_new(struct zk_context *ctx)
{
    struct inet_cache *cache = zk_xcalloc(1, sizeof *cache);
    zk_mutex_init(&cache->mu, ctx, "resolver", ZK_RANK_RESOLVER);
    return cache;
}

void inet_cache_free(void *names) UNSHARED
{
    struct inet_cache *cache = names;
    if (cache == NULL)
        return;
    zk_mutex_destroy(&cache->mu);
    free(cache->entries);
    free(cache);
}

static struct inet_cache_entry *cache_find_locked(struct inet_cache *cache, const char *name)
    REQUIRES(&cache->mu)
{
    for (size_t i = 0; i < cache->count; i++)
        if (strcasecmp(cache->entries[i].answer.host, name) == 0)
            return &cache->entries[i];
    return NULL;
}

static bool cache_get(struct inet_cache *cache, struct inet_address *address)
{
    zk_mutex_lock(&cache->mu);
    const struct inet_cache_entry *entry = cache_find_locked(cache, address->host);
    bool fresh = entry != NULL && zk_elapsed_ms() < entry->expires_ms;
    if (fresh)
        inet_address_copy_ip(address, &entry->answer);
    zk_mutex_unlock(&cache->mu);
    return fresh;
}

/* Returns the place for one more name; at the limit it is that of the name that expires first. */
static struct inet_cache_entry *cache_place_locked(struct inet_cache *cache) REQUIRES(&cache->mu)
{
    if (cache->count < CACHE_LIMIT) {
        cache->entries = zk_xrealloc(cache->entries, (cache->count + 1) * sizeof *cache->entries);
        return &cache->entries[cache->count++];
    }
    struct inet_cache_entry *oldest = &cache->entries[0];
    for (size_t i = 1; i < cache->count; i++)
        if (cache->entries[i].expires_ms < oldest->expires_ms)
            oldest = &cache->entries[i];
    return oldest;
}

static void cache_put(struct inet_cache *cache, const struct inet_address *address)
{
    bool success = address->family != INET_UNRESOLVED;
    zk_mutex_lock(&cache->mu);
    struct inet_cache_entry *entry = cache_find_locked(cache, address->host);
    if (entry == NULL)
        entry = cache_place_locked(cache);
    entry->answer = *address;
    entry->expires_ms = zk_deadline_ms(success ? CACHE_SUCCESS_MS : CACHE_FAILURE_MS);
    zk_mutex_unlock(&cache->mu);
}

void inet_address_set_sockaddr_ip(struct inet_address *address, const struct sockaddr *from)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        inet_address_set_ip(address, INET_V4, (const uint8_t *)&v4.sin_addr);
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        inet_address_set_ip(address, INET_V6, (const uint8_t *)&v6.sin6_addr);
        if (address->family == INET_V6)
            inet_address_set_scope(address, v6.sin6_scope_id);
    }
}

/* Takes the first IPv4 address, as Java prefers; if there is none, the first of all. */
static void ask_system(struct inet_address *address)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *answers = NULL;

    address->family = INET_UNRESOLVED;
    if (getaddrinfo(address->host, NULL, &hints, &answers) != 0)
        return;
    for (const struct addrinfo *a = answers; a != NULL && address->family != INET_V4;
         a = a->ai_next)
        if (address->family == INET_UNRESOLVED || a->ai_family == AF_INET)
            inet_address_set_sockaddr_ip(address, a->ai_addr);
    freeaddrinfo(answers);
}

void inet_cache_resolve(struct inet_cache *cache, struct inet_address *address)
{
    if (cache_get(cache, address))
        return;
    ask_system(address);
    cache_put(cache, address);
}
