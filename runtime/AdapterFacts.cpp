/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of an adapter's configuration.
 */
#include "moelora/runtime/AdapterFacts.h"

#include "AdapterFiles.h"
#include "Failure.h"

using namespace moelora;

moelora_status moelora_adapter_read_facts(const char *folder,
                                          moelora_adapter_facts *facts,
                                          moelora_error **error) {
  return guarded(error, [&] {
    if (!folder || !facts)
      fail("expects a folder and a place for the facts");
    AdapterConfig config =
        readAdapterConfig(std::string(folder) + "/" + adapterConfigName);
    *facts = {};
    facts->rank = static_cast<int32_t>(config.rank);
    facts->rank_stabilized = config.rankStabilized;
    facts->alpha = config.alpha;
    facts->scale = config.scale(config.alpha, config.rank);
    facts->rank_patterns = static_cast<int32_t>(config.ranks.values.size());
    facts->alpha_patterns = static_cast<int32_t>(config.alphas.values.size());
    facts->target_parameters =
        static_cast<int32_t>(config.targetParameters.size());
    config.peftVersion.copy(facts->peft_version, MOELORA_VERSION_TEXT - 1);
  });
}
