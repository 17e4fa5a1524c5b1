/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The settings in adapter_config.json, for callers that do not know the model
 * yet.
 */
#ifndef MOELORA_RUNTIME_ADAPTERFACTS_H
#define MOELORA_RUNTIME_ADAPTERFACTS_H

#include "moelora/runtime/Error.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOELORA_VERSION_TEXT 32

typedef struct moelora_adapter_facts {
  uint32_t size;           /* sizeof; set by the caller, see Error.h */
  int32_t rank;            /* where no pattern says otherwise */
  int32_t rank_stabilized; /* 1: scale is alpha / sqrt(rank) */
  int32_t rank_patterns;
  int32_t alpha_patterns;
  int32_t target_parameters;
  double alpha;
  double scale;
  char peft_version[MOELORA_VERSION_TEXT]; /* "" when absent; may be cut */
} moelora_adapter_facts;

/* Reads and checks the configuration in `folder`. A configuration that opening
 * would refuse is refused here with the same message. May be called from any
 * thread. */
MOELORA_API moelora_status moelora_adapter_read_facts(
    const char *folder, moelora_adapter_facts *facts, moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ADAPTERFACTS_H */
