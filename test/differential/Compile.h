// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A case as loaded code: importer, pipeline, object, shared object.

#ifndef MOELORA_TEST_DIFFERENTIAL_COMPILE_H
#define MOELORA_TEST_DIFFERENTIAL_COMPILE_H

#include "Case.h"
#include "moelora/host/Handles.h"

namespace moelora {
struct ToGpuOptions;
}

namespace moelora::differential {

/// How the kernels of a case are compiled for the emulator.
void setGpuOptions(const Case &c, ToGpuOptions &options);

/// Null, and why, where a stage fails.
host::ArtifactHandle compile(const Case &c, Target target, std::string &why);

/// Compiles a case `times` times, with and without threads in turn: empty if
/// all objects are the same, byte by byte; else what went wrong.
std::string whyUnlike(const Case &c, Target target, unsigned times);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_COMPILE_H
