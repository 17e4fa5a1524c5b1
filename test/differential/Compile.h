// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A case as loaded code: importer, pipeline, object, shared object.

#ifndef MOELORA_TEST_DIFFERENTIAL_COMPILE_H
#define MOELORA_TEST_DIFFERENTIAL_COMPILE_H

#include "Case.h"

#include <memory>

namespace moelora::differential {

struct CloseArtifact {
  void operator()(moelora_artifact_file *file) const {
    moelora_artifact_close(file, nullptr);
  }
};
using Artifact = std::unique_ptr<moelora_artifact_file, CloseArtifact>;

/// Null, and why, where a stage fails.
Artifact compile(const Case &c, std::string &why);

/// Compiles a case `times` times, with and without threads in turn: empty if
/// all objects are the same, byte by byte; else what went wrong.
std::string whyUnlike(const Case &c, unsigned times);

/// The text of a runtime error, which is freed.
std::string textOf(moelora_error *error);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_COMPILE_H
