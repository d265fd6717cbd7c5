/* A peer that runs: its main thread, which looks for a leader, follows or leads, and looks again,
 * until it is stopped.
 *
 * The other half of Java's QuorumPeer (D-1): start(), run(), shutdown(). Everything else
 * of the peer hangs on the main thread: it makes the election and its connections, and each role;
 * it alone takes them down.
 *
 * Life: quorum_peer_run_new, _start, then _shutdown from any thread (or the peer ends by itself),
 * _wait, _free. */
#ifndef ZK_PEER_QUORUM_PEER_RUN_H
#define ZK_PEER_QUORUM_PEER_RUN_H

#include "zk/base/attrs.h"

struct zk_context;
struct quorum_peer_config;
struct quorum_peer_run;

/* Makes a peer that does nothing yet. ctx and config stay the caller's and must outlive it. */
struct quorum_peer_run *quorum_peer_run_new(struct zk_context *ctx,
                                            const struct quorum_peer_config *config);

/* Loads the database, opens the client port, then the election port, then starts the main thread.
 * Blocks on the disk. Returns 0, or a positive enum exit_code, whose reason is in the log.
 * Java: QuorumPeer.start() */
ZK_NODISCARD int quorum_peer_run_start(struct quorum_peer_run *run);

/* Waits for the end of the main thread and of all others. Returns the exit code: 0 if the peer was
 * stopped, else an enum exit_code. To be called once, and not by a thread of the peer.
 * Java: QuorumPeer.join() */
int quorum_peer_run_wait(struct quorum_peer_run *run);

/* Makes the peer stop, but does not wait for it. Any thread that holds no lock, any number of
 * times. Java: QuorumPeer.shutdown() */
void quorum_peer_run_shutdown(struct quorum_peer_run *run);

/* After quorum_peer_run_wait, or if quorum_peer_run_start has failed. NULL is fine. */
void quorum_peer_run_free(struct quorum_peer_run *run);

#endif
