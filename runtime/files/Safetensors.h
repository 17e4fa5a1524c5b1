/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The header of a safetensors file: 8 bytes of length, then JSON, then data.
 *
 * Everything in the header is checked before it is used: the byte ranges of the
 * tensors must cover the data exactly, and the size of each range must follow
 * from dtype and shape.
 */
#ifndef MOELORA_RUNTIME_SAFETENSORS_H
#define MOELORA_RUNTIME_SAFETENSORS_H

#include "base/Work.h"
#include "files/File.h"
#include "files/Tensor.h"

#include <vector>

namespace moelora {

/// The limit of the format.
constexpr uint64_t maxHeaderBytes = 100'000'000;

/// The tensors of a file in the order of their bytes, or a failure.
std::vector<Tensor> readSafetensorsHeader(const File &file, Work &work);

} // namespace moelora

#endif // MOELORA_RUNTIME_SAFETENSORS_H
