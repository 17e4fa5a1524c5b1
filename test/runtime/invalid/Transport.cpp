/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Transport.h.
 */
#include "moelora/runtime/Transport.h"
#include "Invalid.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidTransport(const Valid &) {
  return {{"moelora_transport_check", "transport", MOELORA_INVALID,
           [] { return moelora_transport_check(nullptr, nullptr); }},
          {"moelora_transport_close", "transport", 0,
           returns(moelora_transport_close, nullptr)},
          {"moelora_loopback_open", "transports", MOELORA_INVALID,
           [] { return moelora_loopback_open(1, nullptr, nullptr); }},
          {"moelora_silent_open", "transport", MOELORA_INVALID,
           [] { return moelora_silent_open(0, 1, nullptr, nullptr); }},
          {"moelora_transport_open", "name", MOELORA_INVALID,
           [] {
             const moelora_transport *to = nullptr;
             return moelora_transport_open(nullptr, &to, nullptr);
           }},
          {"moelora_transport_open", "transport", MOELORA_INVALID,
           [] { return moelora_transport_open("mpi", nullptr, nullptr); }}};
}
