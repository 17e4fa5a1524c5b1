/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Group.h.
 */
#include "moelora/runtime/Group.h"
#include "Invalid.h"

using namespace moelora::test;

namespace {

constexpr int64_t invalid = MOELORA_INVALID;

/// Calls `body` with the transport of one peer rank, and options for it.
template <typename Body> std::function<int64_t()> withTransport(Body body) {
  return [=] {
    const moelora_transport *transport = nullptr;
    moelora_loopback_open(1, &transport, nullptr);
    moelora_group_options options = {sizeof options, 0, 1, 1, 1, 0};
    int64_t status = body(transport, &options);
    moelora_transport_close(transport);
    return status;
  };
}

template <typename Body> std::function<int64_t()> withGroup(Body body) {
  return withTransport([=](const moelora_transport *transport,
                           const moelora_group_options *options) -> int64_t {
    moelora_group *group = nullptr;
    moelora_group_create(transport, options, &group, nullptr);
    int64_t status = body(group);
    moelora_group_destroy(group, nullptr);
    return status;
  });
}

} // namespace

InvalidCalls moelora::test::invalidGroup(const Valid &) {
  using Group = moelora_group *;
  using Transport = const moelora_transport *;
  using Options = const moelora_group_options *;
  return {{"moelora_group_create", "transport", invalid,
           withTransport([](Transport, Options options) -> int64_t {
             moelora_group *to = nullptr;
             return moelora_group_create(nullptr, options, &to, nullptr);
           })},
          {"moelora_group_create", "options", invalid,
           withTransport([](Transport transport, Options) -> int64_t {
             moelora_group *to = nullptr;
             return moelora_group_create(transport, nullptr, &to, nullptr);
           })},
          {"moelora_group_create", "group", invalid,
           withTransport([](Transport transport, Options options) -> int64_t {
             return moelora_group_create(transport, options, nullptr, nullptr);
           })},
          {"moelora_group_destroy", "group", 0,
           [] { return moelora_group_destroy(nullptr, nullptr); }},
          {"moelora_group_view_of", "group", 0,
           [] { return moelora_group_view_of(nullptr) ? 1 : 0; }},
          {"moelora_group_set_deadline", "group", invalid,
           [] { return moelora_group_set_deadline(nullptr, 1, nullptr); }},
          {"moelora_group_reserve", "group", invalid,
           [] { return moelora_group_reserve(nullptr, 1, 1, nullptr); }},
          {"moelora_group_set_tokens", "group", invalid,
           [] {
             int64_t tokens = 0;
             return moelora_group_set_tokens(nullptr, &tokens, nullptr);
           }},
          {"moelora_group_set_tokens", "tokens", invalid,
           withGroup([](Group group) -> int64_t {
             return moelora_group_set_tokens(group, nullptr, nullptr);
           })},
          {"moelora_group_share_tokens", "group", invalid,
           [] { return moelora_group_share_tokens(nullptr, 0, nullptr); }},
          {"moelora_group_run", "group", invalid,
           [] {
             moelora_exchange exchange = {};
             exchange.size = sizeof exchange;
             return moelora_group_run(nullptr, &exchange, nullptr);
           }},
          {"moelora_group_run", "exchange", invalid,
           withGroup([](Group group) -> int64_t {
             return moelora_group_run(group, nullptr, nullptr);
           })},
          {"moelora_group_health", "group", invalid,
           [] { return moelora_group_health(nullptr, nullptr); }},
          {"moelora_group_read_stats", "group", invalid,
           [] {
             moelora_group_stats stats = {};
             stats.size = sizeof stats;
             return moelora_group_read_stats(nullptr, &stats, nullptr);
           }},
          {"moelora_group_read_stats", "stats", invalid,
           withGroup([](Group group) -> int64_t {
             return moelora_group_read_stats(group, nullptr, nullptr);
           })}};
}
