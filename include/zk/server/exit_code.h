/* How the process ends. Java: server.ExitCode
 *
 * A role (leader, follower, observer) never exits by itself: its main function returns one of the
 * positive codes, and the peer's main loop makes it the exit status. 0 and negative errno mean
 * "look for a leader again". */
#ifndef ZK_SERVER_EXIT_CODE_H
#define ZK_SERVER_EXIT_CODE_H

enum exit_code {
    /* The process was told to stop. */
    EXIT_CODE_EXECUTION_FINISHED = 0,
    EXIT_CODE_UNEXPECTED_ERROR = 1,
    /* The command line or the configuration is wrong. */
    EXIT_CODE_INVALID_INVOCATION = 2,
    EXIT_CODE_UNABLE_TO_ACCESS_DATADIR = 3,
    /* The admin server of a server alone has no address. */
    EXIT_CODE_ERROR_STARTING_ADMIN_SERVER = 4,
    /* A snapshot that the protocol needs cannot be written. */
    EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT = 10,
    /* A COMMIT names another transaction than the oldest one that waits for it. */
    EXIT_CODE_UNMATCHED_TXN_COMMIT = 12,
    /* The leader sent no DIFF, SNAP or TRUNC where one must come, or a TRUNC that cannot be
     * done. */
    EXIT_CODE_QUORUM_PACKET_ERROR = 13,
    EXIT_CODE_UNABLE_TO_BIND_QUORUM_PORT = 14,
};

#endif
