/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The target of adapters, from callers with any version of the header.
 */
#ifndef MOELORA_RUNTIME_BASE_TARGET_H
#define MOELORA_RUNTIME_BASE_TARGET_H

#include "moelora/runtime/AdapterTarget.h"

#include <vector>

namespace moelora {

/// A target in the form of this version, which borrows the caller's names, or a
/// copy that may outlive the caller's target.
class KnownTarget {
public:
  /// Fails if there is no target, or if no model can have it.
  explicit KnownTarget(const moelora_adapter_target *given);
  KnownTarget(const KnownTarget &) = delete;
  const moelora_adapter_target &get() const { return target; }

private:
  std::vector<moelora_adapter_site> sites;
  moelora_adapter_target target;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_TARGET_H
