// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One invocation of the tool, from the files to the result of the comparison.
#ifndef MOELORA_RUN_SESSION_H
#define MOELORA_RUN_SESSION_H

#include "Options.h"
#include "moelora/host/CompiledLayer.h"
#include "moelora/host/Exact.h"
#include "moelora/host/Report.h"
#include "moelora/host/Run.h"

namespace moelora::run {

class Session {
public:
  /// Loads the layer. Throws host::Error.
  explicit Session(const Options &options);

  /// The error that a comparison found; empty if there is none. Throws
  /// host::Error.
  std::string run();
  const host::Report &report() const { return lines; }

private:
  void describe();
  void openAdapters();
  void readInputs();
  void readWeights();
  void runReference();
  void runOnDevice();
  void compareWithExpected(const std::vector<double> &expected);
  void compareWithReference();
  void note(const host::ExactRows &exact, const std::vector<double> *wanted,
            const char *against);
  void writeOutput() const;
  host::Exact exact() const;

  const Options &options;
  const host::Pool pool;
  const moelora_services &services = pool.services;
  const host::Progress progress;
  const host::DeviceHandle device; // NULL: the reference
  const host::CompiledLayer layer;
  std::vector<host::OpenAdapter> adapters;
  host::Inputs inputs;
  host::Weights weights;
  host::Operand output;
  host::ExactRows all; // every token, on the reference
  host::Report lines;
  std::string wrong; // the error of a comparison
};

} // namespace moelora::run

#endif // MOELORA_RUN_SESSION_H
