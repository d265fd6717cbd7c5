/* Every line that the log can hold. An entry is "level, format": zk_log(ctx, ZK_LOG_LOOKING).
 *
 * Entries marked J keep the words and the level of Java 3.8.0, because people and scripts search
 * for them (and one dictionary serves both); the others are ours: one event a line, key=value. A
 * message for a person says what happened, why, and what to do next.
 *
 * What each line means to an operator stands in log_dictionary.txt beside this file; LOG.md is made
 * of both, and scripts/check/dictionary.sh holds them together: it fails for an entry without a
 * meaning, one that no code writes, and one that claims words that are not Java's. "J, put
 * together" are words that Java joins as it runs; "J, in other words" says the same as Java. */
#ifndef ZK_RUNTIME_LOG_TABLE_H
#define ZK_RUNTIME_LOG_TABLE_H

#include <inttypes.h>

#include "zk/runtime/log.h"

/* --- runtime ---------------------------------------------------------------------------------- */

/* queue, its limit, how many were dropped so far: written at 1, 2, 4, 8 ... */
#define ZK_LOG_QUEUE_OVERFLOW                                                                      \
    ZK_WARN, "queue is full, its oldest element is dropped: queue=%s limit=%zu dropped=%" PRId64   \
             " next=look at what keeps the thread that reads it"

/* ms; the place is that of the lines */
#define ZK_LOG_LINES_LEFT_OUT                                                                      \
    ZK_WARN, "too many lines of this place: those of the next %" PRId64 " ms are left out "        \
             "next=see in the lines above who causes them"
/* how many; the place is that of the lines */
#define ZK_LOG_LINES_WERE_LEFT_OUT ZK_WARN, "lines of this place were left out lines=%" PRId64

/* --- io --------------------------------------------------------------------------------------- */

/* the listener's address, the reason */
#define ZK_LOG_ACCEPT_WAITS                                                                        \
    ZK_ERROR, "callers wait address=%s why=\"%s\" do=\"raise the limit of open files (ulimit -n)\""

/* --- ensemble: configuration ------------------------------------------------------------------ */

/* J */
#define ZK_LOG_READING_CONFIGURATION  ZK_INFO, "Reading configuration from: %s"
/* J, put together: what envi tells, name and value */
#define ZK_LOG_SERVER_ENVIRONMENT     ZK_INFO, "Server environment:%s=%s"
/* J */
#define ZK_LOG_CONFIG_INVALID_EXITING ZK_ERROR, "Invalid config, exiting abnormally"
/* J */
#define ZK_LOG_CONFIG_ONE_SERVER                                                                   \
    ZK_ERROR, "Invalid configuration, only one server specified (ignoring)"
/* J */
#define ZK_LOG_CONFIG_TWO_SERVERS                                                                  \
    ZK_WARN, "No server failure will be tolerated. You need at least 3 servers."
/* J */
#define ZK_LOG_CONFIG_EVEN ZK_WARN, "Non-optimal configuration, consider an odd number of servers."
/* J, put together */
#define ZK_LOG_CONFIG_RELATIVE_PATH                                                                \
    ZK_WARN, "%s is relative. Prepend ./ to indicate that you're sure!"
/* J */
#define ZK_LOG_CONFIG_NO_CLIENT_PORT ZK_INFO, "clientPort is not set"
/* J: address */
#define ZK_LOG_CONFIG_CLIENT_PORT    ZK_INFO, "clientPortAddress is %s"
/* J: PARTICIPANT or OBSERVER, twice */
#define ZK_LOG_CONFIG_PEER_TYPE                                                                    \
    ZK_WARN, "Peer type from servers list (%s) doesn't match peerType (%s). Defaulting to "        \
             "servers list."
/* J, put together: the value, what is taken */
#define ZK_LOG_CONFIG_SNAP_RETAIN_COUNT                                                            \
    ZK_WARN, "Invalid autopurge.snapRetainCount: %" PRId32 ". Defaulting to %" PRId32
/* J: path */
#define ZK_LOG_ORACLE_SET             ZK_INFO, "Oracle is set to %s"
/* J: of the file zoo.cfg.dynamic.next */
#define ZK_LOG_CONFIG_NEXT_UNREADABLE ZK_WARN, "NextQuorumVerifier is initiated to null"
/* the line or option, why, what to do */
#define ZK_LOG_CONFIG_NO_EFFECT       ZK_WARN, "%s has no effect: %s; %s"
/* the line or option */
#define ZK_LOG_CONFIG_COUNTS_AS_FALSE                                                              \
    ZK_WARN, "%s counts as false: it is neither true nor false; write true or false"
#define ZK_LOG_CONFIG_RECONFIG                                                                     \
    ZK_WARN, "reconfigEnabled=true: a reconfiguration will not be applied why=\"not served by "    \
             "zkpeer yet\" next=\"change the servers by restarting with new files\""
/* path, reason */
#define ZK_LOG_ORACLE_UNREADABLE ZK_WARN, "oracle cannot be read, so it says no path=%s reason=%s"

/* --- quorum: QuorumPeer ----------------------------------------------------------------------- */

/* J */
#define ZK_LOG_STARTING_QUORUM_PEER ZK_INFO, "Starting quorum peer, myid=%" PRId64
/* J: which file, its default */
#define ZK_LOG_EPOCH_NOT_FOUND                                                                     \
    ZK_INFO, "%s not found! Creating with a reasonable default of %" PRId64                        \
             ". This should only happen when you are upgrading your installation"
/* J */
#define ZK_LOG_SETTING_INT               ZK_INFO, "%s set to %" PRId32
/* J */
#define ZK_LOG_SETTING_LONG              ZK_INFO, "%s = %" PRId64
/* J */
#define ZK_LOG_SETTING_BOOLEAN           ZK_INFO, "%s set to %s"
/* J */
#define ZK_LOG_LOOKING                   ZK_INFO, "LOOKING"
/* J: FOLLOWING, LEADING, OBSERVING */
#define ZK_LOG_ROLE                      ZK_INFO, "%s"
/* J */
#define ZK_LOG_PEER_STATE_CHANGED        ZK_INFO, "Peer state changed: %s"
/* J */
#define ZK_LOG_PEER_STATE_SET_TO_LOOKING ZK_WARN, "PeerState set to LOOKING"
/* J */
#define ZK_LOG_MAIN_THREAD_EXITED        ZK_WARN, "QuorumPeer main thread exited"
/* J: FOLLOWING or LEADING; milliseconds */
#define ZK_LOG_ELECTION_TOOK             ZK_INFO, "%s - LEADER ELECTION TOOK - %" PRId64 " MS"
/* J */
#define ZK_LOG_CLOBBERING_QCM                                                                      \
    ZK_WARN, "Clobbering already-set QuorumCnxManager (restarting leader election?)"
/* J */
#define ZK_LOG_RECONFIG_DISABLED                                                                   \
    ZK_INFO, "Dynamic reconfig is disabled, we don't store the last seen config."
/* path; reason */
#define ZK_LOG_NEXT_CONFIG_WRITE                                                                   \
    ZK_ERROR, "Error writing next dynamic config file to disk file=%s reason=%s"
/* J */
#define ZK_LOG_OBSERVER_WAITING                                                                    \
    ZK_INFO, "Waiting for %" PRId64 " ms before reconnecting with the leader"

#define ZK_LOG_EPOCH_FILE_UNREADABLE                                                                          \
    ZK_ERROR,                                                                                                 \
        "epoch file is not a number file=%s text=\"%s\" do=compare it with the other servers' and write the " \
        "epoch of this server's newest snapshot into it"
#define ZK_LOG_EPOCH_FILE_READ ZK_ERROR, "epoch file cannot be read file=%s reason=%s"
#define ZK_LOG_EPOCH_FILE_WRITE                                                                    \
    ZK_ERROR, "epoch file cannot be written file=%s epoch=%" PRId64                                \
              " reason=%s next=\"exit 1\" do=mend the disk or make room, and start the peer again"
#define ZK_LOG_EPOCH_RECOVERED                                                                     \
    ZK_INFO,                                                                                       \
        "currentEpoch brought up to the stored history, which a crash had prevented old=%" PRId64  \
        " new=%" PRId64
/* J, in other words: Java throws */
#define ZK_LOG_EPOCH_OLDER_THAN_ZXID                                                                      \
    ZK_ERROR,                                                                                             \
        "The current epoch, %" PRId64 ", is older than the last zxid's epoch, %" PRId64                   \
        ": this directory mixes two histories; restore it from a backup, or empty it and let the server " \
        "copy the leader's state"
/* J, in other words: Java throws */
#define ZK_LOG_EPOCH_ACCEPTED_LESS                                                                 \
    ZK_ERROR,                                                                                      \
        "The accepted epoch, %" PRId64 " is less than the current epoch, %" PRId64                 \
        ": one of these two files was changed or lost; compare both with the other servers' "      \
        "and correct the one that is wrong"

/* --- election: QuorumCnxManager --------------------------------------------------------------- */

/* J */
#define ZK_LOG_QUORUM_CNXN_TIMEOUT ZK_INFO, "Using %" PRId64 "ms as the quorum cnxn socket timeout"
/* J: a number or "infinite" */
#define ZK_LOG_BIND_RETRIES        ZK_INFO, "Election port bind maximum retries is %s"
/* J, put together */
#define ZK_LOG_BIND_RETRIES_INVALID                                                                \
    ZK_INFO, "'zookeeper.electionPortBindRetry' contains invalid value: %" PRId32                  \
             "(must be >= 0). Use default value of %d instead."
/* J: our sid, address */
#define ZK_LOG_ACCEPTING                                                                           \
    ZK_INFO, "%" PRId64 " is accepting connections now, my election bind port: %s"
/* J */
#define ZK_LOG_CONNECTION_REQUEST ZK_INFO, "Received connection request from %s"
/* J: sid, address; then why, which Java shows as a stack trace */
#define ZK_LOG_CANNOT_OPEN_CHANNEL                                                                 \
    ZK_WARN, "Cannot open channel to %" PRId64 " at election address %s reason=%s"
/* J */
#define ZK_LOG_ARBITRARY_OBSERVER_ID ZK_INFO, "Setting arbitrary identifier to observer: %" PRId64
/* J: our sid, their sid */
#define ZK_LOG_SMALLER_IDENTIFIER                                                                  \
    ZK_INFO, "Have smaller server identifier, so dropping the connection: (myId:%" PRId64          \
             " --> sid:%" PRId64 ")"
/* J */
#define ZK_LOG_OWN_ID                                                                              \
    ZK_WARN, "We got a connection request from a server with our own ID. This should be either a " \
             "configuration "                                                                      \
             "error, or a bug."
/* J: the trailing blank too */
#define ZK_LOG_INVALID_SERVER_ID ZK_WARN, "Invalid server id: %" PRId64 " "
/* J; then why */
#define ZK_LOG_CHALLENGE_READ    ZK_WARN, "Exception reading or writing challenge: remote=%s reason=%s"
/* J; then why */
#define ZK_LOG_CHALLENGE_WRITE                                                                     \
    ZK_WARN, "Ignoring exception reading or writing challenge: sid=%" PRId64 " reason=%s"
/* J; then Java's words for what is wrong */
#define ZK_LOG_INITIAL_MESSAGE_ERROR ZK_ERROR, "Initial message parsing error! remote=%s reason=%s"
/* J: sid, our sid; then why */
#define ZK_LOG_CONNECTION_BROKEN                                                                   \
    ZK_WARN, "Connection broken for id %" PRId64 ", my id = %" PRId64 " reason=%s"
/* J: sid, our sid; then why */
#define ZK_LOG_EXCEPTION_USING_CHANNEL                                                             \
    ZK_WARN, "Exception when using channel: for id %" PRId64 " my id = %" PRId64 " reason=%s"
/* J */
#define ZK_LOG_INTERRUPTING_SEND_WORKER                                                            \
    ZK_WARN, "Interrupting SendWorker thread from RecvWorker. sid: %" PRId64 ". myId: %" PRId64
/* J */
#define ZK_LOG_SEND_WORKER_LEAVING                                                                 \
    ZK_WARN, "Send worker leaving thread id %" PRId64 " my id = %" PRId64
/* J */
#define ZK_LOG_SEND_WORKER_INTERRUPTED ZK_WARN, "Interrupted while waiting for message on queue"
/* J; then why */
#define ZK_LOG_LAST_MESSAGE_FAILED                                                                 \
    ZK_ERROR, "Failed to send last message. Shutting down thread. reason=%s"
/* J */
#define ZK_LOG_SUBMITTING_CONNECTION                                                               \
    ZK_ERROR, "Exception while submitting quorum connection request"
/* J: address; then why */
#define ZK_LOG_LISTENING_FAILED ZK_ERROR, "Exception while listening to address %s reason=%s"
/* J, put together */
#define ZK_LOG_LEAVING_LISTENER_THREAD                                                             \
    ZK_ERROR, "Leaving listener thread for address %s after %d errors. Use "                       \
              "zookeeper.electionPortBindRetry property "                                          \
              "to increase retry count."
/* J */
#define ZK_LOG_LEAVING_LISTENER ZK_INFO, "Leaving listener"
/* J */
#define ZK_LOG_LISTENER_GONE                                                                       \
    ZK_ERROR, "As I'm leaving the listener thread, I won't be able to participate in leader "      \
              "election any longer: %s"

#define ZK_LOG_TOO_MANY_STRANGERS                                                                  \
    ZK_WARN, "connection refused sid=%" PRId64                                                     \
             " why=it is not in the configuration and %d such servers are connected "              \
             "do=add it to every server's list, or find out who calls"
#define ZK_LOG_NEGATIVE_ID                                                                         \
    ZK_WARN, "connection refused sid=%" PRId64                                                     \
             " conn=%s why=negative ids are given by us to observers without one"
#define ZK_LOG_NO_THREAD_FOR_CONNECTION                                                            \
    ZK_ERROR, "connection closed sid=%" PRId64 " why=the system gives no more threads"
#define ZK_LOG_NO_THREAD_FOR_CALLER                                                                \
    ZK_ERROR, "connection closed conn=%s why=the system gives no more threads"
#define ZK_LOG_NO_THREAD_FOR_LISTENER                                                              \
    ZK_ERROR, "cannot listen address=%s why=the system gives no more threads"
#define ZK_LOG_HANDSHAKE_DROPPED                                                                   \
    ZK_WARN, "connection closed conn=%s why=it has not said who it is and %d callers wait"

/* --- election: FastLeaderElection ------------------------------------------------------------- */

/* J, put together */
#define ZK_LOG_MIN_NOTIFICATION_INTERVAL                                                           \
    ZK_INFO, "zookeeper.fastleader.minNotificationInterval = %" PRId32 " ms"
/* J, put together */
#define ZK_LOG_MAX_NOTIFICATION_INTERVAL                                                           \
    ZK_INFO, "zookeeper.fastleader.maxNotificationInterval = %" PRId32 " ms"
/* J */
#define ZK_LOG_NEW_ELECTION          ZK_INFO, "New election. My id = %" PRId64 ", proposed zxid=0x%" PRIx64
/* J */
#define ZK_LOG_NOTIFICATION_TIME_OUT ZK_INFO, "Notification time out: %" PRId32 " ms"
/* J: my state; sid, state, leader, round, peerEpoch, zxid, version, config version */
#define ZK_LOG_NOTIFICATION                                                                        \
    ZK_INFO, "Notification: my state:%s; n.sid:%" PRId64 ", n.state:%s, n.leader:%" PRId64         \
             ", n.round:0x%" PRIx64 ", n.peerEpoch:0x%" PRIx64 ", n.zxid:0x%" PRIx64               \
             ", message format version:0x%" PRIx32 ", n.config version:0x%" PRIx64
/* J */
#define ZK_LOG_SHORT_RESPONSE ZK_ERROR, "Got a short response from server %" PRId64 ": %zu"
/* J */
#define ZK_LOG_SKIPPING_RESPONSE                                                                   \
    ZK_WARN,                                                                                       \
        "Skipping the processing of a partial / malformed response message sent by sid=%" PRId64   \
        " (message length: %zu)"
/* J */
#define ZK_LOG_BACKWARD_28 ZK_INFO, "Backward compatibility mode (28 bits), server id: %" PRId64
/* J */
#define ZK_LOG_BACKWARD_36 ZK_INFO, "Backward compatibility mode (36 bits), server id: %" PRId64
/* J */
#define ZK_LOG_BACKWARD_BEFORE_RECONFIG                                                            \
    ZK_INFO, "Backward compatibility mode (before reconfig), server id: %" PRId64
/* J: our sid, versions in hex */
#define ZK_LOG_RECEIVED_VERSION                                                                    \
    ZK_INFO, "%" PRId64 " Received version: %" PRIx64 " my version: %" PRIx64
/* J */
#define ZK_LOG_RESTARTING_ELECTION ZK_INFO, "restarting leader election"
/* J; then why */
#define ZK_LOG_CONFIG_FROM_SENDER                                                                  \
    ZK_ERROR, "Something went wrong while processing config received from %" PRId64 " reason=%s"
/* J */
#define ZK_LOG_WORKER_RECEIVER_DOWN ZK_INFO, "WorkerReceiver is down"
/* J */
#define ZK_LOG_WORKER_SENDER_DOWN   ZK_INFO, "WorkerSender is down"
/* J */
#define ZK_LOG_ORACLE_FOLLOW        ZK_INFO, "Oracle indicates to follow"
/* J */
#define ZK_LOG_ORACLE_NOT_FOLLOW    ZK_INFO, "Oracle indicates not to follow"
/* J */
#define ZK_LOG_NON_CLUSTER_LEADER                                                                  \
    ZK_WARN, "Ignoring notification for non-cluster member sid %" PRId64 " from sid %" PRId64
/* J */
#define ZK_LOG_NON_QUORUM_SENDER                                                                   \
    ZK_WARN, "Ignoring notification for sid %" PRId64 " from non-quorum member sid %" PRId64

/* --- zab -------------------------------------------------------------------------------------- */

/* J: address; then why */
#define ZK_LOG_COULD_NOT_BIND     ZK_ERROR, "Couldn't bind to %s reason=%s"
/* J: then why */
#define ZK_LOG_ACCEPTING_FOLLOWER ZK_WARN, "Exception while accepting follower reason=%s"
/* J */
#define ZK_LOG_LEADER_SHUTDOWN    ZK_INFO, "Shutdown called. For the reason %s"
#define ZK_LOG_NO_THREAD_TO_LEAD                                                                   \
    ZK_ERROR,                                                                                      \
        "cannot lead why=the system gives no more threads do=raise the limit of processes (ulimit -u)"
/* J */
#define ZK_LOG_INIT_TICKS_TOO_FEW                                                                  \
    ZK_WARN, "Enough followers present. Perhaps the initTicks need to be increased."
/* J: sets of sids; zxid */
#define ZK_LOG_QUORUM_OF_SUPPORTERS                                                                \
    ZK_INFO, "Have quorum of supporters, sids: [%s]; starting up and setting last processed "      \
             "zxid: 0x%" PRIx64
/* J */
#define ZK_LOG_SKIP_DESIGNATED_LEADER                                                              \
    ZK_INFO, "Dynamic reconfig feature is disabled, skip designatedLeader calculation and "        \
             "reconfig processing."
/* J */
#define ZK_LOG_QUIT_LEADING ZK_INFO, "Quit leading due to voter changed mind."
/* J: sid, our zxid, its zxid */
#define ZK_LOG_NEWLEADER_ACK_OTHER_EPOCH                                                           \
    ZK_ERROR, "NEWLEADER ACK from sid: %" PRId64 " is from a different epoch - current 0x%" PRIx64 \
              " received 0x%" PRIx64
/* J: then why */
#define ZK_LOG_SNAPSHOT_EXITING  ZK_ERROR, "Severe unrecoverable error, exiting reason=%s"
#define ZK_LOG_TERM_SNAPSHOT     ZK_DEBUG, "snapshot of the new term written ms=%" PRId64
#define ZK_LOG_LEARNER_NO_THREAD ZK_ERROR, "learner refused remote=%s reason=\"no thread: %s\""
#define ZK_LOG_LEARNER_REFUSED   ZK_WARN, "learner refused remote=%s reason=\"%d connections\""
#define ZK_LOG_LEARNER_PUSHED_OUT                                                                  \
    ZK_WARN, "learner dropped remote=%s reason=\"%d newer connections have not said who they "     \
             "are\""
#define ZK_LOG_LEARNER_CALLED_AGAIN                                                                \
    ZK_WARN, "learner called again sid=%" PRId64 " remote=%s other=%s reason=\"the older of the "  \
             "two connections does not count\""
#define ZK_LOG_LEARNER_REPLACED                                                                    \
    ZK_WARN, "learner dropped sid=%" PRId64 " remote=%s reason=\"a younger connection, which "     \
             "took its place, has ended\""
/* J: sid, version in hex */
#define ZK_LOG_FOLLOWER_NOT_IN_CONFIG                                                              \
    ZK_INFO, "Follower sid: %" PRId64 " not in the current config %" PRIx64
/* J: sid, its line of the configuration */
#define ZK_LOG_FOLLOWER_INFO ZK_INFO, "Follower sid: %" PRId64 " : info : %s"
/* J: the first is the sid, all others zxids */
#define ZK_LOG_SYNCHRONIZING                                                                       \
    ZK_INFO,                                                                                       \
        "Synchronizing with Learner sid: %" PRId64 " maxCommittedLog=0x%" PRIx64                   \
        " minCommittedLog=0x%" PRIx64 " lastProcessedZxid=0x%" PRIx64 " peerLastZxid=0x%" PRIx64
/* J */
#define ZK_LOG_FORCING_SNAPSHOT ZK_WARN, "Forcing snapshot sync - should not see this in production"
/* J: zxid, sid */
#define ZK_LOG_SENDING_DIFF     ZK_INFO, "Sending DIFF zxid=0x%" PRIx64 " for peer sid: %" PRId64
/* J: zxid, sid */
#define ZK_LOG_SENDING_TRUNC_TO_FOLLOWER                                                           \
    ZK_DEBUG, "Sending TRUNC to follower zxidToSend=0x%" PRIx64 " for peer sid:%" PRId64
/* J: as ZK_LOG_SYNCHRONIZING, then "true" or "false" */
#define ZK_LOG_UNHANDLED_SCENARIO                                                                  \
    ZK_WARN, "Unhandled scenario for peer sid: %" PRId64 " maxCommittedLog=0x%" PRIx64             \
             " minCommittedLog=0x%" PRIx64 " lastProcessedZxid=0x%" PRIx64                         \
             " peerLastZxid=0x%" PRIx64 " txnLogSyncEnabled=%s"
/* J: sid */
#define ZK_LOG_USING_COMMITTED_LOG ZK_INFO, "Using committedLog for peer sid: %" PRId64
/* J: sid */
#define ZK_LOG_USE_TXNLOG          ZK_INFO, "Use txnlog and committedLog for peer sid: %" PRId64
/* J: two zxids */
#define ZK_LOG_DETECTED_GAP                                                                        \
    ZK_INFO,                                                                                       \
        "Detected gap between end of txnlog: 0x%" PRIx64 " and start of committedLog: 0x%" PRIx64
/* J: zxid */
#define ZK_LOG_QUEUEING_COMMITTED_LOG ZK_DEBUG, "Queueing committedLog 0x%" PRIx64
/* J: zxid, sid */
#define ZK_LOG_QUEUEING_DIFF          ZK_INFO, "Sending DIFF zxid=0x%" PRIx64 "  for peer sid: %" PRId64
/* J: zxid, sid */
#define ZK_LOG_QUEUEING_TRUNC         ZK_INFO, "Sending TRUNC zxid=0x%" PRIx64 "  for peer sid: %" PRId64
/* J: sid */
#define ZK_LOG_CANNOT_SEND_TRUNC                                                                   \
    ZK_WARN, "Cannot send TRUNC to peer sid: %" PRId64 " peer zxid is from different epoch"
/* J: zxid, sid */
#define ZK_LOG_START_FORWARDING ZK_DEBUG, "Start forwarding 0x%" PRIx64 " for peer sid: %" PRId64
/* J: sid */
#define ZK_LOG_FALL_BACK_TO_SNAPSHOT                                                               \
    ZK_ERROR, "Unhandled scenario for peer sid: %" PRId64 " fall back to use snapshot"
/* J: zxids of peer, leader, database; syncs at this moment; "exempt" or "not exempt" */
#define ZK_LOG_SENDING_SNAPSHOT                                                                    \
    ZK_INFO, "Sending snapshot last zxid of peer is 0x%" PRIx64 ", zxid of leader is 0x%" PRIx64   \
             ", send zxid of db as 0x%" PRIx64 ", %" PRId32                                        \
             " concurrent snapshot sync, snapshot sync was %s from throttle"
/* J: sid */
#define ZK_LOG_SENDING_NEWLEADER      ZK_DEBUG, "Sending NEWLEADER message to %" PRId64
/* J: sid */
#define ZK_LOG_RECEIVED_NEWLEADER_ACK ZK_DEBUG, "Received NEWLEADER-ACK message from %" PRId64
/* J: sid */
#define ZK_LOG_SENDING_UPTODATE       ZK_DEBUG, "Sending UPTODATE message to %" PRId64
/* J: type, zxid */
#define ZK_LOG_UNEXPECTED_PACKET                                                                   \
    ZK_WARN, "unexpected quorum packet, type: %s zxid=0x%" PRIx64 " sid=%" PRId64
/* J: then why */
#define ZK_LOG_SENDING_PACKETS                                                                     \
    ZK_ERROR, "Exception while sending packets in LearnerHandler sid=%" PRId64 " reason=%s"
#define ZK_LOG_LEARNER_QUEUE_FULL                                                                  \
    ZK_WARN, "learner dropped sid=%" PRId64 " reason=\"it does not read: %" PRId64                 \
             " bytes are waiting\""
/* J */
#define ZK_LOG_TRANSACTION_TIMEOUT ZK_WARN, "Closing connection to peer due to transaction timeout."
/* J: two zxids */
#define ZK_LOG_ACK_BEFORE_ACK      ZK_WARN, "ACK for 0x%" PRIx64 " received before ACK for 0x%" PRIx64
/* J: address; then who and why */
#define ZK_LOG_GOODBYE             ZK_WARN, "******* GOODBYE %s ******** sid=%" PRId64 " reason=%s"
/* J: address; then why */
#define ZK_LOG_GOODBYE_UNKNOWN                                                                     \
    ZK_WARN, "******* GOODBYE %s ******** reason=\"it never said which server it is: %s\""
/* J: three numbers */
#define ZK_LOG_CONTAINER_MANAGER                                                                   \
    ZK_INFO, "Using checkIntervalMs=%" PRId64 " maxPerMinute=%" PRId64                             \
             " maxNeverUsedIntervalMs=%" PRId64
/* J: path */
#define ZK_LOG_DELETING_CONTAINER ZK_INFO, "Attempting to delete candidate container: %s"
/* J: two zxids */
#define ZK_LOG_ALREADY_COMMITTED                                                                   \
    ZK_DEBUG, "proposal has already been committed, pzxid: 0x%" PRIx64 " zxid: 0x%" PRIx64
/* J: zxid, then the sid */
#define ZK_LOG_COMMIT_FUTURE_PROPOSAL                                                              \
    ZK_WARN, "Trying to commit future proposal: zxid 0x%" PRIx64 " from %" PRId64
/* J: zxid, then the sid */
#define ZK_LOG_COMMITTING_NOT_FIRST                                                                \
    ZK_WARN, "Commiting zxid 0x%" PRIx64 " from %" PRId64 " not first!"
/* J: zxid */
#define ZK_LOG_COMMITTING_FIRST_IS  ZK_WARN, "First is 0x%" PRIx64
/* J: then the zxid */
#define ZK_LOG_NOT_ON_TO_BE_APPLIED ZK_ERROR, "Committed request not found on toBeApplied: %" PRIx64
#define ZK_LOG_RECONFIG_NOT_ACTIVATED                                                              \
    ZK_WARN, "reconfiguration committed and stored, but not applied zxid=0x%" PRIx64               \
             " reason=\"zkpeer does not change its ensemble while it runs\""                       \
             " next=\"restart the servers with new files\""
/* sid, zxid; as Java's "outstanding is 0" */
#define ZK_LOG_OUTSTANDING_IS_0 ZK_DEBUG, "outstanding is 0 sid=%" PRId64 " zxid=0x%" PRIx64

/* J: sid */
#define ZK_LOG_NO_LEADER_WITH_ID   ZK_WARN, "Couldn't find the leader with id = %" PRId64
/* J: address */
#define ZK_LOG_CONNECTED_TO_LEADER ZK_INFO, "Successfully connected to leader, using address: %s"
/* J: tries before this one, ms, address; then why */
#define ZK_LOG_CONNECT_AGAIN                                                                       \
    ZK_WARN, "Unexpected exception, tries=%d, remaining init limit=%" PRId64                       \
             ", connecting to %s reason=%s"
/* J: the same */
#define ZK_LOG_CONNECT_RETRIES                                                                     \
    ZK_ERROR, "Unexpected exception, retries exceeded. tries=%d, remaining init limit=%" PRId64    \
              ", connecting to %s reason=%s"
/* J: the same */
#define ZK_LOG_CONNECT_EXCEEDED                                                                    \
    ZK_ERROR,                                                                                      \
        "Unexpected exception, connectToLeader exceeded. tries=%d, remaining init limit=%" PRId64  \
        ", connecting to %s reason=%s"
/* J: following or observing; then why */
#define ZK_LOG_EXCEPTION_WHEN_LEARNING ZK_WARN, "Exception when %s the leader reason=%s"
/* J: addresses, ms, true or false */
#define ZK_LOG_DISCONNECTED_FROM_LEADER                                                            \
    ZK_INFO, "Disconnected from leader (with address: %s). Was connected for %" PRId64             \
             "ms. Sync state: %s"
/* J: Follower or Observer */
#define ZK_LOG_SHUTDOWN_LEARNER     ZK_INFO, "shutdown %s"
/* J: sid, addresses */
#define ZK_LOG_OBSERVING_NEW_LEADER ZK_INFO, "Observing new leader sid=%" PRId64 " addr=%s"
/* J: zxid */
#define ZK_LOG_GETTING_DIFF         ZK_INFO, "Getting a diff from the leader 0x%" PRIx64
/* J */
#define ZK_LOG_FORCING_INITIAL_SNAPSHOT                                                            \
    ZK_INFO, "Forcing a snapshot write as part of upgrading from an older Zookeeper. This should " \
             "only happen while upgrading."
/* J: zxid */
#define ZK_LOG_GETTING_SNAPSHOT  ZK_INFO, "Getting a snapshot from leader 0x%" PRIx64
/* J: what came instead */
#define ZK_LOG_MISSING_SIGNATURE ZK_ERROR, "Missing signature. Got %s"
/* J: zxid */
#define ZK_LOG_TRUNCATING        ZK_WARN, "Truncating log to get in sync with the leader 0x%" PRIx64
/* J: zxid; then why and what next */
#define ZK_LOG_CANNOT_TRUNCATE                                                                     \
    ZK_ERROR, "Not able to truncate the log 0x%" PRIx64 " reason=%s next=\"exit 13\""
/* J: type, zxid in hex */
#define ZK_LOG_UNEXPECTED_SYNC_PACKET                                                              \
    ZK_ERROR, "Got unexpected packet from leader: %s %" PRIx64 ", exiting ... "
/* J */
#define ZK_LOG_RECEIVED_NEWLEADER ZK_INFO, "Learner received NEWLEADER message"
/* J */
#define ZK_LOG_RECEIVED_UPTODATE  ZK_INFO, "Learner received UPTODATE message"
#define ZK_LOG_NEWLEADER_CONFIG   ZK_WARN, "configuration of NEWLEADER ignored reason=%s"
/* zxid, the zxid before it */
#define ZK_LOG_SYNC_NEW_EPOCH                                                                      \
    ZK_INFO, "the sync goes on in a new epoch zxid=0x%" PRIx64 " last=0x%" PRIx64
/* how many, ms, how many are not committed yet */
#define ZK_LOG_SYNC_PERSISTED                                                                      \
    ZK_INFO, "committed transactions of the sync are on disk count=%zu ms=%" PRId64 " waiting=%zu"
#define ZK_LOG_SYNC_NOT_PERSISTED                                                                  \
    ZK_ERROR, "the leader's history cannot be written to the log reason=%s next=\"exit 1\""
/* zxid */
#define ZK_LOG_RECONFIG_NOT_APPLIED                                                                \
    ZK_WARN, "reconfiguration zxid=0x%" PRIx64 " is stored, and changes nothing else"              \
             " next=\"change the servers by restarting with new files\""
/* J: zxid, the one that was expected */
#define ZK_LOG_GOT_ZXID ZK_WARN, "Got zxid 0x%" PRIx64 " expected 0x%" PRIx64
/* J: zxid, the oldest one that waits */
#define ZK_LOG_COMMIT_UNMATCHED                                                                    \
    ZK_ERROR, "Committing zxid 0x%" PRIx64 " but next pending txn 0x%" PRIx64
/* J; then why */
#define ZK_LOG_CLOSING_AFTER_SEND                                                                  \
    ZK_WARN, "Closing connection to leader, exception during packet send reason=%s"
/* J: session */
#define ZK_LOG_REVALIDATING_CLIENT      ZK_INFO, "Revalidating client: 0x%" PRIx64
/* J, put together: Follower or Observer */
#define ZK_LOG_REQUEST_PROCESSOR_EXITED ZK_INFO, "%sRequestProcessor exited loop!"
/* session, type, cxid (D-290) */
#define ZK_LOG_REFUSED_RUINOUS_REQUEST                                                             \
    ZK_WARN, "Refused what session 0x%" PRIx64 " asks for, type %" PRId32 " with cxid %" PRId32    \
             ": a leader of Java would be ruined by it; the client gets an error"
/* J: Follower or Observer */
#define ZK_LOG_UPTODATE_AGAIN      ZK_ERROR, "Received an UPTODATE message after %s started"
/* J: proposal or commit */
#define ZK_LOG_OBSERVER_IGNORES    ZK_WARN, "Ignoring %s"
/* J: zxid */
#define ZK_LOG_COMMIT_WITHOUT_TXN  ZK_WARN, "Committing %" PRIx64 " without seeing txn"
/* J */
#define ZK_LOG_NOT_EXPECTING_SYNC  ZK_WARN, "Not expecting a sync."
/* J: session */
#define ZK_LOG_MISSING_SESSION     ZK_WARN, "Missing session 0x%" PRIx64 " for validation"
/* J: type, zxid */
#define ZK_LOG_UNKNOWN_PACKET_TYPE ZK_WARN, "Unknown packet type: %s %" PRIx64

/* --- server: requests ------------------------------------------------------------------------- */

/* J, put together: which processor */
#define ZK_LOG_PROCESSOR_SHUTTING_DOWN ZK_INFO, "Shutting down %s"
/* J: how many reads, how many commits */
#define ZK_LOG_COMMIT_PROCESSOR_BATCH_SIZES                                                        \
    ZK_INFO, "Configuring CommitProcessor with readBatchSize %" PRId32 " commitBatchSize %" PRId32
/* J: how many, or "no" */
#define ZK_LOG_COMMIT_PROCESSOR_WORKERS                                                            \
    ZK_INFO, "Configuring CommitProcessor with %s worker threads."
/* J */
#define ZK_LOG_COMMIT_PROCESSOR_EXITED       ZK_INFO, "CommitProcessor exited loop!"
/* J */
#define ZK_LOG_SYNC_REQUEST_PROCESSOR_EXITED ZK_INFO, "SyncRequestProcessor exited!"
/* J */
#define ZK_LOG_TOO_BUSY_TO_SNAP              ZK_WARN, "Too busy to snap, skipping"
/* why */
#define ZK_LOG_TXN_LOG_FAILED                                                                      \
    ZK_ERROR, "The transaction log cannot be written: %s. Nothing that waits for it is "           \
              "acknowledged, and the peer ends, because a log with a hole is worse than a peer "   \
              "less. Mend the disk or make room, and start the peer again."
/* J */
#define ZK_LOG_SNAP_COUNT_TOO_SMALL                                                                \
    ZK_WARN, "SnapCount should be 2 or more. Now, snapCount is reset to 2"
/* J: the value */
#define ZK_LOG_SNAP_SIZE_LIMIT_OFF                                                                 \
    ZK_INFO,                                                                                       \
        "zookeeper.snapSizeLimitInKb set to a non-positive value %" PRId64 "; disabling feature"
/* J: thread; then why, which Java shows as a stack trace */
#define ZK_LOG_SEVERE_UNRECOVERABLE_ERROR                                                          \
    ZK_ERROR, "Severe unrecoverable error, from thread : %s: %s"
/* J */
#define ZK_LOG_SERVER_SHUTTING_DOWN ZK_INFO, "shutting down"
/* J; then why */
#define ZK_LOG_ERROR_UPDATING_DB    ZK_ERROR, "Error updating DB: %s"
/* J, put together: session */
#define ZK_LOG_DROPPING_REQUEST                                                                    \
    ZK_DEBUG, "Dropping request. No session with sessionid 0x%" PRIx64                             \
              " exists, probably expired and removed"
/* J */
#define ZK_LOG_DRAINING_THROTTLER   ZK_INFO, "Draining request throttler queue"
/* J: how many */
#define ZK_LOG_THROTTLER_SHUTDOWN   ZK_INFO, "RequestThrottler shutdown. Dropped %zu requests"
/* J: type */
#define ZK_LOG_UNKNOWN_REQUEST_TYPE ZK_WARN, "Received packet at server of unknown type %" PRId32
/* J: client, session */
#define ZK_LOG_INCORRECT_PASSWORD   ZK_WARN, "Incorrect password from %s for session 0x%" PRIx64
/* J: session, milliseconds, client */
#define ZK_LOG_ESTABLISHED_SESSION                                                                 \
    ZK_DEBUG, "Established session 0x%" PRIx64 " with negotiated timeout %" PRId32 " for client %s"
/* J: session, client */
#define ZK_LOG_INVALID_SESSION                                                                     \
    ZK_INFO, "Invalid session 0x%" PRIx64 " for client %s, probably expired"
/* J: session, milliseconds */
#define ZK_LOG_EXPIRING_SESSION                                                                    \
    ZK_INFO, "Expiring session 0x%" PRIx64 ", timeout of %" PRId32 "ms exceeded"
/* J: milliseconds */
#define ZK_LOG_SNAPSHOT_TAKEN ZK_INFO, "Snapshot taken in %" PRId64 " ms"
/* J: setting, default */
#define ZK_LOG_SNAPSHOT_SIZE_FACTOR_INVALID                                                        \
    ZK_WARN, "The configured %s is invalid, going to use the default %s"
/* J: value, default */
#define ZK_LOG_COMMIT_LOG_COUNT_TOO_SMALL                                                          \
    ZK_WARN, "The configured commitLogCount %" PRId32 " is less than the recommended %" PRId32     \
             ", going to use the recommended one"
/* J: milliseconds, zxid, digest */
#define ZK_LOG_SNAPSHOT_LOADED                                                                     \
    ZK_INFO, "Snapshot loaded in %" PRId64 " ms, highest zxid is 0x%" PRIx64 ", digest is %" PRId64
/* J: zxid */
#define ZK_LOG_UNABLE_TO_FIND_PROPOSALS                                                            \
    ZK_WARN, "Unable to find proposals from txnlog for zxid: 0x%" PRIx64
/* J: bytes, bytes */
#define ZK_LOG_TXNLOG_SIZE_EXCEEDS   ZK_INFO, "Txnlog size: %" PRId64 " exceeds sizeLimit: %" PRId64
/* J; then why */
#define ZK_LOG_UNABLE_TO_GET_SIZE    ZK_ERROR, "Unable to get size of most recent snapshot: %s"
/* J; then why */
#define ZK_LOG_UNABLE_TO_READ_TXNLOG ZK_ERROR, "Unable to read txnlog from disk: %s"
/* J */
#define ZK_LOG_SHUTDOWN_COMPLETE     ZK_INFO, "shutdown of request processor complete"

/* --- persistence, server, peer ---------------------------------------------------------------- */

/* J: path */
#define ZK_LOG_READING_SNAPSHOT ZK_INFO, "Reading snapshot %s"
/* J: zxid, path */
#define ZK_LOG_SNAPSHOTTING     ZK_INFO, "Snapshotting: 0x%" PRIx64 " to %s"
/* J: path; then why */
#define ZK_LOG_SNAPSHOT_PROBLEM ZK_WARN, "problem reading snap file %s reason=%s"
/* J, in other words: path */
#define ZK_LOG_SNAPSHOT_INVALID ZK_INFO, "Invalid snapshot %s: too short, or not ended by a seal"
/* directory */
#define ZK_LOG_SNAPSHOT_NONE_WHOLE                                                                 \
    ZK_ERROR, "Not able to find valid snapshots in %s: there are some, but each is damaged or "    \
              "incomplete. The peer does not start empty over them. Restore one from another "     \
              "server, or empty the data directory to copy everything from the leader."
/* path */
#define ZK_LOG_SNAPSHOT_SNAPPY                                                                     \
    ZK_ERROR, "Snapshot %s is packed with snappy, and libsnappy is not on this machine. Install "  \
              "it (Debian: libsnappy1v5), and start the peer again."
/* J: version, zxid, digest */
#define ZK_LOG_SNAPSHOT_DIGEST                                                                     \
    ZK_INFO, "The digest in the snapshot has digest version of %d, with zxid as 0x%" PRIx64        \
             ", and digest value as %" PRId64
/* J */
#define ZK_LOG_SNAPSHOT_DIGEST_EMPTY ZK_INFO, "The digest value is empty in snapshot"
/* J: zxid of the digest, zxid in the file's name */
#define ZK_LOG_SNAPSHOT_DIGEST_OLDER                                                               \
    ZK_INFO, "The zxid of snapshot digest 0x%" PRIx64                                              \
             " is smaller than the known snapshot highest zxid, the snapshot started with zxid 0x" \
             "%" PRIx64 ". It will be invalid to use this snapshot digest associated with this "   \
             "zxid, will ignore comparing it."
/* J: last zxid, zxid of the digest */
#define ZK_LOG_SNAPSHOT_DIGEST_NOT_COVERED                                                         \
    ZK_WARN, "Highest txn zxid 0x%" PRIx64 " is not covering the snapshot digest zxid 0x%" PRIx64  \
             ", which might lead to inconsistent state"
/* J: the snapshot's, ours */
#define ZK_LOG_DIGEST_VERSION_CHANGED                                                              \
    ZK_INFO, "Digest version changed, local: %d, new: %d, skip comparing digest now."
/* J, in other words: type, zxid, the transaction's digest, the tree's */
#define ZK_LOG_FIRST_DIGEST_MISMATCH                                                               \
    ZK_ERROR, "First digest mismatch on txn: %s zxid=0x%" PRIx64 ", expected digest is %" PRId64   \
              ", actual digest is %" PRId64
/* J: what, a zxid */
#define ZK_LOG_MESSAGE       ZK_WARN, "Message:%s Value:%" PRId64
/* J, in other words: how often, what, the last zxid */
#define ZK_LOG_MESSAGE_AGAIN ZK_WARN, "[%" PRId64 " times] Message: %s Last value:%" PRId64
/* J, in other words: path, session */
#define ZK_LOG_EPHEMERAL_GONE                                                                      \
    ZK_WARN,                                                                                       \
        "Ignoring NoNodeException for path %s while removing ephemeral for dead session 0x%" PRIx64
/* J, in other words: one path, how many more, session, zxid */
#define ZK_LOG_EPHEMERALS_NOT_IN_TXN                                                               \
    ZK_WARN, "Unexpected extra paths [%s and %" PRIu32 " more] under session 0x%" PRIx64           \
             " which are not in txn 0x%" PRIx64
/* J: path */
#define ZK_LOG_QUOTA_STAT_MISSING      ZK_ERROR, "Missing node for stat %s"
/* J: path */
#define ZK_LOG_QUOTA_STAT_NODE_MISSING ZK_WARN, "Missing quota stat node %s"
/* path */
#define ZK_LOG_QUOTA_STAT_UNREADABLE                                                               \
    ZK_WARN, "Quota stat node %s does not say what it should (count=N,bytes=N), so it is not "     \
             "kept up to date. Delete the quota and set it again."
/* path, reason */
#define ZK_LOG_SNAPSHOT_UNREADABLE                                                                 \
    ZK_ERROR, "Snapshot %s cannot be read: %s. It may be whole, so the peer neither passes over "  \
              "it nor starts without it. Make it readable for the user that runs the peer, or "    \
              "mend the disk, and start again."
/* path, what could not be done with it ("read", "synced" ...), reason */
#define ZK_LOG_DATA_FILE_PROBLEM ZK_ERROR, "%s cannot be %s: %s"
/* directory, reason */
#define ZK_LOG_DATADIR_NO_LOCK                                                                     \
    ZK_WARN, "%s cannot be locked: %s. Nothing keeps a second peer from using it too."
/* J: path, what stands there, what must */
#define ZK_LOG_TXN_LOG_INVALID_MAGIC                                                               \
    ZK_ERROR, "Transaction log: %s has invalid magic number %d != %d"
/* J: the file's name */
#define ZK_LOG_CREATING_NEW_LOG_FILE ZK_INFO, "Creating new log file: %s"
/* J, put together: zxid, the last one, type */
#define ZK_LOG_ZXID_NOT_ABOVE        ZK_WARN, "Current zxid %" PRId64 " is <= %" PRId64 " for %s"
/* J: thread, milliseconds, size of the file; the words are Java's to the letter */
#define ZK_LOG_FSYNC_SLOW                                                                          \
    ZK_WARN, "fsync-ing the write ahead log in %s took %" PRId64                                   \
             "ms which will adversely effect operation latency.File size is %" PRId64              \
             " bytes. See the ZooKeeper troubleshooting guide"
/* J: bytes */
#define ZK_LOG_LOG_SIZE_LIMIT         ZK_DEBUG, "Log size limit reached: %" PRId64
/* J: the value */
#define ZK_LOG_PRE_ALLOC_SIZE_INVALID ZK_WARN, "%s is not a valid value for preAllocSize"
/* the words of Java 3.9.4: path */
#define ZK_LOG_DELETE_EMPTY_TAIL                                                                   \
    ZK_WARN, "Delete empty tail log file to recover from corruption file: %s"
/* J, put together: Java says no more than the first sentence; path, where the entry begins */
#define ZK_LOG_TXN_PARTIAL ZK_ERROR, "Last transaction was partial. file=%s position=%" PRId64
/* path, where the entry begins */
#define ZK_LOG_TXN_LOG_TORN                                                                        \
    ZK_WARN, "A power failure has torn the last entry of a log: it is cut off. It was never "      \
             "acknowledged. file=%s position=%" PRId64
/* J, in other words: Java throws; path, where the entry begins */
#define ZK_LOG_TXN_LOG_CRC                                                                         \
    ZK_ERROR, "CRC check failed: file=%s position=%" PRId64 ". The file has changed since it was " \
              "written, and later transactions cannot be trusted. Restore the directory from a "   \
              "backup, or empty it and let the leader send everything."
/* path, where the entry begins */
#define ZK_LOG_TXN_LOG_DAMAGED                                                                     \
    ZK_ERROR, "Transaction log %s is no log from position %" PRId64 " on. Move the file away if "  \
              "it is not ZooKeeper's; else restore the directory from a backup, or empty it and "  \
              "let the leader send everything."
/* directory, reason */
#define ZK_LOG_TXN_LOG_DEAD                                                                        \
    ZK_ERROR, "The transaction log in %s cannot be written any more: %s. This peer acknowledges "  \
              "nothing from here on. Mend the disk, or make room on it, and start the peer again."
/* J, in other words: Java throws */
#define ZK_LOG_NO_LOG_FILES_TO_TRUNCATE                                                            \
    ZK_ERROR,                                                                                      \
        "No log files found to truncate! This could happen if you still have snapshots from "      \
        "an old setup or log files were deleted accidentally or dataLogDir was changed in "        \
        "zoo.cfg."
/* path, the zxid that the leader names */
#define ZK_LOG_SNAPSHOT_BEHIND_TRUNC                                                               \
    ZK_INFO, "Snapshot %s is removed: it holds what the leader has taken back behind 0x%" PRIx64
/* the zxid that the leader names, directory */
#define ZK_LOG_TRUNC_NO_SNAPSHOT                                                                   \
    ZK_ERROR,                                                                                      \
        "The leader takes back everything behind 0x%" PRIx64 ", but no snapshot in %s is so "      \
        "old. Empty the data directory and start the peer again: the leader will send "            \
        "everything."
/* the zxid that the leader names, the last one that is left */
#define ZK_LOG_TRUNC_NOT_THERE                                                                     \
    ZK_WARN, "The leader takes back everything behind 0x%" PRIx64 ", which this peer never had: "  \
             "its history ends at 0x%" PRIx64 " now, and it joins anew from there"
/* J: path; Java also tells when the file was last changed */
#define ZK_LOG_REMOVING_FILE       ZK_INFO, "Removing file: %s"
/* J */
#define ZK_LOG_PURGE_STARTED       ZK_INFO, "Purge task started."
/* J */
#define ZK_LOG_PURGE_COMPLETED     ZK_INFO, "Purge task completed."
/* J */
#define ZK_LOG_PURGE_NOT_SCHEDULED ZK_INFO, "Purge task is not scheduled."
/* J; then why */
#define ZK_LOG_PURGE_ERROR         ZK_ERROR, "Error occurred while purging. reason=%s"
/* the last zxid before the hole, the first behind it */
#define ZK_LOG_TXN_LOG_HOLE                                                                        \
    ZK_ERROR, "The log has a hole: transactions behind 0x%" PRIx64 " and before 0x%" PRIx64        \
              " are missing. Restore the directory from a backup, or empty it and let the leader " \
              "send everything."
/* the last zxid before them, the first behind them */
#define ZK_LOG_ZXIDS_NEVER_USED                                                                    \
    ZK_INFO, "Between zxid 0x%" PRIx64 " and 0x%" PRIx64 " there are no transactions, and by the " \
             "digest none is missing: a leader of Java used these numbers up."
/* J: how many, milliseconds */
#define ZK_LOG_TXNS_LOADED ZK_INFO, "%" PRId64 " txns loaded in %" PRId64 " ms"
/* the words of Java, which throws: directory */
#define ZK_LOG_TXN_LOG_NO_SNAPSHOT                                                                 \
    ZK_ERROR, "No snapshot found, but there are log entries. Something is broken! directory=%s"
/* the words of Java */
#define ZK_LOG_TXN_LOG_TRUST_EMPTY                                                                 \
    ZK_WARN, "No snapshot found, but there are log entries. This should only be allowed during "   \
             "upgrading."
/* J: the highest zxid, this one, its type */
#define ZK_LOG_TXN_BEHIND                                                                          \
    ZK_ERROR, "%" PRId64 "(highestZxid) > %" PRId64 "(next log) for type %" PRId32
/* J, in other words: type, error */
#define ZK_LOG_TXN_IGNORED ZK_DEBUG, "Ignoring processTxn failure hdr: %" PRId32 ", error: %" PRId32
/* J */
#define ZK_LOG_INITIALIZE_FOUND                                                                    \
    ZK_INFO, "Initialize file found, an empty database will not block voting participation"
/* J */
#define ZK_LOG_UNEXPECTED_EMPTY ZK_WARN, "Unexpected empty data tree, setting zxid to -1"
/* J */
#define ZK_LOG_CONFIG_NODE_MISSING                                                                 \
    ZK_WARN, "configuration znode missing (should only happen during upgrade), creating the node"
/* J */
#define ZK_LOG_CONFIG_NODE_IMPOSSIBLE ZK_ERROR, "configuration node missing - should not happen"
/* J: address */
#define ZK_LOG_BINDING_TO_PORT        ZK_INFO, "binding to port %s"
/* J: word, address */
#define ZK_LOG_PROCESSING_COMMAND     ZK_INFO, "Processing %s command from %s"
/* J: word */
#define ZK_LOG_NOT_IN_WHITELIST                                                                    \
    ZK_DEBUG, "Command %s is not executed because it is not in the whitelist."
/* J, put together: seconds, selector threads, worker threads or no, kB or gathered writes */
#define ZK_LOG_CONFIGURING_NIO                                                                     \
    ZK_INFO, "Configuring NIO connection handler with %" PRId64                                    \
             "s sessionless connection timeout, %" PRId32 " selector thread(s), %s worker threads" \
             ", and %" PRId32 " kB direct buffers."
/* threads that there are */
#define ZK_LOG_NO_THREAD_FOR_WORKER                                                                \
    ZK_WARN, "no more workers count=%" PRId64 " why=the system gives no more threads "             \
             "do=raise the limit of processes (ulimit -u)"
/* J, put together: limit */
#define ZK_LOG_MAX_CNXNS_DEFAULT                                                                   \
    ZK_WARN, "maxCnxns is not configured, using default value %" PRId32 "."
/* J, put together: address, limit */
#define ZK_LOG_TOO_MANY_CONNECTIONS                                                                \
    ZK_WARN, "Error accepting new connection: Too many connections from %s - max is %" PRId32
/* J, put together: how many there are, limit */
#define ZK_LOG_TOO_MANY_CNXNS ZK_ERROR, "Too many connections %" PRId64 " - max is %" PRId32
/* J, put together: address, session */
#define ZK_LOG_END_OF_STREAM                                                                       \
    ZK_WARN, "Unable to read additional data from client, it probably closed the socket: "         \
             "address = %s, session = 0x%" PRIx64
/* J, put together: address, session, why */
#define ZK_LOG_CLOSED_SOCKET                                                                       \
    ZK_DEBUG, "Closed socket connection for client %s which had sessionid 0x%" PRIx64 " reason=%s"
/* J: session, why */
#define ZK_LOG_CLOSE_OF_SESSION ZK_WARN, "Close of session 0x%" PRIx64 ": %s"
/* J, put together: session, address, length, limit */
#define ZK_LOG_LEN_ERROR                                                                           \
    ZK_WARN, "Close of session 0x%" PRIx64 ": Len error. A message from %s with advertised length" \
             " of %" PRId32 " is either a malformed message or too large to process"               \
             " (length is greater than jute.maxbuffer=%" PRId32 ")"
/* session, address, bytes */
#define ZK_LOG_CLIENT_DOES_NOT_READ                                                                \
    ZK_WARN, "closing client connection: session=0x%" PRIx64 " remote=%s unsent=%zu "              \
             "reason=the client does not read what it asked for"
/* address; clients since the last such line, this one among them */
#define ZK_LOG_CLIENT_TURNED_AWAY                                                                  \
    ZK_WARN, "a ZooKeeper client is turned away remote=%s clients=%" PRId64                        \
             " why=\"this peer serves no clients before it has a leader that a quorum follows\" "  \
             "do=\"nothing, if the election ends; clients try again by themselves\""
/* address */
#define ZK_LOG_CLIENT_NOT_SERVED                                                                   \
    ZK_DEBUG, "closing client connection: remote=%s reason=this peer does not serve clients now"
/* why */
#define ZK_LOG_CLIENT_ACCEPT ZK_WARN, "cannot accept client connections for a moment: reason=%s"
/* J, put together: session */
#define ZK_LOG_CONNECT_THROTTLED                                                                   \
    ZK_WARN, "Closing session 0x%" PRIx64 " Connection throttle rejected connection"
/* J: address */
#define ZK_LOG_OLD_CLIENT                                                                          \
    ZK_WARN, "Connection request from old client %s; will be dropped if server is in r-o mode"
/* J, put together: address, its zxid, ours */
#define ZK_LOG_CLIENT_ZXID_AHEAD                                                                   \
    ZK_INFO, "Refusing session request for client %s as it has seen zxid 0x%" PRIx64               \
             " our last zxid is 0x%" PRIx64 " client must try another server"
/* J: address */
#define ZK_LOG_GOT_AUTH_PACKET  ZK_INFO, "got auth packet %s"
/* J, put together: scheme */
#define ZK_LOG_NO_AUTH_PROVIDER ZK_WARN, "No authentication provider for scheme: %s has ip digest "
/* J: session, scheme, address */
#define ZK_LOG_AUTH_SUCCESS                                                                        \
    ZK_INFO, "Session 0x%" PRIx64 ": auth success for scheme %s and address %s"
/* J: scheme */
#define ZK_LOG_AUTH_FAILED ZK_WARN, "Authentication failed for scheme: %s"
#define ZK_LOG_CLIENT_NOT_AUTHENTICATED                                                            \
    ZK_ERROR, "The client %s has none of the schemes of enforce.auth.schemes; it is turned away"
/* J: address, port, url */
#define ZK_LOG_ADMIN_SERVER_STARTED                                                                \
    ZK_INFO, "Started AdminServer on address %s, port %d and command URL %s"
/* J, with a reason: address, port, url */
#define ZK_LOG_ADMIN_SERVER_PROBLEM                                                                \
    ZK_WARN, "Problem starting AdminServer on address %s, port %d and command URL %s reason=%s "   \
             "do=change admin.serverPort or admin.serverAddress"
/* address, port */
#define ZK_LOG_METRICS_STARTED ZK_INFO, "metrics for Prometheus address=%s port=%d page=/metrics"
/* address, port */
#define ZK_LOG_METRICS_PROBLEM                                                                     \
    ZK_WARN, "no metrics for Prometheus address=%s port=%d reason=%s "                             \
             "do=change metricsProvider.httpPort or metricsProvider.httpHost"
/* address */
#define ZK_LOG_NO_THREAD_FOR_CLIENT_PORT                                                           \
    ZK_ERROR, "client port cannot be served address=%s why=the system gives no more threads "      \
              "do=raise the limit of processes (ulimit -u)"
/* address, reason */
#define ZK_LOG_CLIENT_PORT_BIND                                                                    \
    ZK_ERROR, "client port cannot be opened address=%s reason=%s "                                 \
              "do=stop the program that uses it, or change clientPort"
/* J, in other words */
#define ZK_LOG_NOT_IN_PEER_LIST                                                                    \
    ZK_ERROR,                                                                                      \
        "My id %" PRId64 " not in the peer list: %s/myid and the server.N lines of %s must agree"
/* J */
#define ZK_LOG_UNABLE_TO_ACCESS_DATADIR  ZK_ERROR, "Unable to access datadir, exiting abnormally: %s"
/* J */
#define ZK_LOG_ADMIN_SERVER_EXITING      ZK_ERROR, "Unable to start AdminServer, exiting abnormally"
/* J */
#define ZK_LOG_UNEXPECTED_EXITING        ZK_ERROR, "Unexpected exception, exiting abnormally"
/* J */
#define ZK_LOG_ARGUMENTS_INVALID_EXITING ZK_ERROR, "Invalid arguments, exiting abnormally"
/* J */
#define ZK_LOG_RUNNING_STANDALONE                                                                  \
    ZK_WARN, "Either no config or no quorum defined in config, running in standalone mode"
/* J */
#define ZK_LOG_STARTING_SERVER  ZK_INFO, "Starting server"
/* J */
#define ZK_LOG_EXITING_NORMALLY ZK_INFO, "Exiting normally"
/* the reason */
#define ZK_LOG_UNABLE_TO_START_SERVER                                                              \
    ZK_ERROR, "the server cannot start why=\"%s\" do=\"raise the limit of processes (ulimit -u)\""
/* J: the client's address */
#define ZK_LOG_REFUSING_NOT_READ_ONLY                                                              \
    ZK_INFO, "Refusing session request for not-read-only client %s"
/* J: the client's address */
#define ZK_LOG_REFUSING_GLOBAL_IN_READ_ONLY                                                        \
    ZK_INFO, "Refusing global session reconnection in RO mode %s"
/* J */
#define ZK_LOG_READ_ONLY_ATTEMPT ZK_INFO, "Attempting to start ReadOnlyZooKeeperServer"
/* J */
#define ZK_LOG_READ_ONLY_STARTED ZK_INFO, "Read-only server started"
/* J */
#define ZK_LOG_READ_ONLY_NOT_STARTED                                                               \
    ZK_INFO, "Interrupted while attempting to start ReadOnlyZooKeeperServer, not started"
/* J, put together: the reason */
#define ZK_LOG_READ_ONLY_FAILED ZK_ERROR, "FAILED to start ReadOnlyZooKeeperServer: %s"
/* J: a session */
#define ZK_LOG_GLOBAL_CLOSE_IN_READ_ONLY                                                           \
    ZK_WARN, "Submitting global closeSession request for session 0x%" PRIx64 " in ReadOnly mode"
/* J: a session */
#define ZK_LOG_UPGRADING_SESSION       ZK_INFO, "Upgrading session 0x%" PRIx64
/* J: a session */
#define ZK_LOG_TRACKING_GLOBAL_SESSION ZK_INFO, "Tracking global session 0x%" PRIx64
/* J: local or global, a session */
#define ZK_LOG_SUBMITTING_CLOSE_SESSION                                                            \
    ZK_INFO, "Submitting %s closeSession request for session 0x%" PRIx64
/* J, put together: the reason */
#define ZK_LOG_UPGRADE_REFUSED         ZK_WARN, "Error creating upgrade request: KeeperErrorCode = %s"
/* J: enabled or disabled */
#define ZK_LOG_LOCAL_SESSIONS          ZK_INFO, "Local sessions %s"
/* J: enabled or disabled */
#define ZK_LOG_LOCAL_SESSION_UPGRADING ZK_INFO, "Local session upgrading %s"
/* J */
#define ZK_LOG_NOT_SECURED             ZK_INFO, "QuorumPeer communication is not secured! (SASL auth disabled)"
/* J */
#define ZK_LOG_NO_TLS                  ZK_INFO, "Using insecure (non-TLS) quorum communication"
/* J */
#define ZK_LOG_PORT_UNIFICATION        ZK_INFO, "Port unification %s"
#define ZK_LOG_SIGNAL                  ZK_INFO, "leaving signal=%s"
#define ZK_LOG_THREAD_DUMP                                                                         \
    ZK_INFO, "the threads, queues and locks of this moment follow why=SIGQUIT"
#define ZK_LOG_ROLE_EXIT                                                                           \
    ZK_ERROR, "leaving code=%d why=the role cannot go on; the line above says what happened"
#define ZK_LOG_NO_THREAD_FOR_ELECTION                                                              \
    ZK_ERROR,                                                                                      \
        "election cannot start why=the system gives no more threads do=raise the limit of processes (ulimit -u)"

/* --- server: PrepRequestProcessor, sessions --------------------------------------------------- */

/* J: server, true or false */
#define ZK_LOG_PREP_STARTED                                                                        \
    ZK_INFO, "PrepRequestProcessor (sid:%" PRId64 ") started, reconfigEnabled=%s"
/* J */
#define ZK_LOG_PREP_EXITED  ZK_INFO, "PrepRequestProcessor exited loop!"
/* J: path, session, what is wrong with it */
#define ZK_LOG_INVALID_PATH ZK_INFO, "Invalid path %s with session 0x%" PRIx64 ", reason: %s"
/* J: flags */
#define ZK_LOG_INVALID_CREATE_FLAG                                                                 \
    ZK_ERROR, "Received an invalid flag value: %" PRId32 " to convert to a CreateMode"
/* J */
#define ZK_LOG_RECONFIG_REQUESTED                                                                  \
    ZK_ERROR, "Reconfig operation requested but reconfig feature is disabled."
/* J: scheme */
#define ZK_LOG_MISSING_AUTH_PROVIDER ZK_ERROR, "Missing AuthenticationProvider for %s"
/* J: type */
#define ZK_LOG_UNKNOWN_TYPE          ZK_WARN, "unknown type %" PRId32
/* J, in other words: request, length of its body. Java dumps the body, which may be data. */
#define ZK_LOG_FAILED_TO_PROCESS                                                                   \
    ZK_ERROR, "Failed to process %s: its body of %zu bytes cannot be read as what it should be"
/* J, in other words: request, code */
#define ZK_LOG_USER_LEVEL_EXCEPTION                                                                \
    ZK_INFO, "Got user-level KeeperException when processing %s Error:KeeperErrorCode = %s"
/* J, put together: path, "count" or "bytes", how many, "hard" or "soft", limit */
#define ZK_LOG_QUOTA_EXCEEDED                                                                      \
    ZK_WARN, "Quota exceeded: %s [current %s=%" PRId64 ", %s limit=%" PRId64 "]"
/* session */
#define ZK_LOG_CLOSE_WITHOUT_LIST                                                                   \
    ZK_WARN,                                                                                        \
        "Session 0x%" PRIx64                                                                        \
        " ends with more ephemeral nodes than one transaction can name; each server deletes those " \
        "that it has"
/* J: session */
#define ZK_LOG_COMMITTING_GLOBAL_SESSION ZK_INFO, "Committing global session 0x%" PRIx64
/* J */
#define ZK_LOG_SESSION_TRACKER_EXITED    ZK_INFO, "SessionTrackerImpl exited loop!"
/* J: zxid of a change, zxid that is applied */
#define ZK_LOG_OUTSTANDING_ZXID                                                                    \
    ZK_WARN, "Zxid outstanding 0x%" PRIx64 " is less than current 0x%" PRIx64

#endif
