/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Compiled layers: loading one, and running it with everything checked.
 *
 * An engine that has proved its sizes once may call `artifact->run` itself;
 * moelora_layer_run is the same call behind checks of every size and type.
 * Threads: an artifact is immutable, and any number of threads may run it.
 */
#ifndef MOELORA_RUNTIME_ARTIFACT_H
#define MOELORA_RUNTIME_ARTIFACT_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A shared object with one compiled layer, loaded. */
typedef struct moelora_artifact_file moelora_artifact_file;

/* Loads and checks a compiled layer. It is code: load only what you would run.
 * Errors: IO when the file cannot be read; INVALID when it is no compiled
 * layer; UNSUPPORTED when it is one of another version, or needs something
 * that this CPU does not have. The caller closes *file. */
MOELORA_API moelora_status moelora_artifact_load(const char *path,
                                                 moelora_artifact_file **file,
                                                 moelora_error **error);

/* Unloads it; its moelora_artifact ends here. NULL: no effect. */
MOELORA_API void moelora_artifact_close(moelora_artifact_file *file);

/* The description, borrowed from the file. */
MOELORA_API const moelora_artifact *
moelora_artifact_of(const moelora_artifact_file *file);

/* The checks that loading makes, for an artifact that was linked in. */
MOELORA_API moelora_status
moelora_artifact_check(const moelora_artifact *artifact, moelora_error **error);

/* Is the artifact compiled for this layer? INVALID names the first field that
 * differs, and both values. */
MOELORA_API moelora_status
moelora_artifact_match(const moelora_artifact *artifact,
                       const moelora_layer *layer, moelora_error **error);

/* Where the routing comes from. A layer that has no router of its own lacks the
 * first, or the first two. */
typedef enum moelora_entry {
  MOELORA_ENTRY_ALL = 0, /* the layer's own router */
  MOELORA_ENTRY_LOGITS = 1,
  MOELORA_ENTRY_IDS = 2,
} moelora_entry;

/* An operand in memory; borrowed for the call. */
typedef struct moelora_buffer {
  const void *data;
  uint64_t bytes;
  int32_t dtype; /* moelora_dtype, whose floats are moelora_dtype */
  int32_t reserved;
} moelora_buffer;

/* Size and type that an operand must have; `data` is NULL. 0 bytes: the layer
 * has no such operand. */
MOELORA_API moelora_buffer moelora_operand_needs(const moelora_layer *layer,
                                                 moelora_role role,
                                                 int64_t tokens);

/* The operands that an entry point reads, one bit per moelora_role. */
MOELORA_API uint32_t moelora_entry_operands(const moelora_artifact *artifact,
                                            moelora_entry entry);

/* One run. Buffers that the entry point does not read may stay zero. */
typedef struct moelora_layer_call {
  int64_t tokens;
  int32_t entry; /* moelora_entry */
  int32_t reserved;
  moelora_buffer operand[MOELORA_ROLES];
  void *output; /* [tokens, H], layer's type */
  uint64_t output_bytes;
  void *workspace; /* 64-byte aligned, of artifact->workspace_bytes() */
  uint64_t workspace_bytes;
  const moelora_directory *directory; /* NULL: no adapters */
  const moelora_services *services;
  moelora_run_stats *stats; /* added to; never NULL */
} moelora_layer_call;

/* Checks everything that does not depend on the values, then runs. Allocates
 * only to report an error. */
MOELORA_API moelora_status moelora_layer_run(const moelora_artifact *artifact,
                                             const moelora_layer_call *call,
                                             moelora_error **error);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ARTIFACT_H */
