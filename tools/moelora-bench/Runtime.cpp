// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Runtime.h"

#include "moelora/host/Handles.h"

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
  throw host::Error("cannot read MemAvailable in /proc/meminfo");
}

/// Measurements on a machine that swaps are not valid.
static void checkMemory(const RuntimeOptions &options) {
  double wanted =
      double(std::max(memoryForLoading(options), memoryForMemory(options)));
  double available = double(availableMemory());
  if (available < wanted)
    throw host::Error("expects " + host::sizeText(wanted) +
                      " of memory for these adapters, but only " +
                      host::sizeText(available) +
                      " are available; --layers and --experts make less");
}

void runRuntime(const RuntimeOptions &options) {
  checkMemory(options);
  host::Pool pool(options.threads);
  const moelora_services &services = pool.services;
  std::printf("%d threads\n", services.workers);
  Figures figures;
  measureLoading(options, services, figures);
  measurePublishing(options, figures);
  measureResolving(options, figures);
  measureLeases(options, figures);
  measureMemory(options, figures);
  figures.summarize();
  if (!options.json.empty())
    host::writeJson(options.json, figures.document(services.workers));
}

} // namespace moelora::bench
