// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A value, or the reason why there is none. Files are untrusted, so a refusal
// is an ordinary result, and no exception leaves the library.
#ifndef MOELORA_MODELS_RESULT_H
#define MOELORA_MODELS_RESULT_H

#include <string>
#include <utility>
#include <variant>

namespace moelora::models {

/// Lower-case, no full stop: what is expected and what was found.
struct Failure {
  std::string message;
};

template <typename T> class Result {
public:
  Result(T value) : content(std::move(value)) {}
  Result(Failure failure) : content(std::move(failure)) {}

  /// True when there is a value.
  explicit operator bool() const { return content.index() == 0; }
  T &operator*() { return std::get<0>(content); }
  const T &operator*() const { return std::get<0>(content); }
  T *operator->() { return &std::get<0>(content); }
  const T *operator->() const { return &std::get<0>(content); }
  /// The reason why there is no value. Requires that there is none.
  const std::string &message() const { return std::get<1>(content).message; }

private:
  std::variant<T, Failure> content;
};

} // namespace moelora::models

#endif // MOELORA_MODELS_RESULT_H
