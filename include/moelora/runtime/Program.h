/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Programs and bound layers: what is checked and made ready once, so that a run
 * has nothing left to find out.
 *
 *     artifact   constant data, from a file or linked in
 *     program    one variant of it on one device, all kernels resolved
 *     layer      a program with a layer number, weights and a slot table
 *
 * Programs and bound layers are immutable; any number of threads may use them.
 * What they are made of must outlive them, weights included; what a graph
 * captured of a run (layer, weights, step, workspace, operands) must outlive
 * the graph.
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
typedef struct moelora_group moelora_group; /* peer ranks; none yet */

/* Makes a program of the first variant for `target`, or of any target for NULL,
 * that the device takes: one for "cpu" runs on every device that runs kernels
 * of the host, should the CPU have what it needs, one for "sm_90" on a GPU of
 * at least this architecture, one for "sm_90a" on such a GPU alone. All kernels
 * are loaded now. `services` are those of the host; NULL: the runtime's, on one
 * thread. What services points to must outlive the program, the struct itself
 * is copied. UNSUPPORTED: the device takes none of them. The caller destroys
 * *program. */
MOELORA_API moelora_status moelora_program_create(
    const moelora_artifact *artifact, const char *target,
    const moelora_device *device, const moelora_services *services,
    moelora_program **program, moelora_error **error);

/* BUSY: layers of it are bound. NULL is fine. */
MOELORA_API moelora_status moelora_program_destroy(moelora_program *program,
                                                   moelora_error **error);

/* The variant that it is made of. NULL for NULL. */
MOELORA_API const moelora_variant *
moelora_program_variant(const moelora_program *program);

/* Where memory is, in the numbers of DLPack. */
typedef enum moelora_memory_kind {
  MOELORA_MEMORY_CPU = 1,
  MOELORA_MEMORY_CUDA = 2,
  MOELORA_MEMORY_CUDA_HOST = 3,
} moelora_memory_kind;

/* A tensor in memory: what DLPack's DLTensor says, its byte offset added to the
 * address. Strides are in elements. */
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

typedef struct moelora_binding {
  uint32_t size;
  int32_t layer; /* number in the model; -1: that of the artifact */
  uint32_t weights, reserved;
  const moelora_memory *weight; /* [weights], in any order; borrowed for as long
                                   as the layer is bound, but for the structs */
  moelora_slot_table *table;    /* NULL: no adapters */
  moelora_group *group;         /* NULL */
  const moelora_layer *expected; /* what it must compute; NULL: not asked */
} moelora_binding;

/* Binds a layer once everything fits: types, shapes, strides, alignment and
 * device of each weight, none missing and none too many; the layer number; the
 * table's layer against the facts of the variant. A table may have fewer slots
 * and smaller ranks, and no pairs for parts of the layer that the variant does
 * not adapt. INVALID names what does not fit, and both values. The table cannot
 * be destroyed while a layer is bound to it. The caller unbinds *layer. */
MOELORA_API moelora_status moelora_layer_bind(moelora_program *program,
                                              const moelora_binding *binding,
                                              moelora_bound_layer **layer,
                                              moelora_error **error);

/* No run of it may be under way. NULL is fine. */
MOELORA_API moelora_status moelora_layer_unbind(moelora_bound_layer *layer,
                                                moelora_error **error);

/* Bytes of workspace for a run of this moelora_entry_kind; 0 as well where
 * there is no such entry point, or a run cannot have so many tokens. */
MOELORA_API uint64_t moelora_layer_workspace(const moelora_bound_layer *layer,
                                             int32_t entry, int64_t tokens);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_PROGRAM_H */
