/* Memory. If there is none left the process ends, as an OutOfMemoryError ends Java's, so no caller
 * looks for NULL. The caller frees what is returned, with free(). Any thread. */
#ifndef ZK_BASE_ALLOC_H
#define ZK_BASE_ALLOC_H

#include <stddef.h>

void *zk_xmalloc(size_t size);
void *zk_xcalloc(size_t count, size_t size); /* zeroed */
void *zk_xrealloc(void *old, size_t size);
char *zk_xstrdup(const char *text); /* NULL gives NULL */
char *zk_xstrndup(const char *text, size_t length);

#endif
