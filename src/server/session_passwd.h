/* The password with which a client comes back to its session. Every server, Java's too, computes
 * the same one from the session's id, so it is a checksum of the id more than a secret. Any thread.
 * Java: ZooKeeperServer.generatePasswd(), checkPasswd() */
#ifndef SERVER_SESSION_PASSWD_H
#define SERVER_SESSION_PASSWD_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/server/zookeeper_server.h"

/* Java: generatePasswd() */
void session_passwd_generate(int64_t session_id, uint8_t ret_passwd[SESSION_PASSWD_LENGTH]);
/* Returns whether passwd, SESSION_PASSWD_LENGTH bytes or NULL, is the session's. Session 0 is
 * nobody's. Java: checkPasswd() */
bool session_passwd_check(int64_t session_id, const uint8_t *passwd);

#endif
