/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The layer written by hand, as an artifact and as a program, for calls that
 * lack something else.
 */
#ifndef MOELORA_TEST_RUNTIME_INVALID_LAYERS_H
#define MOELORA_TEST_RUNTIME_INVALID_LAYERS_H

#include "Invalid.h"
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Run.h"

extern "C" const moelora_artifact *moelora_query(uint32_t abi, uint32_t index);

namespace moelora::test {

constexpr int64_t invalid = MOELORA_INVALID;

inline const moelora_artifact *someArtifact() {
  return moelora_query(MOELORA_ABI_VERSION, 0);
}

/// A call with a program.
template <typename Body> std::function<int64_t()> withProgram(Body body) {
  return [body]() -> int64_t {
    moelora_program *program = nullptr;
    if (moelora_program_create(someArtifact(), nullptr, moelora_device_cpu(),
                               nullptr, &program, nullptr) != MOELORA_OK)
      return -100;
    int64_t answer = body(program);
    return moelora_program_destroy(program, nullptr) == MOELORA_OK ? answer
                                                                   : -101;
  };
}

/// A binding without weights.
inline moelora_binding emptyBinding() {
  moelora_binding binding = {};
  binding.size = sizeof binding;
  binding.layer = -1;
  return binding;
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_INVALID_LAYERS_H
