/* Errors are negative errno values; 0 is success. One value has one meaning in the whole program:
 *   -EPIPE         the other end closed, or the bytes end before the last one that was asked for
 *   -EPROTO        malformed bytes
 *   -ETIMEDOUT     the time is over
 *   -ECANCELED     a thread of this process closed the socket or the queue
 *   -EDESTADDRREQ  the host name has no address
 * All others mean what the system means by them. */
#ifndef ZK_BASE_ERROR_H
#define ZK_BASE_ERROR_H

/* What an error says, in words that fit a log line after "reason=". */
struct zk_error_text {
    char text[128];
};

/* Returns the words for r, which may be negative or positive; the struct is a value, so that the
 * usual use needs no buffer: zk_log(ctx, ..., zk_error_text(r).text). Any thread; never blocks. */
struct zk_error_text zk_error_text(int r);

#endif
