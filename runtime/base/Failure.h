/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Errors inside the runtime: they are thrown as a `Failure`, and `guarded`
 * turns them into a status and a text in the functions of the C interface.
 */
#ifndef MOELORA_RUNTIME_FAILURE_H
#define MOELORA_RUNTIME_FAILURE_H

#include "moelora/runtime/Error.h"

#include <new>
#include <string>
#include <utility>

struct moelora_error {
  std::string text;
  moelora_status status;
};

namespace moelora {

struct Failure {
  moelora_status status;
  std::string text;
};

[[noreturn]] inline void fail(std::string text,
                              moelora_status status = MOELORA_INVALID) {
  throw Failure{status, std::move(text)};
}

/// Stores a text for the caller and returns `status`. Never throws: if there is
/// no memory for the text, it stores a constant one.
moelora_status report(moelora_error **error, moelora_status status,
                      const std::string &text) noexcept;
moelora_status reportOutOfMemory(moelora_error **error) noexcept;

/// Runs `body`, which may throw, as a function of the C interface.
template <typename Body>
moelora_status guarded(moelora_error **error, Body body) noexcept {
  if (error)
    *error = nullptr;
  try {
    body();
    return MOELORA_OK;
  } catch (const Failure &failure) {
    return report(error, failure.status, failure.text);
  } catch (const std::bad_alloc &) {
    return reportOutOfMemory(error);
  } catch (const std::exception &unexpected) {
    return report(error, MOELORA_INVALID, unexpected.what());
  }
}

} // namespace moelora

#endif // MOELORA_RUNTIME_FAILURE_H
