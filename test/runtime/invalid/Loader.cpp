/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Loader.h.
 */
#include "moelora/runtime/Loader.h"
#include "Invalid.h"

using namespace moelora::test;

namespace {

constexpr int64_t invalid = MOELORA_INVALID;
constexpr const moelora_adapter_options *decide = nullptr;

/// Calls with a loader.
template <typename Body> std::function<int64_t()> made(Body body) {
  return [body] {
    moelora_loader_options options = {sizeof options, 1, 1};
    moelora_loader *loader = nullptr;
    moelora_loader_create(&options, &loader, nullptr);
    int64_t answer = loader ? body(loader) : -100;
    moelora_loader_destroy(loader);
    return answer;
  };
}

InvalidCalls loaders(const Valid &valid) {
  auto open = [&](moelora_loader *loader, bool folder, bool target,
                  bool adapter) {
    moelora_adapter *to = nullptr;
    return moelora_loader_open(loader,
                               folder ? valid.folder.path.c_str() : nullptr,
                               target ? &valid.target : nullptr, decide,
                               adapter ? &to : nullptr, nullptr);
  };
  auto prefetch = [&](moelora_loader *loader, bool folder, bool target) {
    return moelora_loader_prefetch(
        loader, folder ? valid.folder.path.c_str() : nullptr,
        target ? &valid.target : nullptr, decide, nullptr);
  };
  return {{"moelora_loader_create", "options", invalid,
           [] {
             moelora_loader *to = nullptr;
             return moelora_loader_create(nullptr, &to, nullptr);
           }},
          {"moelora_loader_create", "loader", invalid,
           [] {
             moelora_loader_options options = {sizeof options, 1, 1};
             return moelora_loader_create(&options, nullptr, nullptr);
           }},
          {"moelora_loader_destroy", "loader", 0,
           returns(moelora_loader_destroy, nullptr)},
          {"moelora_loader_open", "loader", invalid,
           [=] { return open(nullptr, true, true, true); }},
          {"moelora_loader_open", "folder", invalid,
           made([=](auto *loader) { return open(loader, false, true, true); })},
          {"moelora_loader_open", "target", invalid,
           made([=](auto *loader) { return open(loader, true, false, true); })},
          {"moelora_loader_open", "adapter", invalid,
           made([=](auto *loader) { return open(loader, true, true, false); })},
          {"moelora_loader_prefetch", "loader", invalid,
           [=] { return prefetch(nullptr, true, true); }},
          {"moelora_loader_prefetch", "folder", invalid,
           made([=](auto *loader) { return prefetch(loader, false, true); })},
          {"moelora_loader_prefetch", "target", invalid,
           made([=](auto *loader) { return prefetch(loader, true, false); })}};
}

/// A request that would do, but for the table that it does not get to.
moelora_load_request request(const Valid &valid) {
  moelora_load_request request = {};
  request.size = sizeof request;
  request.adapter = valid.adapter.get();
  request.name = "x";
  return request;
}

InvalidCalls loads(const Valid &valid) {
  return {
      {"moelora_load_start", "loader", invalid,
       [&] {
         moelora_load_request given = request(valid);
         moelora_load *to = nullptr;
         return moelora_load_start(nullptr, &given, &to, nullptr);
       }},
      {"moelora_load_start", "request", invalid, made([](auto *loader) {
         moelora_load *to = nullptr;
         return moelora_load_start(loader, nullptr, &to, nullptr);
       })},
      {"moelora_load_start", "load", invalid, made([&](auto *loader) {
         moelora_load_request given = request(valid);
         return moelora_load_start(loader, &given, nullptr, nullptr);
       })},
      {"moelora_load_poll", "load", invalid,
       [] { return moelora_load_poll(nullptr, nullptr, nullptr, nullptr); }},
      {"moelora_load_wait", "load", invalid,
       [] { return moelora_load_wait(nullptr, 0, nullptr, nullptr); }},
      {"moelora_load_cancel", "load", 0, returns(moelora_load_cancel, nullptr)},
      {"moelora_load_close", "load", 0, returns(moelora_load_close, nullptr)}};
}

} // namespace

InvalidCalls moelora::test::invalidLoader(const Valid &valid) {
  InvalidCalls all = loaders(valid), more = loads(valid);
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
