/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The transport of peer ranks whose engine moves all bytes itself.
 */
#include "base/Sized.h"
#include "device/Handles.h"
#include "moelora/runtime/Transport.h"

using namespace moelora;

namespace {

moelora_status refuse(moelora_error **error) {
  return moelora_error_make(error, MOELORA_UNSUPPORTED,
                            "expects a transport that moves bytes, but a "
                            "silent one leaves all exchanges to the engine");
}

moelora_status gather(void *, const void *, void *, const uint64_t *, int64_t,
                      moelora_error **error) {
  return refuse(error);
}

moelora_status allToAll(void *, const void *, const uint64_t *,
                        const uint64_t *, void *, const uint64_t *,
                        const uint64_t *, int64_t, moelora_error **error) {
  return refuse(error);
}

void close(void *context) { delete static_cast<moelora_transport *>(context); }

moelora_transport *make(int32_t rank, int32_t ranks);

/// Its rank among the others is not known, and not used.
moelora_status split(void *, int32_t, int32_t, int64_t,
                     const moelora_transport **subgroup,
                     moelora_error **error) {
  return guarded(error, [&] { *subgroup = make(0, 1); });
}

moelora_transport *make(int32_t rank, int32_t ranks) {
  auto *made = new moelora_transport();
  made->size = sizeof *made;
  made->version = MOELORA_TRANSPORT_VERSION;
  made->context = made;
  made->name = "silent";
  made->rank = rank;
  made->ranks = ranks;
  made->all_gather_v = gather;
  made->all_to_all_v = allToAll;
  made->split = split;
  made->abort = [](void *) {};
  made->close = close;
  return made;
}

} // namespace

moelora_status moelora_silent_open(int32_t rank, int32_t ranks,
                                   const moelora_transport **transport,
                                   moelora_error **error) {
  return guarded(error, [&] {
    expectThere(transport, "a place for the transport");
    if (rank < 0 || rank >= ranks)
      fail("expects the peer rank of a transport to be below the number of "
           "ranks, but they are " +
           std::to_string(rank) + " and " + std::to_string(ranks));
    *transport = make(rank, ranks);
  });
}
