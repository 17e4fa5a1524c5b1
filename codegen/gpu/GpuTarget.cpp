// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/codegen/Target.h"
#include "llvm/ADT/STLExtras.h"

namespace moelora {

std::optional<GpuTarget> parseGpuTarget(llvm::StringRef name) {
  GpuTarget target{name.str(), 0, name.consume_front("emulated-")};
  static constexpr int64_t known[] = {80, 86, 89, 90, 120};
  if (!name.consume_front("sm_") ||
      name.getAsInteger(10, target.architecture) ||
      !llvm::is_contained(known, target.architecture))
    return std::nullopt;
  return target;
}

} // namespace moelora
