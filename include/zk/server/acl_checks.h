/* Who may do what with a node: how a client's ACL list becomes that of a node, and what such a list
 * allows. Java: PrepRequestProcessor.fixupACL(), ZooKeeperServer.checkACL(),
 * server.auth.ProviderRegistry
 *
 * An entry of a list names clients by a scheme and an id. The scheme says what the id is: "world"
 * is everybody, "ip" an address, "digest" a name and a password; "auth" stands for the ids that the
 * client has already. "super" may do everything; no list can name it. Pure functions; any
 * thread. */
#ifndef ZK_SERVER_ACL_CHECKS_H
#define ZK_SERVER_ACL_CHECKS_H

#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/jute/data.h"
#include "zk/jute/keeper_code.h"

struct zk_context;

/* Makes the list that a node gets of the one that a client sent: without repetitions, and with
 * "auth" replaced by those of the client's ids that a password or the like has proved. The caller
 * ends *ret_list with jute_done. Returns INVALIDACL: it is empty, one of its entries is no valid
 * id, or it becomes longer than a transaction may be (D-163); MARSHALLINGERROR: it has a null at
 * which Java's code ends with a NullPointerException. Java: fixupACL() */
ZK_NODISCARD enum keeper_code fixup_acl(struct zk_context *ctx, const struct zk_id_list *auth_info,
                                        const struct zk_acl_list *acls,
                                        struct zk_acl_list *ret_list);

/* Returns by how many bytes the list that fixup_acl makes of this one is longer, whatever its
 * limit; below 0: shorter. 0 for a client without ids. What fixup_acl refuses counts as it is. */
int64_t acl_growth(struct zk_context *ctx, const struct zk_id_list *auth_info,
                   const struct zk_acl_list *acls);

/* Looks whether a client with these ids may do what perm says (bits of PERMS_...; one of them is
 * enough). An empty list allows everything to everybody. acl NULL is one that has been lost: only
 * super may do anything then. Returns OK; NOAUTH; or MARSHALLINGERROR: ids is null or has nulls in
 * it, as above. Java: checkACL() */
ZK_NODISCARD enum keeper_code check_acl(struct zk_context *ctx, const struct zk_acl_list *acl,
                                        int32_t perm, const struct zk_id_list *ids);

#endif
