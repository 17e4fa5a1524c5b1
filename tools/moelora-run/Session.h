// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One invocation of the tool, from the files to the verdict.
#ifndef MOELORA_RUN_SESSION_H
#define MOELORA_RUN_SESSION_H

#include "Compare.h"
#include "Cpu.h"
#include "Report.h"

#include "moelora/runtime/Execute.h"

namespace moelora::run {

class Session {
public:
  explicit Session(const Options &options);

  /// What a comparison found wrong; empty where nothing is. Throws Error.
  std::string run();
  const Report &report() const { return lines; }

private:
  void openModel();
  void openAdapters();
  void readInputs();
  void readWeights();
  void runReference();
  void runCpu();
  void compareWithExpected();
  void compareWithReference();
  void note(const reference::Verdict &verdict, const char *against);
  void noteTimes(const std::vector<double> &milliseconds);
  void noteStats(const CpuRun &run);
  void noteStats(const moelora_slot_table_stats &table);
  void noteMemory();
  void writeOutput() const;
  Exact exact() const;

  const Options &options;
  Handle<moelora_pool, moelora_pool_destroy> pool;
  moelora_services services = {};
  Handle<moelora_artifact_file, closeArtifact> file;
  const moelora_artifact *artifact = nullptr;
  const moelora_variant *variant = nullptr;
  int layer = 0;
  models::Result<models::Model> model;
  std::vector<OpenAdapter> adapters;
  Inputs inputs;
  Weights weights;
  Operand output;
  ExactRows all; // every token, on the reference
  Report lines;
  std::string wrong; // what a comparison found
};

} // namespace moelora::run

#endif // MOELORA_RUN_SESSION_H
