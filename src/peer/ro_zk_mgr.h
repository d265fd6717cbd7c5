/* Read-only mode: a peer that has looked for a leader for a while serves readers meanwhile.
 * Java: QuorumPeer.run(), its thread roZkMgr
 *
 * Only with -Dreadonlymode.enabled=true. One thread, "roZkMgr", waits for the grace period of at
 * least two seconds, so that an ordinary election disturbs nobody, and then starts the server. */
#ifndef PEER_RO_ZK_MGR_H
#define PEER_RO_ZK_MGR_H

struct quorum_peer;
struct ro_zk_mgr;

/* The main thread begins to look for a leader. Returns NULL if read-only mode is not enabled. If
 * there is no thread for it, the log says so and nothing is served; ro_zk_mgr_end is called all the
 * same. self stays the caller's. */
struct ro_zk_mgr *ro_zk_mgr_start(struct quorum_peer *self);

/* The election is over: the server ends, if it was started, and with it all its connections. Blocks
 * until its threads are gone. NULL is fine. */
void ro_zk_mgr_end(struct ro_zk_mgr *mgr);

#endif
