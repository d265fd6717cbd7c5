/* One station of the way of a request. Java: server.RequestProcessor, an interface; Flushable
 *
 * Processors form a chain: each owns the next one and hands requests on to it, on its own thread if
 * it has one. The server that makes the chain keeps its first processor, and perhaps pointers into
 * it.
 *
 *   process_request   may be called by any thread, unless the processor says otherwise. The request
 *                     stays the caller's: a processor that keeps it takes a reference. The call
 *                     does not block on network or disk, unless the processor says so. After
 *                     shutdown the request is dropped. If it is put into a queue, the thread that
 *                     takes from there may sleep on until wake is called.
 *   wake              wakes the threads that process_request has given something, here and further
 *                     down the chain; cheap if there is none. Processors that have no thread and
 *                     pass on to none leave it NULL.
 *   flush             what process_request has collected goes out now, such as packets with ACKs.
 *                     Processors that collect nothing leave it NULL.
 *   shutdown          ends the processor's own thread and joins it, then shuts down the next
 *                     processor. When it returns, no thread of the chain runs. Blocks until then.
 *                     It is called once, and never by a thread of the chain.
 *   free              frees the processor and the next one. It has been shut down, or never ran. */
#ifndef ZK_SERVER_REQUEST_PROCESSOR_H
#define ZK_SERVER_REQUEST_PROCESSOR_H

#include <stddef.h>

#include "zk/base/attrs.h"

struct request;
struct request_processor;

struct request_processor_ops {
    /* Errors: negative errno, and the chain cannot go on (-EOVERFLOW: the epoch has no zxid left).
     * Java: RequestProcessorException */
    int (*process_request)(struct request_processor *processor, struct request *request);
    void (*wake)(struct request_processor *processor);
    int (*flush)(struct request_processor *processor);
    void (*shutdown)(struct request_processor *processor);
    void (*free)(struct request_processor *processor);
};

/* The first member of every processor's struct. */
struct request_processor {
    const struct request_processor_ops *ops;
};

/* Hands over one of several requests. The caller calls request_processor_wake after the last one,
 * and before it may block: so the processor's thread is woken once for all of them. */
ZK_NODISCARD static inline int request_processor_hand_over(struct request_processor *processor,
                                                           struct request *request)
{
    return processor->ops->process_request(processor, request);
}

static inline void request_processor_wake(struct request_processor *processor)
{
    if (processor->ops->wake != NULL)
        processor->ops->wake(processor);
}

/* Java: processRequest() */
ZK_NODISCARD static inline int request_processor_process_request(
    struct request_processor *processor, struct request *request)
{
    int r = request_processor_hand_over(processor, request);
    request_processor_wake(processor);
    return r;
}

/* Does nothing if the processor has no flush. In Java an interface of its own, Flushable. */
ZK_NODISCARD static inline int request_processor_flush(struct request_processor *processor)
{
    return processor->ops->flush != NULL ? processor->ops->flush(processor) : 0;
}

/* Java: shutdown() */
static inline void request_processor_shutdown(struct request_processor *processor)
{
    processor->ops->shutdown(processor);
}

static inline void request_processor_free(struct request_processor *processor) /* NULL is fine */
{
    if (processor != NULL)
        processor->ops->free(processor);
}

#endif
