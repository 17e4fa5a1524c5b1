/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Packed pairs, which have one lora_A and one lora_B for all experts of a
 * parameter.
 *
 * With E experts and rank r, lora_A has E*r rows, expert-major (row e*r + j),
 * and lora_B has E*r columns, rank-major (column j*E + e) if PEFT wrote it, and
 * grouped by expert (e*r + j) in some other programs' files. For a parameter
 * from `in` to `out`, a file is
 *
 *     natural      lora_A (E*r, in)    lora_B (out, E*r)
 *     transposed   lora_A (E*r, out)   lora_B (in, E*r)
 *
 * depending on the versions of the libraries that wrote it. In a transposed
 * file, lora_B maps inputs to ranks, and lora_A maps ranks to outputs. All
 * packed pairs of a file have the same layout, so any pair whose shapes
 * determine it decides for all.
 */
#ifndef MOELORA_RUNTIME_ADAPTERLAYOUT_H
#define MOELORA_RUNTIME_ADAPTERLAYOUT_H

#include "adapter/AdapterDraft.h"
#include "adapter/AdapterPairs.h"

namespace moelora {

/// Binds the packed drafts of a file: determines the parameter that each adapts
/// and the layout, and divides each into the pairs of the experts.
void bindPacked(const AdapterSource &source,
                const std::vector<AdapterDraft> &drafts,
                const moelora_adapter_options &stated, AdapterBinding &binding);

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERLAYOUT_H
