/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Adapter.h.
 */
#include "Invalid.h"

using namespace moelora::test;

namespace {

constexpr int64_t invalid = MOELORA_INVALID;
constexpr const moelora_adapter_options *decide = nullptr;

/// A result whose size is set.
template <typename Result> Result sized() {
  Result result = {};
  result.size = sizeof result;
  return result;
}

InvalidCalls opening(const Valid &valid) {
  auto open = [&](bool folder, bool target, bool adapter) {
    return [&valid, folder, target, adapter]() -> int64_t {
      moelora_adapter *to = nullptr;
      return moelora_adapter_open(folder ? valid.folder.path.c_str() : nullptr,
                                  target ? &valid.target : nullptr, decide,
                                  adapter ? &to : nullptr, nullptr);
    };
  };
  auto openMemory = [&](const char *config, int64_t count, bool target,
                        bool adapter) {
    return [=, &valid]() -> int64_t {
      moelora_adapter *to = nullptr;
      return moelora_adapter_open_memory(
          config, nullptr, count, target ? &valid.target : nullptr, decide,
          adapter ? &to : nullptr, nullptr);
    };
  };
  return {{"moelora_adapter_open", "folder", invalid, open(false, true, true)},
          {"moelora_adapter_open", "target", invalid, open(true, false, true)},
          {"moelora_adapter_open", "adapter", invalid, open(true, true, false)},
          {"moelora_adapter_open_memory", "config", invalid,
           openMemory(nullptr, 0, true, true)},
          {"moelora_adapter_open_memory", "tensors", invalid,
           openMemory("{}", 1, true, true)},
          {"moelora_adapter_open_memory", "target", invalid,
           openMemory("{}", 0, false, true)},
          {"moelora_adapter_open_memory", "adapter", invalid,
           openMemory("{}", 0, true, false)},
          {"moelora_adapter_make_dummy", "target", invalid,
           [] {
             moelora_adapter *to = nullptr;
             return moelora_adapter_make_dummy(nullptr, 1, &to, nullptr);
           }},
          {"moelora_adapter_make_dummy", "adapter", invalid,
           [&] {
             return moelora_adapter_make_dummy(&valid.target, 1, nullptr,
                                               nullptr);
           }},
          {"moelora_adapter_close", "adapter", 0,
           returns(moelora_adapter_close, nullptr)}};
}

InvalidCalls asking(const moelora_adapter *a) {
  constexpr int32_t up = MOELORA_UP;
  return {
      {"moelora_adapter_pair", "adapter", invalid,
       [] {
         auto info = sized<moelora_pair_info>();
         return moelora_adapter_pair(nullptr, 0, up, 1, &info);
       }},
      {"moelora_adapter_pair", "info", invalid,
       [=] { return moelora_adapter_pair(a, 0, up, 1, nullptr); }},
      {"moelora_adapter_read_a", "adapter", invalid,
       [] {
         float to[2 * hidden];
         return moelora_adapter_read_a(nullptr, 0, up, 1, to, nullptr);
       }},
      {"moelora_adapter_read_a", "a", invalid,
       [=] { return moelora_adapter_read_a(a, 0, up, 1, nullptr, nullptr); }},
      {"moelora_adapter_read_b", "adapter", invalid,
       [] {
         float to[2 * hidden];
         return moelora_adapter_read_b(nullptr, 0, up, 1, to, nullptr);
       }},
      {"moelora_adapter_read_b", "b", invalid,
       [=] { return moelora_adapter_read_b(a, 0, up, 1, nullptr, nullptr); }},
      {"moelora_adapter_summarize", "adapter", invalid,
       [] {
         auto summary = sized<moelora_adapter_summary>();
         return moelora_adapter_summarize(nullptr, &summary);
       }},
      {"moelora_adapter_summarize", "summary", invalid,
       [=] { return moelora_adapter_summarize(a, nullptr); }},
      {"moelora_adapter_has_effect", "adapter", invalid,
       [] {
         int32_t effect = 0;
         return moelora_adapter_has_effect(nullptr, &effect, nullptr);
       }},
      {"moelora_adapter_has_effect", "effect", invalid,
       [=] { return moelora_adapter_has_effect(a, nullptr, nullptr); }},
      {"moelora_adapter_elsewhere", "adapter", 0,
       [] { return moelora_adapter_elsewhere(nullptr, 0) != nullptr; }},
      {"moelora_adapter_cover", "adapter", invalid,
       [] {
         auto coverage = sized<moelora_adapter_coverage>();
         return moelora_adapter_cover(nullptr, 0, &coverage);
       }},
      {"moelora_adapter_cover", "coverage", invalid,
       [=] { return moelora_adapter_cover(a, 0, nullptr); }}};
}

} // namespace

InvalidCalls moelora::test::invalidAdapter(const Valid &valid) {
  InvalidCalls all = opening(valid), more = asking(valid.adapter.get());
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
