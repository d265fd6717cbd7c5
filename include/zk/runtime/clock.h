/* The two clocks. Java: org.apache.zookeeper.common.Time. Elapsed time never jumps and is the only
 * one that waits and deadlines use; wall time is for people and for zxids' time stamps. */
#ifndef ZK_RUNTIME_CLOCK_H
#define ZK_RUNTIME_CLOCK_H

#include <stdint.h>

/* Java: Time.currentElapsedTime() */
int64_t zk_elapsed_ms(void);
int64_t zk_elapsed_us(void);

/* The moment of zk_elapsed_ms() at which a wait of timeout_ms that starts now ends, never too
 * early. 0 and less: now. INT64_MAX stays: for ever. */
int64_t zk_deadline_ms(int64_t timeout_ms);

/* Java: Time.currentWallTime() */
int64_t zk_wall_ms(void);

/* Sleep, not to be interrupted: only for pauses of a few milliseconds. Anything longer waits on a
 * zk_stop. */
void zk_sleep_ms(int64_t ms);

#endif
