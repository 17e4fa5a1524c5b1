// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every part of the tool uses: its errors, owners for the handles of the
// C interface, and large pieces of memory.
#ifndef MOELORA_RUN_SUPPORT_H
#define MOELORA_RUN_SUPPORT_H

#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Checkpoint.h"

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace moelora::run {

/// What goes wrong in this tool, in words for the user; exit status 1.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Calls a function of the C interface, whose last argument is its error, and
/// throws what it answers, with `context` in front.
template <typename Function, typename... Arguments>
void call(const std::string &context, Function function,
          Arguments... arguments) {
  moelora_error *error = nullptr;
  if (function(arguments..., &error) == MOELORA_OK)
    return;
  std::string text = context + moelora_error_text(error);
  moelora_error_free(error);
  throw Error(text);
}

template <auto Close> struct Closer {
  template <typename T> void operator()(T *handle) const { Close(handle); }
};
/// Owns a handle that `Close` frees.
template <typename T, auto Close>
using Handle = std::unique_ptr<T, Closer<Close>>;

inline void closeArtifact(moelora_artifact_file *file) {
  moelora_artifact_close(file, nullptr);
}

struct Unmap {
  uint64_t bytes = 0;
  void operator()(char *memory) const;
};

/// Zeros of the system, on huge pages where it has them; counted as memory in
/// use only once they are written.
class Buffer {
public:
  Buffer() = default;
  explicit Buffer(uint64_t bytes);

  char *data() const { return memory.get(); }
  uint64_t bytes() const { return size; }

private:
  std::unique_ptr<char, Unmap> memory;
  uint64_t size = 0;
};

/// Runs body(i) for i in [0, tasks) on the workers of `services`.
void parallelFor(const moelora_services &services, int64_t tasks,
                 const std::function<void(int64_t)> &body);

/// Milliseconds since it was made.
class Stopwatch {
public:
  double milliseconds() const {
    auto passed = std::chrono::steady_clock::now() - start;
    return std::chrono::duration<double, std::milli>(passed).count();
  }

private:
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
};

} // namespace moelora::run

#endif // MOELORA_RUN_SUPPORT_H
