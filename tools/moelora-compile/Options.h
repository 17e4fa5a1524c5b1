// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of moelora-compile.
#ifndef MOELORA_TOOLS_COMPILE_OPTIONS_H
#define MOELORA_TOOLS_COMPILE_OPTIONS_H

#include "moelora/passes/Passes.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The kind of output.
enum class Emit { MLIR, LLVM, PTX, Cubin, Object, SharedObject };

struct EmitNames {
  Emit emit;
  const char *name;   // on the command line
  const char *suffix; // of files
};
const EmitNames &namesOf(Emit emit);

/// Whether artifacts have cubins beside PTX.
enum class Cubins { Auto, Off, Require };

struct Options {
  std::string input;
  std::string output;
  std::vector<std::string> targets = {"cpu"}; // of the variants, in this order
  moelora::StrategyChoice strategy =
      moelora::StrategyChoice::Fastest;              // of a GPU
  moelora::Batches schedule = moelora::Batches::All; // of a GPU
  Cubins cubins = Cubins::Auto;
  std::string cpu = "native";
  Emit emit = Emit::SharedObject;
  bool explain = false; // print predictions, and compile nothing
  std::optional<int64_t> layer;
  bool allLayers = false;
  moelora::ShardOptions shard; // the grid of peer ranks
  std::optional<int64_t> slots, maxRank;
  bool sharedOuter = false; // experts share A of gate and up

  /// Whether the input is IR, and not a model folder or its config.json.
  bool readsIR() const;
};

/// The options that cut a layer over peer ranks, as on a command line.
std::string shardArguments(const Options &options);

enum ExitStatus { Done = 0, Failed = 1 };

/// Returns false if help or the version was printed and there is nothing to
/// compile. Throws a UsageError.
bool parseOptions(int count, char **arguments, Options &options);

#endif // MOELORA_TOOLS_COMPILE_OPTIONS_H
