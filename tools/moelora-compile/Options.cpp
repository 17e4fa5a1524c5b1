// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's command line is not used, because it would accept the options of all
// linked libraries.

#include "Options.h"
#include "../Version.h"
#include "moelora/commandline/CommandLine.h"
#include "moelora/import/Import.h"
#include "moelora/support/Targets.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace moelora::commandline;

static const char description[] =
    R"(Compiles a Mixture-of-Experts layer whose tokens may carry LoRA adapters.
INPUT is a model folder, its config.json, or MLIR with layers (*.mlir, - for
standard input), whose other functions are left aside. The weights are not
needed.)";

static const EmitNames kinds[] = {
    {Emit::MLIR, "mlir", ".mlir"}, {Emit::LLVM, "llvm", ".ll"},
    {Emit::PTX, "ptx", ".ptx"},    {Emit::Cubin, "cubin", ".cubin"},
    {Emit::Object, "obj", ".o"},   {Emit::SharedObject, "so", ".so"}};

const EmitNames &namesOf(Emit emit) {
  for (const EmitNames &kind : kinds)
    if (kind.emit == emit)
      return kind;
  llvm_unreachable("every kind has names");
}

bool Options::readsIR() const {
  llvm::StringRef name = input;
  return name == "-" || name.ends_with(".mlir") || name.ends_with(".mlirbc");
}

static std::vector<std::string> parseTargets(const std::string &list) {
  std::vector<std::string> targets;
  for (llvm::StringRef part : llvm::split(list, ',')) {
    std::string name = part.str();
    if (name != "cpu" && !moelora::findGpu(name))
      throw UsageError("--target expects cpu, " +
                       moelora::listArchitectures("sm_", ", ") +
                       ", or one of these with the prefix emulated-, but it "
                       "is '" +
                       name + "'");
    if (llvm::is_contained(targets, name))
      throw UsageError("--target expects each target once, but " + name +
                       " is there twice");
    targets.push_back(name);
  }
  return targets;
}

static void addOutput(CLI::App &app, Options &options) {
  addText(app, "-o", options.output, "FILE",
          "what is written; - is standard output, for\nmlir, llvm and ptx");
  std::vector<std::pair<std::string, Emit>> emits;
  for (const EmitNames &kind : kinds)
    emits.emplace_back(kind.name, kind.emit);
  addChoice(
      app, "--emit", options.emit, emits,
      "so (default), obj, ptx or cubin (of a GPU), llvm\n(LLVM IR) or mlir "
      "(the layer, as it was read, or its part)")
      ->option_text("KIND");
  addOption(
      app, "--target", "cpu",
      "what the code is for; several, as cpu,sm_80, make an\nartifact with "
      "a variant for each",
      [&options](const std::string &names) {
        options.targets = parseTargets(names);
      });
  addChoice<moelora::StrategyChoice>(
      app, "--strategy", options.strategy,
      {{"fastest", moelora::StrategyChoice::Fastest},
       {"in_place", moelora::StrategyChoice::InPlace},
       {"unfused_peer", moelora::StrategyChoice::UnfusedPeer}},
      "on a GPU: add deltas inside the GEMM of the base\n(in_place), in "
      "kernels of their own\n(unfused_peer), or as is fastest by the cost "
      "model\n(fastest, default)")
      ->option_text("NAME");
  addChoice<moelora::Batches>(app, "--schedule", options.schedule,
                              {{"all", moelora::Batches::All},
                               {"decode", moelora::Batches::Decode},
                               {"prefill", moelora::Batches::Prefill}},
                              "for a GPU: tiles for few tokens (decode), for "
                              "many\n(prefill), or all (default)")
      ->option_text("NAME");
  addChoice<Cubins>(
      app, "--cubin", options.cubins,
      {{"auto", Cubins::Auto},
       {"off", Cubins::Off},
       {"require", Cubins::Require}},
      "for a GPU: machine code beside the PTX, which ptxas\nmakes. "
      "auto (default): if there is ptxas; off;\nrequire")
      ->option_text("NAME");
  app.add_flag("--explain", options.explain,
               "print what the cost model predicts for the tiles\nof each GPU "
               "kernel, and compile nothing");
  addText(app, "--cpu", options.cpu, "NAME",
          "the CPU that runs it, as LLVM names it, or\nnative (default)");
}

/// The sizes of the grid, each an option of moelora-shard.
static const struct {
  const char *name;
  int64_t moelora::ShardOptions::*size;
  const char *what;
} gridSizes[] = {
    {"--dp", &moelora::ShardOptions::dp,
     "data parallelism: so many groups of peer ranks have\ntokens of their own "
     "(1)"},
    {"--ep", &moelora::ShardOptions::ep,
     "expert parallelism: cut the experts over so many peer\nranks (1)"},
    {"--tp", &moelora::ShardOptions::tp,
     "tensor parallelism: cut the intermediate size over so\nmany peer ranks "
     "(1)"},
};

static void addShard(CLI::App &app, Options &options) {
  constexpr int64_t mostRanks = 1 << 20;
  for (const auto &axis : gridSizes)
    addNumber<int64_t>(app, axis.name, options.shard.*axis.size, 1, mostRanks,
                       axis.what);
  addText(app, "--scheme", options.shard.scheme, "NAME",
          "replicated (default): peer ranks along ep have the\nsame tokens; "
          "allgather: each has its own");
  app.add_flag("--sequence-parallel", options.shard.sequenceParallel,
               "peer ranks along tp have tokens of their own");
  addText(app, "--expert-map", options.shard.expertMap, "MAP",
          "contiguous (default), round-robin, or the ep\ncoordinate of each "
          "expert: 0,0,1,1");
  app.add_flag("--partial", options.shard.partial,
               "leave the sum over ep and tp to the caller, which\nadds up and "
               "rounds the f32 output of peer ranks");
}

std::string shardArguments(const Options &options) {
  const moelora::ShardOptions usual, &shard = options.shard;
  std::string text;
  for (const auto &axis : gridSizes)
    if (int64_t size = shard.*axis.size; size > 1)
      text += std::string(" ") + axis.name + "=" + std::to_string(size);
  if (shard.scheme != usual.scheme)
    text += " --scheme=" + shard.scheme;
  if (shard.sequenceParallel)
    text += " --sequence-parallel";
  if (shard.expertMap != usual.expertMap)
    text += " --expert-map=" + shard.expertMap;
  if (shard.partial)
    text += " --partial";
  return text;
}

static void addLayer(CLI::App &app, Options &options) {
  addNumber<int64_t>(app, "--layer", options.layer, 0, INT32_MAX,
                     "the layer; without it, the first with experts");
  app.add_flag("--all-layers", options.allLayers,
               "every distinct layer; -o names a folder, whose\nlayers.json "
               "tells which file serves which layer,\nand its digest");
  addNumber<int64_t>(app, "--slots", options.slots, 0, moelora::mostSlots,
                     "adapters that may be live at once (16); 0: none");
  addNumber<int64_t>(app, "--max-rank", options.maxRank, 1, moelora::mostRank,
                     "largest rank of an adapter (64)");
  app.add_flag("--shared-outer", options.sharedOuter,
               "adapters have one A of gate and up for all\nexperts; others "
               "are refused when they are loaded");
}

static bool isOf(moelora::CodeKind kind, const std::string &target) {
  return moelora::parseCodeTarget(target)->kind == kind;
}

static void checkTargets(const Options &options) {
  const auto &targets = options.targets;
  auto isHost = [](const std::string &target) {
    return isOf(moelora::CodeKind::Host, target);
  };
  if (options.explain && llvm::any_of(targets, isHost))
    throw UsageError("--explain expects the target to be a GPU, as "
                     "--target=sm_80, but it is cpu");
  bool needsGpu = options.emit == Emit::PTX || options.emit == Emit::Cubin;
  if (needsGpu &&
      (targets.size() > 1 || !isOf(moelora::CodeKind::Gpu, targets[0])))
    throw UsageError(std::string("--emit=") + namesOf(options.emit).name +
                     " expects the target to be a GPU, as --target=sm_80, but "
                     "it is " +
                     llvm::join(targets, ","));
}

/// Checks combinations of options.
static void checkOptions(Options &options) {
  bool isText = options.explain || options.emit == Emit::MLIR ||
                options.emit == Emit::LLVM || options.emit == Emit::PTX;
  checkTargets(options);
  if (options.input.empty())
    throw UsageError("expects a model folder, a config.json or a layer.mlir");
  if (options.allLayers && options.explain)
    throw UsageError("--explain expects one layer, but --all-layers is given");
  if (options.allLayers && options.layer)
    throw UsageError("expects --layer or --all-layers, but both are given");
  if (options.readsIR() && (options.allLayers || options.layer))
    throw UsageError("--layer and --all-layers choose from a model, but " +
                     options.input + " is a layer");
  if (options.output.empty() && isText && !options.allLayers)
    options.output = "-";
  if (options.output.empty())
    throw UsageError(options.allLayers ? "--all-layers expects a folder, -o DIR"
                                       : "expects an output, -o FILE");
  if (options.output == "-" && (!isText || options.allLayers))
    throw UsageError("expects a file for what is not text, but -o is -");
}

bool parseOptions(int count, char **arguments, Options &options) {
  CommandLine line("moelora-compile", description, builtWith);
  addText(line.app, "INPUT", options.input, " ", "what is compiled");
  addOutput(line.app, options);
  addLayer(line.app, options);
  addShard(line.app, options);
  if (!line.parse(count, arguments))
    return false;
  checkOptions(options);
  return true;
}
