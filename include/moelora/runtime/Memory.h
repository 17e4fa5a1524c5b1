/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Tensors in memory, as an engine binds them and as compiled host programs pass
 * them to layers.
 */
#ifndef MOELORA_RUNTIME_MEMORY_H
#define MOELORA_RUNTIME_MEMORY_H

#include "moelora/runtime/Operand.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kind of memory, with DLPack's numbers. */
typedef enum moelora_memory_kind {
  MOELORA_MEMORY_CPU = 1,
  MOELORA_MEMORY_CUDA = 2,
  MOELORA_MEMORY_CUDA_HOST = 3,
} moelora_memory_kind;

/* A tensor in memory, with the fields of DLPack's DLTensor. The byte offset is
 * already added to the address. Strides are in elements. */
typedef struct moelora_memory {
  uint32_t size;
  int32_t role, part; /* moelora_role, moelora_part */
  int32_t dtype;      /* moelora_dtype */
  void *data;
  int32_t dims;
  int32_t device_kind; /* moelora_memory_kind; 0: the program's device */
  int32_t device;      /* its number; of a GPU only */
  int32_t reserved;
  int64_t shape[MOELORA_MAX_OPERAND_DIMS];
  int64_t stride[MOELORA_MAX_OPERAND_DIMS]; /* all 0: row-major */
} moelora_memory;

/* Roles of operands of a call that are not operands of an artifact, with the
 * numbers of #moelora.role<...>. */
typedef enum moelora_call_role {
  /* The ids that the step has resolved, i32 [T]. They are not resolved again,
   * but compared with the step's numbers where the call runs on the host at
   * once. */
  MOELORA_CALL_SLOTS = 1,
  /* From this role on, `data` is a moelora_slot_table, which must be the one to
   * which the layer is bound. */
  MOELORA_CALL_TABLES = 32,
} moelora_call_role;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_MEMORY_H */
