/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Properties of an adapter that a caller states if the files do not determine
 * them.
 */
#ifndef MOELORA_RUNTIME_ADAPTEROPTIONS_H
#define MOELORA_RUNTIME_ADAPTEROPTIONS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which of a packed parameter's two sizes is the input size of lora_A. */
typedef enum moelora_adapter_layout {
  MOELORA_LAYOUT_DECIDE = 0,  /* from the shapes; refuse when they are blind */
  MOELORA_LAYOUT_NATURAL = 1, /* lora_A has the input size */
  MOELORA_LAYOUT_TRANSPOSED = 2, /* lora_A has the output size */
} moelora_adapter_layout;

/* The order of the columns of a packed lora_B: the column of rank j of expert
 * e. */
typedef enum moelora_adapter_columns {
  MOELORA_COLUMNS_DECIDE = 0, /* as the configuration says, or as PEFT does if
                                 the files are its; refuse others */
  MOELORA_COLUMNS_RANK_MAJOR = 1,        /* j * E + e, PEFT's */
  MOELORA_COLUMNS_GROUPED_BY_EXPERT = 2, /* e * r + j */
} moelora_adapter_columns;

/* Properties that the caller states because the files do not determine them. A
 * statement that contradicts the files is an error. */
typedef struct moelora_adapter_options {
  uint32_t size;   /* sizeof; set by the caller, see Error.h */
  int32_t layout;  /* moelora_adapter_layout */
  int32_t columns; /* moelora_adapter_columns */
  int32_t reserved;
} moelora_adapter_options;

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ADAPTEROPTIONS_H */
