/* The names that a context has looked up, as Java's InetAddress caches them. Inside base only. */
#ifndef ZK_BASE_INET_CACHE_H
#define ZK_BASE_INET_CACHE_H

struct inet_address;
struct inet_cache;
struct zk_context;

struct inet_cache *inet_cache_new(struct zk_context *ctx);
void inet_cache_free(struct inet_cache *cache);

/* Set family and ip of address from its host, asking the system's resolver if the cache is too old.
 * Blocks. */
void inet_cache_resolve(struct inet_cache *cache, struct inet_address *address);

#endif
