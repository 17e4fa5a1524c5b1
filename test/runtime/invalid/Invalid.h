/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every exported function, called with NULL for one pointer after the other.
 * There is one file of calls for each public header, of the header's name;
 * Inputs/invalid.py checks that no function is missing.
 */
#ifndef MOELORA_TEST_RUNTIME_INVALID_H
#define MOELORA_TEST_RUNTIME_INVALID_H

#include "../Files.h"

#include <functional>
#include <vector>

namespace moelora::test {

/// One call and its expected result; a pointer as 0 or 1.
struct InvalidCall {
  const char *function;
  const char *argument; ///< the one that is NULL
  int64_t expected;
  std::function<int64_t()> call;
};
using InvalidCalls = std::vector<InvalidCall>;

/// For functions without a result: checks only that they return.
template <typename Function, typename... Arguments>
std::function<int64_t()> returns(Function function, Arguments... arguments) {
  return [=] {
    function(arguments...);
    return 0;
  };
}

/// Valid objects for the other arguments of the calls.
struct Valid {
  Valid();

  Folder folder;
  Model model;
  moelora_adapter_target target = model.target();
  Opened adapter;
  std::string file; ///< of the adapter's tensors
};

InvalidCalls invalidAdapter(const Valid &valid);
InvalidCalls invalidAdapterFacts(const Valid &valid);
InvalidCalls invalidArtifact(const Valid &valid);
InvalidCalls invalidCall(const Valid &valid);
InvalidCalls invalidCheckpoint(const Valid &valid);
InvalidCalls invalidError(const Valid &valid);
InvalidCalls invalidExecute(const Valid &valid);
InvalidCalls invalidGroup(const Valid &valid);
InvalidCalls invalidGroupSlots(const Valid &valid);
InvalidCalls invalidGroupStep(const Valid &valid);
InvalidCalls invalidLoader(const Valid &valid);
InvalidCalls invalidModel(const Valid &valid);
InvalidCalls invalidPool(const Valid &valid);
InvalidCalls invalidProgram(const Valid &valid);
InvalidCalls invalidRun(const Valid &valid);
InvalidCalls invalidSlotPublish(const Valid &valid);
InvalidCalls invalidSlotStats(const Valid &valid);
InvalidCalls invalidSlotTable(const Valid &valid);
InvalidCalls invalidStep(const Valid &valid);
InvalidCalls invalidTransport(const Valid &valid);

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_INVALID_H
