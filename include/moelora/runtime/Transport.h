/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Transports, which move bytes between the peer ranks of a group.
 *
 * A transport is a struct of functions, so that an engine can provide its own.
 * A peer rank has one for itself. All peer ranks of a transport call the same
 * functions in the same order, with counts that match.
 *
 * A transport and the subgroups that were split from it form a family, of which
 * one thread at a time makes a call (of `abort`, any thread). A call that fails
 * makes an error with moelora_error_make. After an error in any call, the whole
 * family is unusable on this peer rank: all later calls fail at once with
 * PEER_LOST. The other peer ranks fail when their deadline is over, or earlier
 * if the transport can wake them.
 *
 *   PEER_LOST  a peer rank has not made its call before the deadline, has
 *              failed, has ended, or has aborted
 *   INVALID    the counts do not match those of a peer rank, as far as the
 *              transport sees that, or are larger than it supports
 *
 * After an error, the buffers of the failed call must stay valid until the
 * process ends, unless the transport states otherwise.
 */
#ifndef MOELORA_RUNTIME_TRANSPORT_H
#define MOELORA_RUNTIME_TRANSPORT_H

#include "moelora/runtime/Error.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOELORA_TRANSPORT_VERSION 1u

typedef struct moelora_transport {
  uint32_t size, version; /* sizeof this struct, MOELORA_TRANSPORT_VERSION */
  void *context;          /* first argument of every function */
  const char *name;       /* "loopback", "Open MPI v4.1.4" */
  int32_t rank, ranks;    /* 0 <= rank < ranks */

  /* Receives bytes[r] bytes of each peer rank r, one after the other. bytes is
   * [ranks], and `send` has bytes[rank]. The buffers do not overlap. The call
   * waits for at most timeout_ms milliseconds. */
  moelora_status (*all_gather_v)(void *context, const void *send, void *receive,
                                 const uint64_t *bytes, int64_t timeout_ms,
                                 moelora_error **error);
  /* Sends send_bytes[r] bytes from send + send_begin[r] to each peer rank r,
   * and receives receive_bytes[r] bytes at receive + receive_begin[r] from it.
   * All arrays are [ranks]. */
  moelora_status (*all_to_all_v)(void *context, const void *send,
                                 const uint64_t *send_bytes,
                                 const uint64_t *send_begin, void *receive,
                                 const uint64_t *receive_bytes,
                                 const uint64_t *receive_begin,
                                 int64_t timeout_ms, moelora_error **error);
  /* Makes a transport of the peer ranks with the same colour, at least 0,
   * ordered by key and then by rank. The caller closes it before this one. */
  moelora_status (*split)(void *context, int32_t colour, int32_t key,
                          int64_t timeout_ms,
                          const struct moelora_transport **subgroup,
                          moelora_error **error);
  /* Makes the family unusable, and wakes the other peer ranks if it can. */
  void (*abort)(void *context);
  /* Does not wait for other peer ranks. */
  void (*close)(void *context);
} moelora_transport;

/* Checks that a transport has this version and is complete. */
MOELORA_API moelora_status moelora_transport_check(
    const moelora_transport *transport, moelora_error **error);

/* NULL has no effect. */
MOELORA_API void moelora_transport_close(const moelora_transport *transport);

/* Makes the transports of `ranks` threads of this process. transports is
 * [ranks]; each is used by one thread, and closed by the caller. Its peer ranks
 * are woken by errors, and it does not access the buffers of a failed call. */
MOELORA_API moelora_status moelora_loopback_open(
    int32_t ranks, const moelora_transport **transports, moelora_error **error);

/* The largest number of peer ranks of a loopback. */
#define MOELORA_MAX_LOOPBACK_RANKS 1024

/* Makes the transport of one peer rank that sends nothing, for a group whose
 * layers leave all sums to the engine (MOELORA_ENTRY_PARTIAL). Exchanges return
 * UNSUPPORTED. The caller closes *transport. */
MOELORA_API moelora_status
moelora_silent_open(int32_t rank, int32_t ranks,
                    const moelora_transport **transport, moelora_error **error);

/* Opens the transport of a plug-in, between processes: "mpi", "mpich" and
 * "openmpi" are libmoelora_mpi.so etc. in the folder of this library; a name
 * with a slash is a path. A colon and options may follow. All processes make
 * this call. The caller closes *transport. NOT_FOUND: there is no such
 * plug-in. */
MOELORA_API moelora_status
moelora_transport_open(const char *name, const moelora_transport **transport,
                       moelora_error **error);

/* The type of the function that a plug-in exports as moelora_transport_plugin.
 * `version` is the MOELORA_TRANSPORT_VERSION that *transport must have.
 * `options` is the text after the colon, or "". The library is never
 * unloaded. */
typedef moelora_status (*moelora_transport_plugin_function)(
    uint32_t version, const char *options, const moelora_transport **transport,
    moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_TRANSPORT_H */
