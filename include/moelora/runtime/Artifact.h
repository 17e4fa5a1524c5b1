/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Artifacts: files of compiled layers.
 *
 * An artifact's file ends with a digest of all that is before it, so that one
 * that was cut or overwritten is refused before any of it runs. That is against
 * accidents: an artifact is code, load only what you would run.
 */
#ifndef MOELORA_RUNTIME_ARTIFACT_H
#define MOELORA_RUNTIME_ARTIFACT_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the digest to a shared object that is finished, in one step: whoever
 * opens it meanwhile finds the old file or the new one. A file that has its
 * digest already stays as it is. Errors: IO; INVALID where it is no shared
 * object, is cut, or differs from the digest that it has. */
MOELORA_API moelora_status moelora_artifact_seal(const char *path,
                                                 moelora_error **error);

/* A shared object with compiled layers, loaded. Immutable; any thread. */
typedef struct moelora_artifact_file moelora_artifact_file;

/* Loads a copy of the file in memory, which is what was checked; the file
 * itself may be changed or removed afterwards. Errors: IO where it cannot be
 * read; INVALID where it is no compiled layer, is cut, or differs from its
 * digest; UNSUPPORTED where it is of another version or machine. The caller
 * closes *file. */
MOELORA_API moelora_status moelora_artifact_load(const char *path,
                                                 moelora_artifact_file **file,
                                                 moelora_error **error);

/* Unloads it; its artifacts end here. BUSY: a program was made of it. NULL is
 * fine. */
MOELORA_API moelora_status moelora_artifact_close(moelora_artifact_file *file,
                                                  moelora_error **error);

/* Layers in it. -1 for NULL. */
MOELORA_API int32_t moelora_artifact_count(const moelora_artifact_file *file);

/* Artifact `index` of [0, count), borrowed from the file; NULL for any other.
 */
MOELORA_API const moelora_artifact *
moelora_artifact_of(const moelora_artifact_file *file, int32_t index);

#define MOELORA_DIGEST_BYTES 16

/* The digest at the end of the file. INVALID: an argument is NULL. */
MOELORA_API moelora_status moelora_artifact_digest(
    const moelora_artifact_file *file, uint8_t digest[MOELORA_DIGEST_BYTES]);

/* The checks that loading makes of a description, for artifacts that were
 * linked in. */
MOELORA_API moelora_status
moelora_artifact_check(const moelora_artifact *artifact, moelora_error **error);

/* Is the artifact compiled for this layer? INVALID names the first field that
 * differs, and both values, or says that the artifact describes no ordinary
 * layer. */
MOELORA_API moelora_status
moelora_artifact_match(const moelora_artifact *artifact,
                       const moelora_layer *layer, moelora_error **error);

/* The first variant for a target, "cpu", or, for NULL, of all; NULL: there is
 * none. */
MOELORA_API const moelora_variant *
moelora_artifact_variant(const moelora_artifact *artifact, const char *target);

/* The row of (role, part), or -1. Tools take types and shapes from there. */
MOELORA_API int32_t moelora_variant_operand(const moelora_variant *variant,
                                            int32_t role, int32_t part);

/* Bytes of row `operand` for so many tokens, row-major where the row has no
 * strides; 0 for a row that is not there. */
MOELORA_API uint64_t moelora_variant_operand_bytes(
    const moelora_variant *variant, int32_t operand, int64_t tokens);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ARTIFACT_H */
