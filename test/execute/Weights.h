// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights of zeros for a variant, as a binding takes them.
#ifndef MOELORA_TEST_EXECUTE_WEIGHTS_H
#define MOELORA_TEST_EXECUTE_WEIGHTS_H

#include "Services.h"

#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Program.h"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <vector>

namespace moelora::test {

/// Memory of the host at multiples of 256, all zeros.
class Memory {
public:
  explicit Memory(uint64_t bytes) : bytes(bytes + 256, 0) {}
  char *data() {
    return bytes.data() +
           (256 - reinterpret_cast<uintptr_t>(bytes.data()) % 256);
  }

private:
  std::vector<char> bytes;
};

inline bool isGivenByRuns(int32_t role) {
  return role == MOELORA_HIDDEN || role == MOELORA_OUTPUT ||
         (role >= MOELORA_TOKEN_IDS && role <= MOELORA_EXPERT_WEIGHTS);
}

/// All weights of a variant, and their descriptions.
struct WeightMemory {
  explicit WeightMemory(const moelora_variant &variant) {
    for (uint32_t row = 0; row < variant.operands; ++row) {
      const moelora_operand &operand = variant.operand[row];
      if (isGivenByRuns(operand.role))
        continue;
      moelora_memory memory = {};
      memory.size = sizeof memory;
      memory.role = operand.role;
      memory.part = operand.part;
      memory.dtype = operand.dtype;
      memory.dims = operand.dims;
      std::copy_n(operand.shape, operand.dims, memory.shape);
      storage.emplace_back(
          moelora_variant_operand_bytes(&variant, int32_t(row), 0));
      memory.data = storage.back().data();
      list.push_back(memory);
    }
  }
  moelora_memory &of(int32_t role) {
    for (moelora_memory &memory : list)
      if (memory.role == role)
        return memory;
    throw std::out_of_range("no such weight");
  }
  moelora_binding binding(moelora_slot_table *table = nullptr) const {
    moelora_binding binding = {};
    binding.size = sizeof binding;
    binding.layer = -1;
    binding.weights = uint32_t(list.size());
    binding.weight = list.data();
    binding.table = table;
    return binding;
  }

  std::deque<Memory> storage;
  std::vector<moelora_memory> list;
};

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_WEIGHTS_H
