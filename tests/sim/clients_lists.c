/* I22: whom a server takes a client for, and the lists of the nodes. */
#include <stdio.h>
#include <string.h>

#include "clients_check.h"
#include "text.h"

/* A node has the list that its creator, or who has set it last, has asked for. */
void clients_check_list_given(const struct client_call *call, const struct node *node)
{
    struct client_acl acl;
    (void)client_acl_fix(&CLIENT_WISHES[call->request.op.parts[0].acl], call->ids, &acl);
    if (!client_acl_equal(&node->acl, &acl))
        clients_fail_call("I22", call, "the node has another list");
}

/* Digests are for those who may change the list. */
void clients_check_list_shown(const struct client_call *call, const struct node *node)
{
    struct client_acl acl = node->acl;
    const bool masked = !client_acl_allows(&node->acl, RIGHT_ADMIN, call->ids);
    for (int i = 0; i < acl.count; i++)
        acl.entries[i].masked =
            masked && strcmp(client_id_scheme(acl.entries[i].who), "digest") == 0;
    if (!client_acl_equal(&call->reply.acl, &acl))
        clients_fail_call("I22", call, "it shows another list");
}

void clients_check_who(const struct client_call *call)
{
    uint64_t names = 0;
    int32_t count = 0;
    for (uint32_t who = 1; who <= ID_OTHER_HOST; who <<= 1) {
        char user[CLIENT_ID_SIZE];
        if ((call->ids & who) == 0)
            continue;
        text_copy(user, sizeof user, client_id_text(who));
        if (strchr(user, ':') != NULL)
            *strchr(user, ':') = '\0';
        names += client_hash(client_id_scheme(who)) + client_hash(user);
        count++;
    }
    if ((call->ids & ID_SUPER) != 0) { /* it is that besides, without a name */
        names += client_hash("super") + client_hash("");
        count++;
    }
    if (call->reply.err != 0 || call->reply.name_count != count || call->reply.names != names)
        clients_fail_call("I22", call, "it is taken for somebody else");
}
