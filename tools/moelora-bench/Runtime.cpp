// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Runtime.h"

#include "moelora/host/Handles.h"
#include "moelora/host/Machine.h"

#include <cstdio>

namespace moelora::bench {

/// Measurements on a machine that swaps are not valid.
static void checkMemory(const RuntimeOptions &options) {
  double wanted =
      double(std::max(memoryForLoading(options), memoryForMemory(options)));
  double available = double(host::availableMemory());
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
