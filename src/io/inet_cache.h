/* The names that a context has looked up, as Java's InetAddress caches them. For floor io only. */
#ifndef ZK_IO_INET_CACHE_H
#define ZK_IO_INET_CACHE_H

struct inet_address;
struct inet_cache;
struct zk_context;

/* Returns a struct inet_cache, as zk_context_statics wants it. */
void *inet_cache_new(struct zk_context *ctx);
/* NULL is fine. */
void inet_cache_free(void *names);

/* Sets family and ip of address from its host. Blocks on the name service, unless the cache has an
 * answer that is young enough. Any thread. */
void inet_cache_resolve(struct inet_cache *cache, struct inet_address *address);

#endif
