/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Error texts of the C interface. Running out of memory has one constant text,
 * so that reporting it needs no memory.
 */
#include "base/Failure.h"
#include "base/Text.h"

using namespace moelora;

static moelora_error &outOfMemory() {
  static moelora_error error{"out of memory", MOELORA_OUT_OF_MEMORY};
  return error;
}

// Allocated when the library is loaded, because there may be no memory later.
static moelora_error &madeEarly = outOfMemory();

/// Limits the length of a text.
static constexpr size_t longestText = 2000;

moelora_status moelora::reportOutOfMemory(moelora_error **error) noexcept {
  if (error)
    *error = &outOfMemory();
  return MOELORA_OUT_OF_MEMORY;
}

moelora_status moelora::report(moelora_error **error, moelora_status status,
                               const std::string &text) noexcept {
  if (!error)
    return status;
  try {
    *error = new moelora_error{printable(cutText(text, longestText)), status};
  } catch (const std::bad_alloc &) {
    *error = &outOfMemory();
  }
  return status;
}

moelora_status moelora_error_make(moelora_error **error, moelora_status status,
                                  const char *text) {
  try {
    return moelora::report(error, status, text ? text : "");
  } catch (const std::bad_alloc &) {
    if (error)
      *error = &outOfMemory();
    return status;
  }
}

const char *moelora_error_text(const moelora_error *error) {
  return error ? error->text.c_str() : "";
}

void moelora_error_free(moelora_error *error) {
  if (error != &outOfMemory())
    delete error;
}

const char *moelora_version(void) { return MOELORA_VERSION; }
