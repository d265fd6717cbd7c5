/* A peer that runs: its main thread, which looks for a leader, follows or leads, and looks again,
 * until it is stopped.
 *
 * The other half of Java's QuorumPeer (departure D-1): start(), run(), shutdown(). Everything else
 * of the peer hangs on the main thread: it makes the election and its connections, and each role;
 * it alone takes them down.
 *
 * Life: quorum_peer_run_new, _start, then _shutdown from any thread (or the peer ends by itself),
 * _wait, _free. */
#ifndef ZK_PEER_QUORUM_PEER_RUN_H
#define ZK_PEER_QUORUM_PEER_RUN_H

#include "zk/base/attrs.h"

struct zk_context;
struct quorum_peer;
struct quorum_peer_config;
struct quorum_peer_run;

/* Make a peer that does nothing yet. Borrows both until quorum_peer_run_free. */
struct quorum_peer_run *quorum_peer_run_new(struct zk_context *ctx,
                                            const struct quorum_peer_config *config);

/* Java: QuorumPeer.start(). Load the database, open the client port, then the election port, then
 * start the main thread. Blocks on the disk. 0, or a positive enum exit_code: the reason is
 * in the log. */
ZK_NODISCARD int quorum_peer_run_start(struct quorum_peer_run *run);

/* Wait for the end of the main thread and all others. Gives the exit code; 0 if it was stopped.
 * Once; not by a thread of the peer. */
int quorum_peer_run_wait(struct quorum_peer_run *run);

/* Java: QuorumPeer.shutdown(). Make the peer stop; does not wait. Any thread, any number of
 * times. */
void quorum_peer_run_shutdown(struct quorum_peer_run *run);

void quorum_peer_run_free(
    struct quorum_peer_run *run); /* after _wait, or if _start failed; NULL is fine */

/* The state, for tests. NULL before quorum_peer_run_start. Borrowed. */
struct quorum_peer *quorum_peer_run_self(struct quorum_peer_run *run);

#endif
