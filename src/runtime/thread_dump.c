/* The thread dump: a head, and the tables of the registry. */
#include "zk/runtime/thread_dump.h"

#include <inttypes.h>

#include "runtime/context_internal.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"

void zk_thread_dump(struct zk_context *ctx, struct zk_str *ret_text)
{
    zk_assert(ctx->options.thread_dump);
    zk_str_printf(ret_text, "Full thread dump of peer %" PRId64 "\n", zk_context_myid(ctx));
    zk_registry_dump(&ctx->registry, ret_text);
    zk_str_append(ret_text, "---- End of the thread dump\n");
}
