// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One invocation of the tool, from the files to the result of the comparison.
// Of several processes, that of rank 0 compares, reports and writes.
#ifndef MOELORA_RUN_SESSION_H
#define MOELORA_RUN_SESSION_H

#include "Ranks.h"
#include "moelora/host/Exact.h"

namespace moelora::run {

class Session {
public:
  /// Loads the layer. Throws host::Error.
  explicit Session(const Options &options);

  /// The error that a comparison found; empty if there is none. Throws
  /// host::Error.
  std::string run();
  /// NULL if this process is a peer rank that does not report.
  const host::Report *report() const { return isFirst ? &lines : nullptr; }

private:
  void describe();
  void openAdapters();
  void readInputs();
  void runReference();
  void runOnDevice();
  void explain(const std::vector<host::Json> &facts);
  void compareOutput();
  void compareWithExpected(const std::vector<double> &expected);
  void compareWithReference();
  void note(const host::ExactRows &exact, const std::vector<double> *wanted,
            const char *against);
  void writeOutput() const;
  void readWeights(host::Report *report);
  host::Exact exact() const;

  const Options &options;
  const host::Pool pool;
  const moelora_services &services = pool.services;
  const host::Progress progress;
  const host::DeviceHandle device; // NULL: the reference
  const host::CompiledLayer layer;
  std::vector<host::OpenAdapter> adapters;
  host::Inputs inputs;
  host::Weights weights; // of the whole layer
  host::Operand output;
  host::ExactRows all; // every token, on the reference
  host::Report lines;
  std::string wrong; // the error of a comparison
  bool isFirst = true;
};

} // namespace moelora::run

#endif // MOELORA_RUN_SESSION_H
