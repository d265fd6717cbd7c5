/* Makes transactions of requests, on a leader and on a server alone. It checks whether what is
 * asked for can be done, with the tree as it will be when all earlier transactions are applied;
 * gives the next zxid to every write, also to one that fails; and hands the request on with its
 * transaction. What fails becomes a transaction that changes nothing. Java:
 * server.PrepRequestProcessor
 *
 * One thread "ProcessThread(sid:N cport:P):" takes the requests in the order in which they came. */
#ifndef ZK_SERVER_PREP_REQUEST_PROCESSOR_H
#define ZK_SERVER_PREP_REQUEST_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/jute/keeper_code.h"
#include "zk/server/request_processor.h"

struct request;
struct zk_context;
struct zookeeper_server;

/* What a client meets that asks to change the members of the ensemble. It stays as it is while the
 * processor lives, because nothing changes them (D-159). */
struct reconfig_terms {
    bool enabled;             /* zoo.cfg says reconfigEnabled=true */
    bool is_of_ensemble;      /* it is a leader's */
    int64_t last_seen_config; /* the version of the peer's newest configuration; alone: unused */
};

/* Java: new PrepRequestProcessor(). server stays the caller's, outlives the processor, and has its
 * tracker of sessions. Takes ownership of next. client_port: for the thread's name; a leader says
 * -1, as Java's does. The caller frees what is returned with request_processor_free. */
struct request_processor *prep_request_processor_new(struct zookeeper_server *server,
                                                     int64_t server_id, int32_t client_port,
                                                     struct reconfig_terms reconfig,
                                                     struct request_processor *next);

/* Starts the thread. Once. Errors: -EAGAIN, the system gives no more threads. Java: start() */
ZK_NODISCARD int prep_request_processor_start(struct request_processor *processor);

/* Looks through a multi for the create of an ephemeral node, which needs a global session. Any
 * thread. Returns KEEPER_CODE_OK; MARSHALLINGERROR or BADARGUMENTS if the multi cannot be read or
 * its flags mean nothing. Java: QuorumZooKeeperServer.checkUpgradeSession() */
ZK_NODISCARD enum keeper_code multi_makes_ephemeral(struct zk_context *ctx,
                                                    const struct request *request, bool *ret_makes);

#endif
