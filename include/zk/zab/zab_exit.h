/* How a role may end the whole process. A role never exits by itself: its main function returns
 * one of these, all positive, and the peer's main loop makes it the exit status. 0 and negative
 * errno mean "look for a leader again". Java: ExitCode */
#ifndef ZK_ZAB_ZAB_EXIT_H
#define ZK_ZAB_ZAB_EXIT_H

enum zab_exit {
    /* Java: TXNLOG_ERROR_TAKING_SNAPSHOT: a snapshot that the protocol needs cannot be written. */
    ZAB_EXIT_TAKING_SNAPSHOT = 10,
    /* Java: UNMATCHED_TXN_COMMIT: a COMMIT for another transaction than the oldest one that
     * waits for it. */
    ZAB_EXIT_UNMATCHED_TXN_COMMIT = 12,
    /* Java: QUORUM_PACKET_ERROR: no DIFF, SNAP or TRUNC where one must come, or a TRUNC that
     * cannot be done. */
    ZAB_EXIT_QUORUM_PACKET_ERROR = 13,
    /* Ours, until the transaction log exists: the leader sent a transaction, and nothing is
     * acknowledged that is not stored (D-27). */
    ZAB_EXIT_TXN_NOT_SUPPORTED = 20,
};

#endif
