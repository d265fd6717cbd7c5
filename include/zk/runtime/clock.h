/* The two clocks. Elapsed time never jumps, and is what all waits and deadlines use; wall time is
 * for people and for the time stamps of transactions. Any thread. Java:
 * org.apache.zookeeper.common.Time */
#ifndef ZK_RUNTIME_CLOCK_H
#define ZK_RUNTIME_CLOCK_H

#include <stdint.h>

/* Java: Time.currentElapsedTime() */
int64_t zk_elapsed_ms(void);
int64_t zk_elapsed_us(void);

/* Returns the value of zk_elapsed_ms() at which a wait of timeout_ms that starts now has ended:
 * never too early. 0 and less give the present moment; INT64_MAX stays INT64_MAX, which means for
 * ever. */
int64_t zk_deadline_ms(int64_t timeout_ms);

/* Java: Time.currentWallTime() */
int64_t zk_wall_ms(void);

#endif
