/* Memory. If there is none left the process ends, as an OutOfMemoryError ends Java's, so no caller
 * looks for NULL. The caller frees what is returned, with free(). Any thread. */
#ifndef ZK_BASE_ALLOC_H
#define ZK_BASE_ALLOC_H

#include <stddef.h>

void *zk_xmalloc(size_t size);
void *zk_xcalloc(size_t count, size_t size); /* zeroed */
void *zk_xrealloc(void *old, size_t size);
/* Makes room for one more element in an array that grows: it has count elements of that size, and
 * *room places. If all are taken there are twice as many then, or the first few. Returns the array,
 * which may have moved; NULL with a *room of 0 is an empty one.
 *
 *     list->items = zk_xgrow(list->items, list->count, &list->room, sizeof *list->items);
 *     list->items[list->count++] = item; */
void *zk_xgrow(void *items, size_t count, size_t *room, size_t size);
char *zk_xstrdup(const char *text); /* NULL gives NULL */
char *zk_xstrndup(const char *text, size_t length);

#endif
