// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/adapters/Open.h"

#include "moelora/adapters/Dummy.h"
#include "moelora/models/AdapterTarget.h"

using namespace moelora::host;

namespace moelora::adapters {

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

std::vector<OpenAdapter> openAdapters(const CompiledLayer &layer,
                                      const std::vector<AdapterFolder> &folders,
                                      const std::vector<int32_t> &randomRanks,
                                      uint64_t seed) {
  checkCount(folders.size() + randomRanks.size(), layer.variant);
  models::AdapterTarget names(layer.model);
  moelora_adapter_target target = names.get();
  std::vector<OpenAdapter> adapters;
  adapters.reserve(folders.size() + randomRanks.size());
  for (const AdapterFolder &adapter : folders)
    adapters.push_back(
        {adapter.name, openAdapter(adapter.folder, target, adapter.stated,
                                   "adapter " + adapter.name + ": ")});
  for (size_t i = 0; i < randomRanks.size(); ++i) {
    DummyOptions dummy;
    if (layer.variant.adapters.shared_a)
      dummy.form = Form::SharedOuter;
    dummy.dtype = layer.model.dtype();
    dummy.ranks = {randomRanks[i]};
    dummy.layers = {layer.number};
    dummy.random = true;
    dummy.seed = seed + i;
    adapters.push_back({"random-" + std::to_string(i),
                        openDummy(Dummy(target, dummy), target)});
  }
  for (const OpenAdapter &adapter : adapters)
    checkRank(adapter, layer.variant);
  return adapters;
}

} // namespace moelora::adapters
