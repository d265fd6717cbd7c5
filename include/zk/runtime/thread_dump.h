/* What every thread of a peer is doing: the answer to SIGQUIT, as a JVM gives it.
 *
 * The dump has three tables: the threads, each with what it waits for and which locks it holds; the
 * queues, each with its length, its limit and the threads that wait for an element; and the locks
 * that are held, each with its rank, its holder and the threads that want it. No thread is stopped
 * for it, so the tables show moments that lie a few microseconds apart. */
#ifndef ZK_RUNTIME_THREAD_DUMP_H
#define ZK_RUNTIME_THREAD_DUMP_H

struct zk_context;
struct zk_str;

/* Appends the dump to ret_text: lines of text, each with its newline. The context must have been
 * made with zk_context_options.thread_dump. Any thread; waits for no lock but the registry's. */
void zk_thread_dump(struct zk_context *ctx, struct zk_str *ret_text);

#endif
