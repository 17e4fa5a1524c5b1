// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code that the tests of this folder share: services as generated code sees
// them, and the C interface's errors as strings.
#ifndef MOELORA_TEST_EXECUTE_SERVICES_H
#define MOELORA_TEST_EXECUTE_SERVICES_H

#include "moelora/runtime/Execute.h"

#include <string>

namespace moelora::test {

inline moelora_services serialServices() {
  moelora_services services;
  moelora_services_init(nullptr, &services);
  return services;
}

/// The error text of a call, "" if it succeeds.
template <typename Function, typename... Arguments>
std::string errorOf(Function function, Arguments... arguments) {
  moelora_error *error = nullptr;
  bool right = function(arguments..., &error) == MOELORA_OK;
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  return right ? "" : text;
}

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_SERVICES_H
