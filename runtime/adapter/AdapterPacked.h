/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Determines the layout and the order of columns of the packed pairs in a file.
 */
#ifndef MOELORA_RUNTIME_ADAPTERPACKED_H
#define MOELORA_RUNTIME_ADAPTERPACKED_H

#include "adapter/AdapterDraft.h"
#include "adapter/AdapterPairs.h"

namespace moelora {

/// A packed pair whose parameter is known.
struct Packed {
  const AdapterDraft *draft;
  AdapterPlace place;    ///< the draft's, with the projection
  std::string parameter; ///< full name, as patterns match it
  int64_t experts;       ///< in the file
  int64_t rank;
  int64_t in, out; ///< of all slices together
};

/// Decides for all packed pairs of a file, from their shapes, the configuration
/// and the caller's options. Fails if these contradict each other or do not
/// determine the result.
void decidePacked(const AdapterSource &source, const std::vector<Packed> &all,
                  const moelora_adapter_options &stated,
                  AdapterBinding &binding);

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERPACKED_H
