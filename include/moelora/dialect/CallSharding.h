// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls in functions that MLIR's shard dialect partitions (docs/sharding.md).

#ifndef MOELORA_DIALECT_CALLSHARDING_H
#define MOELORA_DIALECT_CALLSHARDING_H

#include "mlir/IR/DialectRegistry.h"

namespace moelora {

/// Makes `moelora.call` implement `ShardingInterface` in every context that
/// loads both dialects. Contexts that do not load the shard dialect are not
/// affected.
void registerCallSharding(mlir::DialectRegistry &registry);

} // namespace moelora

#endif // MOELORA_DIALECT_CALLSHARDING_H
