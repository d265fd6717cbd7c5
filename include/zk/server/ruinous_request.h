/* Requests of an ordinary client that ruin a leader of Java 3.8.0, or all its servers. */
#ifndef ZK_SERVER_RUINOUS_REQUEST_H
#define ZK_SERVER_RUINOUS_REQUEST_H

#include "zk/jute/keeper_code.h"

struct request;
struct zk_context;

/* Returns what a learner answers a request that must not reach a leader of Java, or KEEPER_CODE_OK
 * for every other one (D-290). Our own PrepRequestProcessor refuses the same ones, with the same
 * codes. Reads the body and changes nothing; any thread, never blocks. */
enum keeper_code ruinous_request(struct zk_context *ctx, const struct request *request);

#endif
