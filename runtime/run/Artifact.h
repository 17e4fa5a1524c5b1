/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A loaded file of artifacts, and references that keep it from being closed.
 */
#ifndef MOELORA_RUNTIME_RUN_ARTIFACT_H
#define MOELORA_RUNTIME_RUN_ARTIFACT_H

#include "moelora/runtime/Artifact.h"

#include <utility>

namespace moelora {

/// A reference to the file of an artifact, which keeps the file from being
/// closed. An artifact that was linked in has no file.
class ArtifactUse {
public:
  explicit ArtifactUse(const moelora_artifact &artifact);
  ArtifactUse(const ArtifactUse &) = delete;
  ~ArtifactUse();

private:
  moelora_artifact_file *file;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_RUN_ARTIFACT_H
