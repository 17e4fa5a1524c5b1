/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Binding assigns every tensor of an adapter to a place in a model, or refuses
 * the adapter.
 */
#ifndef MOELORA_RUNTIME_ADAPTERBINDING_H
#define MOELORA_RUNTIME_ADAPTERBINDING_H

#include "adapter/AdapterDraft.h"
#include "adapter/AdapterPairs.h"

namespace moelora {

/// Binds every tensor, or fails.
AdapterBinding bindAdapter(const AdapterSource &source,
                           const moelora_adapter_options &stated);

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERBINDING_H
