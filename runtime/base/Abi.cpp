/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The sizes of the structs that generated code and the runtime share: a change
 * to any of them is a new MOELORA_ABI_VERSION.
 */
#include "moelora/runtime/Abi.h"

static_assert(sizeof(void *) == 8, "the ABI is of 64-bit machines");
static_assert(MOELORA_ABI_VERSION == 3, "then the sizes below may differ");
static_assert(sizeof(moelora_router) == 84, "moelora_router");
static_assert(sizeof(moelora_activation) == 36, "moelora_activation");
static_assert(sizeof(moelora_norm) == 12, "moelora_norm");
static_assert(sizeof(moelora_layer) == 256, "moelora_layer");
static_assert(sizeof(moelora_pair) == 32, "moelora_pair");
static_assert(sizeof(moelora_adapter_layer) == 80, "moelora_adapter_layer");
static_assert(sizeof(moelora_adapter_index) == 16, "moelora_adapter_index");
static_assert(sizeof(moelora_id_counters) == 16, "moelora_id_counters");
static_assert(sizeof(moelora_directory) == 24, "moelora_directory");
static_assert(sizeof(moelora_tile) == 16, "moelora_tile");
static_assert(sizeof(moelora_segment) == 24, "moelora_segment");
static_assert(sizeof(moelora_plan) == 64, "moelora_plan");
static_assert(sizeof(moelora_plan_shape) == 32, "moelora_plan_shape");
static_assert(sizeof(moelora_route_inputs) == 48, "moelora_route_inputs");
static_assert(sizeof(moelora_services) == 64, "moelora_services");
static_assert(sizeof(moelora_run_stats) == 24, "moelora_run_stats");
static_assert(sizeof(moelora_run_args) == 280, "moelora_run_args");
static_assert(sizeof(moelora_artifact) == 368, "moelora_artifact");
