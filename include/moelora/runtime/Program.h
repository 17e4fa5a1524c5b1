/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Programs and bound layers: everything that is checked and prepared once,
 * before a layer runs.
 *
 *     artifact   constant data, from a file or linked in
 *     program    one variant of it on one device, all kernels resolved
 *     layer      a program with a layer number, weights and a slot table
 *
 * Programs and bound layers are immutable; any number of threads may use them.
 * The objects from which they are made, including weights, must outlive them.
 * The objects of a run that a graph has captured (layer, weights, step,
 * workspace, operands) must outlive the graph.
 */
#ifndef MOELORA_RUNTIME_PROGRAM_H
#define MOELORA_RUNTIME_PROGRAM_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Device.h"
#include "moelora/runtime/SlotTable.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moelora_program moelora_program;
typedef struct moelora_bound_layer moelora_bound_layer;

/* Makes a program of the variant for `target` (NULL: any) that the device runs,
 * of several that for the latest architecture, of equal ones the first.
 *
 *     device        runs the targets
 *     cpu, other    cpu
 *     cuda          sm_90 on this or a later architecture; sm_90a on this one
 *     emulator      emulated-sm_90, emulated-sm_90a, likewise
 *
 * So an artifact for cpu, sm_80 and emulated-sm_80 runs on each of these
 * devices as the variant of its kind. No device runs a variant of another kind
 * instead: what was tested with the emulator are the kernels for it. The CPU
 * must have the features that the variant needs. All kernels are loaded now.
 * `services` are the services of the host. NULL means those of the runtime on
 * one thread. The struct is copied, but everything to which it points must
 * outlive the program. UNSUPPORTED: the device runs none of the variants; the
 * error has the reason against each. The caller destroys *program. */
MOELORA_API moelora_status moelora_program_create(
    const moelora_artifact *artifact, const char *target,
    const moelora_device *device, const moelora_services *services,
    moelora_program **program, moelora_error **error);

/* BUSY: layers of the program are bound, or steps resolve ids with it. NULL has
 * no effect. */
MOELORA_API moelora_status moelora_program_destroy(moelora_program *program,
                                                   moelora_error **error);

/* The variant from which the program was made. NULL for NULL. */
MOELORA_API const moelora_variant *
moelora_program_variant(const moelora_program *program);

typedef enum moelora_bind_flags {
  MOELORA_BIND_CALLED = 1, /* weights come with each call (Call.h), and none are
                              bound */
} moelora_bind_flags;

typedef struct moelora_binding {
  uint32_t size;
  int32_t layer;    /* number in the model; -1: that of the artifact */
  uint32_t weights; /* with MOELORA_BIND_CALLED: 0 */
  uint32_t flags;   /* moelora_bind_flags */
  const moelora_memory *weight; /* [weights], in any order; borrowed for as long
                                   as the layer is bound, but for the structs */
  moelora_slot_table *table;    /* NULL: no adapters */
  moelora_group *group;         /* Group.h; of the grid over which the variant
                                   was cut, NULL for a whole layer */
  const moelora_layer *expected; /* what it must compute; NULL: not checked */
} moelora_binding;

/* Checks and binds a layer: types, shapes, strides, alignment and device of
 * each weight, that no weight is missing or superfluous, the layer number, and
 * that the table's layer matches the facts of the variant. A table may have
 * fewer slots and smaller ranks than the variant. It must have no pairs for
 * parts of the layer that the variant does not adapt. INVALID: the error names
 * what does not match, and both values. The table cannot be destroyed while a
 * layer is bound to it. The caller unbinds *layer. */
MOELORA_API moelora_status moelora_layer_bind(moelora_program *program,
                                              const moelora_binding *binding,
                                              moelora_bound_layer **layer,
                                              moelora_error **error);

/* No run of the layer may be under way. NULL has no effect. */
MOELORA_API moelora_status moelora_layer_unbind(moelora_bound_layer *layer,
                                                moelora_error **error);

/* The size in bytes of the workspace for a run of this moelora_entry_kind. If
 * the layer gathers the tokens of peer ranks, `tokens` is the number of the one
 * that has most. Also 0 if there is no such entry point, or if a run cannot
 * have this number of tokens. */
MOELORA_API uint64_t moelora_layer_workspace(const moelora_bound_layer *layer,
                                             int32_t entry, int64_t tokens);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_PROGRAM_H */
