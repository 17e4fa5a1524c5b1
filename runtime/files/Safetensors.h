/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The header of a safetensors file: 8 bytes of length, then JSON, then data.
 *
 * Everything it says is checked before anything is believed: the tensors' byte
 * ranges tile the data exactly, and each range is what dtype and shape ask for.
 */
#ifndef MOELORA_RUNTIME_SAFETENSORS_H
#define MOELORA_RUNTIME_SAFETENSORS_H

#include "base/Work.h"
#include "files/File.h"
#include "files/Tensor.h"

#include <vector>

namespace moelora {

/// The format's own bound.
constexpr uint64_t maxHeaderBytes = 100'000'000;

/// The tensors of a file in the order of their bytes, or a failure.
std::vector<Tensor> readSafetensorsHeader(const File &file, Work &work);

} // namespace moelora

#endif // MOELORA_RUNTIME_SAFETENSORS_H
