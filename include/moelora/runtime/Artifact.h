/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Artifacts: files of compiled layers.
 *
 * The file of an artifact ends with a digest of everything before it, so that a
 * truncated or overwritten file is refused before any of its code runs. The
 * digest does not protect against attacks: an artifact is code, so load only
 * files that you trust.
 */
#ifndef MOELORA_RUNTIME_ARTIFACT_H
#define MOELORA_RUNTIME_ARTIFACT_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the digest to a finished shared object. The file is replaced
 * atomically, so a reader sees either the old or the new file. A file that
 * already has its digest is not changed. Errors: IO; INVALID if the file is not
 * a shared object, is truncated, or does not match the digest that it has. */
MOELORA_API moelora_status moelora_artifact_seal(const char *path,
                                                 moelora_error **error);

/* A loaded shared object with compiled layers. It is immutable and may be used
 * by any thread. */
typedef struct moelora_artifact_file moelora_artifact_file;

/* Loads a copy of the file in memory. The copy is also what is checked, so the
 * file may be changed or removed afterwards. Errors: IO if it cannot be read;
 * INVALID if it is not a compiled layer, is truncated, or does not match its
 * digest; UNSUPPORTED if it is for another version or machine. The caller
 * closes *file. */
MOELORA_API moelora_status moelora_artifact_load(const char *path,
                                                 moelora_artifact_file **file,
                                                 moelora_error **error);

/* Unloads the file, and its artifacts become invalid. BUSY: a program still
 * uses it. NULL has no effect. */
MOELORA_API moelora_status moelora_artifact_close(moelora_artifact_file *file,
                                                  moelora_error **error);

/* The number of layers in the file. -1 for NULL. */
MOELORA_API int32_t moelora_artifact_count(const moelora_artifact_file *file);

/* The artifact with `index` in [0, count), borrowed from the file. NULL for any
 * other index.
 */
MOELORA_API const moelora_artifact *
moelora_artifact_of(const moelora_artifact_file *file, int32_t index);

#define MOELORA_DIGEST_BYTES 16

/* The digest at the end of the file. INVALID: an argument is NULL. */
MOELORA_API moelora_status moelora_artifact_digest(
    const moelora_artifact_file *file, uint8_t digest[MOELORA_DIGEST_BYTES]);

/* Checks a description as loading does, for artifacts that were linked into a
 * program. */
MOELORA_API moelora_status
moelora_artifact_check(const moelora_artifact *artifact, moelora_error **error);

/* Checks that the artifact is compiled for this layer. INVALID: the error names
 * the first field that differs and both values, or states that the artifact has
 * no description. */
MOELORA_API moelora_status
moelora_artifact_match(const moelora_artifact *artifact,
                       const moelora_layer *layer, moelora_error **error);

/* The first variant for a target such as "cpu", or the first variant if
 * `target` is NULL. NULL: there is none. */
MOELORA_API const moelora_variant *
moelora_artifact_variant(const moelora_artifact *artifact, const char *target);

/* The sizes of the grid of peer ranks over which the variant was cut, each at
 * least 1, and the bits of moelora_axis that cut its tokens. `token_axes` may
 * be NULL. Returns the number of peer ranks; 1: the whole layer. 0 for NULL. */
MOELORA_API int32_t moelora_variant_grid(const moelora_variant *variant,
                                         int32_t grid[MOELORA_AXES],
                                         uint32_t *token_axes);

/* The row of an operand by role and part, or -1. The row has the type and the
 * shape of the operand. */
MOELORA_API int32_t moelora_variant_operand(const moelora_variant *variant,
                                            int32_t role, int32_t part);

/* The size in bytes of the operand in row `operand` for this number of tokens.
 * It is row-major if the row has no strides. 0 if there is no such row. */
MOELORA_API uint64_t moelora_variant_operand_bytes(
    const moelora_variant *variant, int32_t operand, int64_t tokens);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ARTIFACT_H */
