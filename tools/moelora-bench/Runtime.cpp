// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Runtime.h"

#include "RuntimeSupport.h"
#include "moelora/runtime/Execute.h"

#include <cstdio>
#include <fstream>

namespace moelora::bench {

static uint64_t availableMemory() {
  const std::string key = "MemAvailable:";
  constexpr uint64_t bytesPerUnit = 1024;
  std::ifstream info("/proc/meminfo");
  for (std::string word; info >> word;)
    if (uint64_t amount; word == key && info >> amount)
      return amount * bytesPerUnit;
  throw std::runtime_error("cannot read MemAvailable in /proc/meminfo");
}

/// A machine that swaps measures nothing.
static void checkMemory(const RuntimeOptions &options) {
  uint64_t wanted =
      std::max(memoryForLoading(options), memoryForMemory(options));
  uint64_t available = availableMemory();
  if (available < wanted)
    throw std::runtime_error("expects " + std::to_string(wanted) +
                             " bytes of memory for these adapters, but only " +
                             std::to_string(available) +
                             " are available; --layers and --experts " +
                             "make less");
}

static void measureAll(const RuntimeOptions &options) {
  checkMemory(options);
  moelora_pool *made = nullptr;
  call(moelora_pool_create, static_cast<int32_t>(options.threads), &made);
  std::unique_ptr<moelora_pool, Closer<moelora_pool_destroy>> pool(made);
  moelora_services services;
  moelora_services_init(pool.get(), &services);
  std::printf("%d threads\n", services.workers);
  Figures figures;
  measureLoading(options, services, figures);
  measurePublishing(options, figures);
  measureResolving(options, figures);
  measureLeases(options, figures);
  measureMemory(options, figures);
  figures.summarize();
  if (!options.json.empty())
    figures.writeJson(options.json, services.workers);
}

int runRuntime(const RuntimeOptions &options) {
  try {
    measureAll(options);
    return 0;
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "error: out of memory\n");
  } catch (const std::exception &problem) {
    std::fprintf(stderr, "error: %s\n", problem.what());
  }
  return 1;
}

} // namespace moelora::bench
