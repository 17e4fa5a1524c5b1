// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts roles of tables to projections.

#include "Projections.h"
#include "moelora/runtime/Abi.h"

using namespace mlir;

namespace moelora::codegen {

SmallVector<int64_t> projectionsOf(Role role, int64_t slices) {
  switch (role) {
  case Role::GateUpAdapters:
    if (slices == 2)
      return {MOELORA_GATE, MOELORA_UP};
    return {MOELORA_UP};
  case Role::SharedGateUpAdapters:
    if (slices == 2)
      return {MOELORA_SHARED_GATE, MOELORA_SHARED_UP};
    return {MOELORA_SHARED_UP};
  case Role::DownAdapters:
    return {MOELORA_DOWN};
  case Role::RouterAdapters:
    return {MOELORA_ROUTER};
  case Role::SharedDownAdapters:
    return {MOELORA_SHARED_DOWN};
  case Role::SharedScoreAdapters:
    return {MOELORA_SHARED_SCORE};
  case Role::LatentInAdapters:
    return {MOELORA_LATENT_IN};
  case Role::LatentOutAdapters:
    return {MOELORA_LATENT_OUT};
  default:
    return {};
  }
}

} // namespace moelora::codegen
