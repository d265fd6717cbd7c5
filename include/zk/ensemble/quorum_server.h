/* One line "server.N=..." of the configuration, parsed and printed as Java does. A value with owned
 * memory. Java: QuorumPeer.QuorumServer */
#ifndef ZK_ENSEMBLE_QUORUM_SERVER_H
#define ZK_ENSEMBLE_QUORUM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"
#include "zk/ensemble/multiple_addresses.h"
#include "zk/ensemble/server_state.h"

struct quorum_server {
    int64_t id;
    struct multiple_addresses addr;          /* quorum port: leader and learners */
    struct multiple_addresses election_addr; /* election port */
    bool has_client_addr;
    struct inet_address client_addr;
    bool is_client_addr_from_static; /* from clientPort= of zoo.cfg: then it is not printed */
    enum learner_type type;
};

/* Parses value, the text after "server.N=". With resolve true names are looked up, which blocks on
 * the name service (at start); otherwise they stay unresolved (config texts from the wire). Reads
 * ctx's setting zookeeper.multiAddress.enabled. The caller ends *ret_server. Errors: -EINVAL, and
 * *ret_error, which the caller frees, is the message in Java's words.
 * Java: QuorumServer(sid, value), initializeWithAddressString() */
ZK_NODISCARD int quorum_server_parse(struct zk_context *ctx, int64_t sid, const char *value,
                                     bool resolve, struct quorum_server *ret_server,
                                     char **ret_error);

/* Fills server with a copy of from. Whatever was in server is not freed. */
void quorum_server_copy(struct quorum_server *server, const struct quorum_server *from);
void quorum_server_done(struct quorum_server *server);

/* Appends "host:port": the host as it is configured, and in brackets if it is an IPv6 address.
 * Java: QuorumServer.delimitedHostString(), and the port */
void quorum_server_append_address(const struct inet_address *address, struct zk_str *str);
/* Appends what stands after "server.N=" in a config text. Java: QuorumServer.toString() */
void quorum_server_append(const struct quorum_server *server, struct zk_str *str);

/* Returns whether both say the same, with addresses compared by multiple_addresses_same_address.
 * Java: QuorumServer.equals() */
bool quorum_server_equal(const struct quorum_server *a, const struct quorum_server *b);

#endif
