/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The sizes of the public structs. Those that begin with `size` may grow at
 * their end with a minor version; all others change only with
 * MOELORA_ABI_VERSION.
 */
#include "moelora/runtime/Abi.h"
#include "moelora/runtime/AdapterTarget.h"

#define SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type)

static_assert(sizeof(void *) == 8, "the ABI is of 64-bit machines");
static_assert(MOELORA_ABI_VERSION == 4, "then the sizes below may differ");

SIZE(moelora_router, 84);
SIZE(moelora_activation, 36);
SIZE(moelora_norm, 12);
SIZE(moelora_layer, 256);

SIZE(moelora_quant, 28);
SIZE(moelora_operand, 168);
SIZE(moelora_memory, 168);
SIZE(moelora_pair, 16);
SIZE(moelora_facts, 72);
SIZE(moelora_run_stats, 32);
SIZE(moelora_step_view, 40);

SIZE(moelora_tile, 16);
SIZE(moelora_segment, 24);
SIZE(moelora_plan, 64);
SIZE(moelora_plan_shape, 40);
SIZE(moelora_route_inputs, 48);
SIZE(moelora_group_view, 40);
SIZE(moelora_exchange_operand, 32);
SIZE(moelora_exchange_rows, 24);
SIZE(moelora_exchange, 72);
SIZE(moelora_services, 72);

SIZE(moelora_binary, 24);
SIZE(moelora_kernel_info, 24);
SIZE(moelora_launch, 64);

SIZE(moelora_adapter_names, 144);
SIZE(moelora_adapter_site, 80);
SIZE(moelora_adapter_target, 24);

SIZE(moelora_run_args, 120);
SIZE(moelora_entry, 16);
SIZE(moelora_variant, 208);
SIZE(moelora_artifact, 72);
