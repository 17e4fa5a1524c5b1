// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "AdapterFile.h"

#include "moelora/commandline/Progress.h"
#include "moelora/host/Machine.h"

namespace moelora::bench {

static models::Model workloadModel(int64_t layers, int64_t experts,
                                   int64_t hidden, int64_t intermediate) {
  return modelOf({"workload", hidden, intermediate, experts, /*topK=*/1},
                 layers);
}

Workload::Workload(int64_t layers, int64_t experts, int64_t hidden,
                   int64_t intermediate)
    : names(workloadModel(layers, experts, hidden, intermediate)) {
  constexpr int64_t projections = 3;
  int64_t ofExperts = experts * projections * (hidden + intermediate);
  elements = static_cast<uint64_t>(layers * (ofExperts + hidden + experts));
}

host::AdapterHandle Workload::makeZeros(int32_t rank) const {
  moelora_adapter_target borrowed = target();
  moelora_adapter *made = nullptr;
  host::call(moelora_adapter_make_dummy, &borrowed, rank, &made);
  return host::AdapterHandle(made);
}

host::TableHandle Workload::makeTable(int32_t slots, int32_t maxRank) const {
  auto facts = host::sized<moelora_facts>();
  facts.slots = slots;
  facts.max_rank = maxRank;
  facts.dtype = MOELORA_BF16;
  facts.page_order = MOELORA_PAGE_ROW_MAJOR;
  return host::makeTable(target(), facts);
}

void writeSettled(const std::string &folder, const adapters::Dummy &dummy) {
  dummy.make(commandline::printProgress()).write(folder);
  host::settleFile(folder + "/adapter_model.safetensors");
}

} // namespace moelora::bench
