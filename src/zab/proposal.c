/* Proposals and lists of them. Java: Leader.Proposal */
#include "zab/proposal.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/server/request.h"

struct proposal *proposal_new(struct request *request)
{
    struct proposal *proposal = zk_xcalloc(1, sizeof *proposal);
    proposal->request = request_ref(request);
    return proposal;
}

void proposal_free(struct proposal *proposal)
{
    if (proposal == NULL)
        return;
    request_unref(proposal->request);
    synced_learner_tracker_done(&proposal->tracker);
    free(proposal);
}

int64_t proposal_zxid(const struct proposal *proposal)
{
    return proposal->request->zxid;
}

void proposal_list_init(struct proposal_list *list)
{
    list->proposals = (struct array_deque)ARRAY_DEQUE_OF(struct proposal *);
}

size_t proposal_list_count(const struct proposal_list *list)
{
    return list->proposals.count;
}

void proposal_list_append(struct proposal_list *list, struct proposal *proposal)
{
    size_t count = proposal_list_count(list);
    zk_assert(count == 0 ||
              proposal_zxid(proposal_list_at(list, count - 1)) < proposal_zxid(proposal));
    array_deque_add_last(&list->proposals, &proposal);
}

struct proposal *proposal_list_at(const struct proposal_list *list, size_t i)
{
    struct proposal *const *place = array_deque_get(&list->proposals, i);
    zk_assert(place != NULL);
    return *place;
}

/* The search relies on the order of zxids alone, not on their having no gaps. */
struct proposal *proposal_list_find(const struct proposal_list *list, int64_t zxid)
{
    size_t from = 0;
    size_t to = proposal_list_count(list);
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        struct proposal *proposal = proposal_list_at(list, middle);
        if (proposal_zxid(proposal) == zxid)
            return proposal;
        if (proposal_zxid(proposal) < zxid)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

struct proposal *proposal_list_take_first(struct proposal_list *list)
{
    struct proposal *proposal = NULL;
    bool taken = array_deque_remove_first(&list->proposals, &proposal);
    zk_assert(taken);
    return proposal;
}

void proposal_list_done(struct proposal_list *list)
{
    while (proposal_list_count(list) > 0)
        proposal_free(proposal_list_take_first(list));
    array_deque_done(&list->proposals);
}
