/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The parts of the variants of NaiveLayer.c for the emulator and for a GPU,
 * which launch the same kernels. */
#ifndef MOELORA_TEST_EXECUTE_EMULATEDLAYER_H
#define MOELORA_TEST_EXECUTE_EMULATEDLAYER_H

#include "moelora/runtime/Abi.h"

enum { EmulatedRoute, EmulatedTokens, EmulatedResolve, EmulatedKernels };

extern const moelora_binary emulated_binary;
extern const moelora_binary gpu_binaries[2]; /* PTX, and its cubin */
extern const moelora_kernel_info emulated_kernels[EmulatedKernels];
extern const moelora_entry emulated_entries[MOELORA_ENTRIES];

#endif /* MOELORA_TEST_EXECUTE_EMULATEDLAYER_H */
