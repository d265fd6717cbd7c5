/* The far end of a TCP connection, played by the test itself: expect these bytes, send those, hang
 * up. All of it in the test's own thread; whatever does not come within TEST_PATIENCE_MS, or
 * differs, fails the test and shows both sides in hex.
 *
 * Hex is written with any blanks between the digits. "golden" names a file of tests/golden without
 * ".hex": bytes that a real Java peer sent. */
#ifndef SCRIPTED_PEER_H
#define SCRIPTED_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/buf.h"

struct zk_context;
struct scripted_peer;

/* Dials a port of 127.0.0.1, again and again until somebody listens there. */
struct scripted_peer *scripted_peer_dial(struct zk_context *ctx, uint16_t port);

/* The first listens on a port of 127.0.0.1, and the second waits for the next caller. A new caller
 * takes the place of the one before, whose connection is closed. */
struct scripted_peer *scripted_peer_listen(struct zk_context *ctx, uint16_t port);
void scripted_peer_accept(struct scripted_peer *peer);

/* Closes what is open; NULL is fine. */
void scripted_peer_free(struct scripted_peer *peer);
void scripted_peer_hang_up(struct scripted_peer *peer);

/* --- bytes --- */

void scripted_peer_send_hex(struct scripted_peer *peer, const char *hex);
/* False: the peer has closed the connection, which it may do at any moment. */
bool scripted_peer_try_send_hex(struct scripted_peer *peer, const char *hex);
void scripted_peer_send_golden(struct scripted_peer *peer, const char *golden);
void scripted_peer_expect_hex(struct scripted_peer *peer, const char *hex);
void scripted_peer_expect_golden(struct scripted_peer *peer, const char *golden);
void scripted_peer_read(struct scripted_peer *peer, uint8_t *ret_bytes, size_t length);
/* The stream ends, and nothing comes before its end. */
void scripted_peer_expect_end(struct scripted_peer *peer);
/* The stream ends; what comes before is passed over. */
void scripted_peer_drain(struct scripted_peer *peer);
/* Returns whether nothing comes for so long, and the stream stays open. A byte that comes is
 * lost. */
bool scripted_peer_is_silent(struct scripted_peer *peer, int64_t ms);

/* Returns the bytes that hex says; the caller unrefs them. */
struct buf *scripted_hex(const char *hex);

/* --- Zab: packets whose authinfo is null --- */

/* data_hex NULL: null data. */
void scripted_peer_send_packet(struct scripted_peer *peer, int32_t type, int64_t zxid,
                               const char *data_hex);
/* False: the peer has closed the connection, which it may do at any moment. */
bool scripted_peer_try_send_packet(struct scripted_peer *peer, int32_t type, int64_t zxid,
                                   const char *data_hex);
void scripted_peer_expect_packet(struct scripted_peer *peer, int32_t type, int64_t zxid,
                                 const char *data_hex);
/* Expects a packet, and passes over PINGs before it. */
void scripted_peer_expect_packet_past_pings(struct scripted_peer *peer, int32_t type, int64_t zxid,
                                            const char *data_hex);
/* Reads one packet of any kind. Returns its data, which the caller unrefs; NULL for null. */
struct buf *scripted_peer_read_packet(struct scripted_peer *peer, int32_t *ret_type,
                                      int64_t *ret_zxid);

#endif
