/* What a session's password is. Java: ZooKeeperServer.generatePasswd(), checkPasswd() */
#include "server/session_passwd.h"

#include <string.h>

/* Java: superSecret */
#define SUPER_SECRET INT64_C(0xB3415C00)

/* Java: generatePasswd(), by java.util.Random */
void session_passwd_generate(int64_t session_id, uint8_t ret_passwd[SESSION_PASSWD_LENGTH])
{
    const uint64_t multiplier = UINT64_C(0x5DEECE66D);
    const uint64_t mask = (UINT64_C(1) << 48) - 1;
    uint64_t seed = ((uint64_t)(session_id ^ SUPER_SECRET) ^ multiplier) & mask;
    for (size_t i = 0; i < SESSION_PASSWD_LENGTH; i += sizeof(uint32_t)) {
        seed = (seed * multiplier + 0xB) & mask;
        uint32_t next = (uint32_t)(seed >> 16);
        for (size_t byte = 0; byte < sizeof next; byte++)
            ret_passwd[i + byte] = (uint8_t)(next >> (8 * byte));
    }
}

/* Java: checkPasswd() */
bool session_passwd_check(int64_t session_id, const uint8_t *passwd)
{
    uint8_t right[SESSION_PASSWD_LENGTH];
    session_passwd_generate(session_id, right);
    return session_id != 0 && passwd != NULL && memcmp(right, passwd, sizeof right) == 0;
}
