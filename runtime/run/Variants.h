/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The targets of variants, and the devices that run them.
 */
#ifndef MOELORA_RUNTIME_RUN_VARIANTS_H
#define MOELORA_RUNTIME_RUN_VARIANTS_H

#include "base/Sized.h"
#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Device.h"

namespace moelora {

/// The size of a variant before version 3 of the ABI, which added its grid.
constexpr uint32_t leastVariant =
    MOELORA_SIZE_THROUGH(moelora_variant, workspace);

/// All variants of an artifact have the size of its version.
const moelora_variant &variantAt(const moelora_artifact &artifact,
                                 uint32_t index);

/// Whether the variant consists of code for the host, which a run calls.
bool isForHost(const moelora_variant &variant);

/// The variant for `target`, or for any target if it is NULL, that the device
/// runs: the one for the latest architecture, and the first of equal ones.
/// Fails with the reason against each of these variants.
const moelora_variant &chooseVariant(const moelora_artifact &artifact,
                                     const char *target,
                                     const moelora_device &device);

/// Whether a binary is the code of the PTX before it as a cubin, which is for
/// exactly the variant's architecture.
bool isCubinOfPtx(const moelora_variant &variant, uint32_t binary);

/// Whether the device is of exactly the variant's architecture.
bool isExactly(const moelora_variant &variant, const moelora_device &device);

/// The value of a moelora_device_key.
int64_t valueOf(const moelora_device &device, int32_t key);

} // namespace moelora

#endif // MOELORA_RUNTIME_RUN_VARIANTS_H
