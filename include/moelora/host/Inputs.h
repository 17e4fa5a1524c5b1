// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inputs of a run besides weights and adapters, from a file or random.
#ifndef MOELORA_HOST_INPUTS_H
#define MOELORA_HOST_INPUTS_H

#include "moelora/host/Weights.h"

#include <array>
#include <optional>
#include <vector>

namespace moelora::host {

struct Inputs {
  int64_t tokens = 0;
  int64_t peerTokens = 0; // of the peer rank that has most; 0: no others
  /// The float operands with a row per token, by moelora_role.
  std::array<Operand, MOELORA_ROLES> operand;
  std::vector<int32_t> slots;     // [T] index into the adapters, -1: none
  std::vector<int32_t> expertIds; // [T, k], only for MOELORA_ENTRY_IDS
  std::vector<int32_t> tokenIds;  // [T], only for routers by table
  /// [T, H], the expected output.
  std::optional<std::vector<double>> expected;
};

/// The inputs to read or to generate.
struct InputWish {
  const moelora_variant &variant;
  moelora_entry_kind entry;
  int32_t adapters = 0; // the number of slots
  /// Floats stay in the file's type instead of the layer's.
  bool asStored = false;
};

/// Reads and checks a safetensors file. Tensors with other names are ignored.
Inputs readInputs(const std::string &path, const InputWish &wish);

/// The inputs of tokens [begin, end), without what is expected of them.
Inputs sliceOf(const Inputs &inputs, int64_t begin, int64_t end);

/// Generates [tokens, width] signed random values with the deviation 1.
Operand randomRows(int64_t tokens, int64_t width, moelora_dtype type,
                   uint64_t seed, const moelora_services &services);

/// Generates signed random rows, slots from -1 up, and token ids within the
/// table.
Inputs randomInputs(int64_t tokens, uint64_t seed, const InputWish &wish,
                    const moelora_services &services);

} // namespace moelora::host

#endif // MOELORA_HOST_INPUTS_H
