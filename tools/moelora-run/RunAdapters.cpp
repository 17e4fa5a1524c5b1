// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RunAdapters.h"

#include "moelora/adapters/Dummy.h"
#include "moelora/models/AdapterTarget.h"

#include <cstdio>

using namespace moelora;
using namespace moelora::host;

static void checkCount(size_t count, const moelora_variant &variant) {
  if (count > size_t(variant.adapters.slots))
    throw Error(
        "expects at most the " + std::to_string(variant.adapters.slots) +
        " slots of the compiled layer, but " + std::to_string(count) +
        " adapters are given; compile with --slots=" + std::to_string(count));
}

/// Reported before any weight is read, in the same way on every device.
static void checkRank(const OpenAdapter &adapter,
                      const moelora_variant &variant) {
  auto summary = sized<moelora_adapter_summary>();
  moelora_adapter_summarize(adapter.handle.get(), &summary);
  if (summary.max_rank > variant.adapters.max_rank)
    throw Error(
        "adapter " + adapter.name + ": expects ranks of at most " +
        std::to_string(variant.adapters.max_rank) +
        ", the max_rank of the compiled layer, but it has rank " +
        std::to_string(summary.max_rank) +
        "; compile with --max-rank=" + std::to_string(summary.max_rank));
}

/// Such an adapter is valid, but probably a mistake.
static void noteEffect(const OpenAdapter &adapter) {
  if (!hasEffect(adapter.handle.get(), "adapter " + adapter.name + ": "))
    std::fprintf(stderr,
                 "note: adapter %s changes nothing: each pair has the scale 0, "
                 "or an A or B of zeros\n",
                 adapter.name.c_str());
}

std::vector<OpenAdapter> run::openAdapters(const Options &options,
                                           const models::Model &model,
                                           int layer,
                                           const moelora_variant &variant) {
  checkCount(options.adapters.size() + options.randomAdapters.size(), variant);
  models::AdapterTarget names(model);
  moelora_adapter_target target = names.get();
  std::vector<OpenAdapter> adapters;
  for (const AdapterFolder &adapter : options.adapters)
    adapters.push_back(
        {adapter.name, openAdapter(adapter.folder, target, adapter.stated,
                                   "adapter " + adapter.name + ": ")});
  for (size_t i = 0; i < options.randomAdapters.size(); ++i) {
    adapters::DummyOptions dummy;
    dummy.dtype = model.dtype();
    dummy.ranks = {options.randomAdapters[i]};
    dummy.layers = {layer};
    dummy.random = true;
    dummy.seed = options.seed + i;
    adapters.push_back({"random-" + std::to_string(i),
                        openDummy(adapters::Dummy(target, dummy), target)});
  }
  for (const OpenAdapter &adapter : adapters) {
    checkRank(adapter, variant);
    noteEffect(adapter);
  }
  return adapters;
}
