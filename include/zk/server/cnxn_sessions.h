/* Which connection a session has. The client port knows; a server asks it, from the floor below.
 * Java: server.ServerCnxnFactory, as far as ZooKeeperServer and FinalRequestProcessor call it */
#ifndef ZK_SERVER_CNXN_SESSIONS_H
#define ZK_SERVER_CNXN_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/server/server_cnxn.h"

/* Called by threads that hold no lock. The functions do not block. */
struct cnxn_sessions {
    /* Sets the connection's session, and its timeout, and remembers the connection as that of the
     * session. Java: ServerCnxn.setSessionId(), ServerCnxnFactory.addSession() */
    void (*add_session)(void *arg, struct server_cnxn *cnxn, int64_t session_id,
                        int32_t timeout_ms);
    /* Closes the connection that the session has here. Returns whether there was one.
     * Java: closeSession() */
    bool (*close_session)(void *arg, int64_t session_id, enum disconnect_reason reason);
    void *arg;
};

#endif
