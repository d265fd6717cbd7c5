/* The shape of an ensemble, drawn from the seed alone. */
#include "mix.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

enum { SALT_VOTERS = 100, SALT_OBSERVERS, SALT_GROUPS, SALT_GROUP_SIZE, SALT_WEIGHTS };

static uint64_t seed_draw(uint64_t seed, uint64_t salt, uint64_t bound)
{
    uint64_t mixed = (seed + salt * 0x632be59bd9b4e019ULL) * 0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93ULL;
    return (mixed >> 32) % bound;
}

bool seed_says(uint64_t seed, uint64_t salt, uint64_t one_in)
{
    return seed_draw(seed, salt, one_in) == 0;
}

/* Somebody must have weight, or there is no quorum: the first. */
static void draw_weights(uint64_t seed, struct cluster_options *options)
{
    static const int weights[] = {0, 1, 1, 1, 2, 3};
    bool any = false;
    for (int host = 1; host <= options->voters; host++) {
        uint64_t salt = SALT_WEIGHTS + (uint64_t)host;
        options->weights[host] = weights[seed_draw(seed, salt, sizeof weights / sizeof *weights)];
        any = any || options->weights[host] > 0;
    }
    if (!any)
        options->weights[1] = 1;
}

void mix_draw(uint64_t seed, struct cluster_options *options)
{
    static const int voters[] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 5, 5, 5, 5, 4, 6, 7};
    options->voters = voters[seed_draw(seed, SALT_VOTERS, sizeof voters / sizeof *voters)];
    options->observers = seed_says(seed, SALT_OBSERVERS, 4) ? 1 : 0;
    options->group_size = 0;
    if (!seed_says(seed, SALT_GROUPS, 3))
        return;
    options->group_size = 2 + (int)seed_draw(seed, SALT_GROUP_SIZE, (uint64_t)options->voters - 1);
    draw_weights(seed, options);
}

void mix_words(const struct cluster_options *options, char *ret_text, size_t size)
{
    ret_text[0] = '\0';
    if (options->alone) {
        text_append(ret_text, size, "a server alone");
        return;
    }
    text_append(ret_text, size, "%d voters", options->voters);
    if (options->observers > 0)
        text_append(ret_text, size, ", %d observer%s", options->observers,
                    options->observers > 1 ? "s" : "");
    if (options->group_size == 0)
        return;
    text_append(ret_text, size, ", groups");
    for (int host = 1; host <= options->voters; host++)
        text_append(ret_text, size, "%c%d", (host - 1) % options->group_size == 0 ? ' ' : ':',
                    host);
    text_append(ret_text, size, " with weights");
    for (int host = 1; host <= options->voters; host++)
        text_append(ret_text, size, " %d", options->weights[host]);
}
