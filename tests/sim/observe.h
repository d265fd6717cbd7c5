/* What the peers tell beside their lines. */
#ifndef SIM_OBSERVE_H
#define SIM_OBSERVE_H

#include <stdint.h>

/* Hears of a step of a transaction in a peer on that host, in the thread that makes it, at the
 * moment at which its line would be written; must not call what blocks. step and the numbers are
 * those of the line. */
typedef void observe_txn(void *arg, int host, const char *step, int64_t zxid, int64_t peer);

/* From now on steps of transactions are told to hear, and no lines are written of them: nine lines
 * in ten are of these, and to write and to read them takes a tenth of a seed's time. NULL: there
 * are lines. */
void observe_txns(observe_txn *hear, void *arg);

#endif
