/* What zkpeer --check-config tells: everything about a start that can be known before it. */
#ifndef ZK_PEER_CONFIG_REPORT_H
#define ZK_PEER_CONFIG_REPORT_H

#include <stdint.h>

#include "zk/base/str.h"
#include "zk/ensemble/quorum_peer_config.h"

/* Appends to *report, in sentences for a person: the role of this server, the ensemble as it was
 * understood, its quorums, the times in milliseconds, the directories and what is in them, and all
 * warnings. Nothing is written or changed; names have been looked up already.
 *
 * free_bytes says how much room a file system has (-1: unknown). Returns 0 if nothing that it looks
 * at would end a start, or the exit code with which one would end: 1 for a file of a data directory
 * that cannot be used, 2 for a mistake in the configuration, 3 for a data directory that cannot be
 * used. It does not read through logs and snapshots. Before any other thread; blocks on the
 * disk. */
int config_report(struct zk_context *ctx, const struct quorum_peer_config *config,
                  int64_t (*free_bytes)(const char *path), struct zk_str *report);

#endif
