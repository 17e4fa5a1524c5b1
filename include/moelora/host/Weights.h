// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weights of one layer in memory.
#ifndef MOELORA_HOST_WEIGHTS_H
#define MOELORA_HOST_WEIGHTS_H

#include "moelora/host/Buffer.h"
#include "moelora/host/Times.h"

#include "moelora/models/Part.h"
#include "moelora/runtime/Abi.h"

#include <array>
#include <vector>

namespace moelora::host {

struct Operand {
  Buffer buffer;
  moelora_dtype type = MOELORA_F32;
  std::vector<int64_t> shape = {};
};

struct Weights {
  std::array<Operand, MOELORA_ROLES> operand; // by moelora_role
  uint64_t bytes = 0;
  uint64_t readBytes = 0; // of tensors, from the files
  /// A description of what was rounded; empty if nothing was.
  std::string note;
};

/// Reads the weights of a part from the model's folder, in the layer's types,
/// or if `asStored`, in the types of the files.
Weights loadWeights(const models::Model &model, int layer,
                    const std::string &folder, bool asStored,
                    const Progress &progress = {},
                    const models::Part &part = {});

/// Generates signed random weights that keep the values in a layer near 1. A
/// part has those of the whole.
Weights randomWeights(const models::Model &model, int layer, uint64_t seed,
                      const moelora_services &services,
                      const models::Part &part = {});

} // namespace moelora::host

#endif // MOELORA_HOST_WEIGHTS_H
