// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a compiled case in two ways.

#ifndef MOELORA_TEST_DIFFERENTIAL_RUN_H
#define MOELORA_TEST_DIFFERENTIAL_RUN_H

#include "Data.h"
#include "moelora/runtime/Execute.h"
#include "moelora/runtime/Program.h"

namespace moelora::differential {

using Bytes = std::vector<char>;

class Runner {
public:
  Runner(const Case &c, const Data &data, const moelora_artifact *artifact);

  /// Calls the entry point directly, with a step made by hand. Returns the
  /// output with one more byte, or sets `failure`.
  Bytes callEntry(moelora_pool *pool, std::string &failure) const;
  /// Through the runtime, bound and checked, without adapters.
  Bytes runBound(moelora_pool *pool, std::string &failure) const;

private:
  Bytes makeOutput() const;
  void checkEnd(const Bytes &output, std::string &failure) const;
  std::vector<moelora_memory> weights(std::deque<Bytes> &unread) const;

  const Case &c;
  const Data &data;
  const moelora_artifact *artifact;
  const moelora_variant &variant;
};

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_RUN_H
