/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Element types of tensors in files, of operands, and of adapters in slots.
 * Each function states which types it accepts.
 */
#ifndef MOELORA_RUNTIME_DTYPE_H
#define MOELORA_RUNTIME_DTYPE_H

#include "moelora/runtime/Error.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The element types of safetensors. Weights, adapters and activations have one
 * of the first three. The numbers are part of the ABI and are never reused. */
typedef enum moelora_dtype {
  MOELORA_F32 = 1,
  MOELORA_F16 = 2,
  MOELORA_BF16 = 3,
  MOELORA_F64 = 4,
  MOELORA_BOOL = 5,
  MOELORA_U8 = 6,
  MOELORA_I8 = 7,
  MOELORA_U16 = 8,
  MOELORA_I16 = 9,
  MOELORA_U32 = 10,
  MOELORA_I32 = 11,
  MOELORA_U64 = 12,
  MOELORA_I64 = 13,
  MOELORA_F8_E4M3 = 14,
  MOELORA_F8_E5M2 = 15,
} moelora_dtype;

/* The name of a type, such as "BF16". NULL if the number is not a
 * moelora_dtype. */
MOELORA_API const char *moelora_dtype_name(int32_t dtype);

/* The size of one element in bytes. 0 if the number is not a moelora_dtype. */
MOELORA_API uint64_t moelora_dtype_bytes(int32_t dtype);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_DTYPE_H */
