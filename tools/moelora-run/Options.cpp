// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Options.h"

#include "moelora/commandline/AdapterOptions.h"

#include "moelora/runtime/Execute.h"

#include <limits>
#include <map>

using namespace moelora;
using namespace moelora::run;
using namespace moelora::commandline;

namespace {

constexpr const char *Description =
    R"(Runs a compiled Mixture-of-Experts layer with a model's weights and
adapters. Exit status: 0 right, 1 an error, 2 a wrong command line, 3 a result
outside the error bound, or one that too many near ties of experts leave open.
Without tokens nothing is compared. Only status 0 leaves an output file.)";

constexpr int32_t Any = std::numeric_limits<int32_t>::max();

/// "NAME=REST" cut at its first '='.
std::pair<std::string, std::string> cut(const std::string &name,
                                        const std::string &value) {
  size_t equals = value.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == value.size())
    throw UsageError(name + " expects NAME=VALUE, but it is '" + value + "'");
  return {value.substr(0, equals), value.substr(equals + 1)};
}

class Parser {
public:
  Parser() : line("moelora-run", Description) {
    addFiles();
    addAdapters();
    addInputs();
    addRun();
  }

  bool parse(int count, char **arguments, Options &result) {
    if (!line.parse(count, arguments))
      return false;
    statements.apply(options.adapters);
    applyEmulator();
    check();
    if (options.collectives == "loopback" && options.threads == 0)
      options.threads = 1;
    result = std::move(options);
    return true;
  }

private:
  void addFiles();
  void addAdapters();
  void addInputs();
  void addRun();
  void addEmulator();
  void addRanks();
  void applyEmulator();
  void addAdapter(const std::string &value);
  void check() const;

  CommandLine line;
  Options options;
  AdapterStatements statements;
  std::map<std::string, std::string> emulatorOptions;
};

void Parser::addFiles() {
  addText(line.app, "LAYER", options.artifact, " ",
          "a compiled layer: layer.so");
  addText(line.app, "--model", options.model, "DIR",
          "model folder, or config.json with\n--random-weights");
  addNumber<int32_t>(line.app, "--layer", options.layer, 0, Any,
                     "the model's layer, if not the one compiled for");
}

void Parser::addAdapters() {
  addEach(line.app, "--adapter", "NAME=DIR",
          "an adapter folder; slot 0 is the first one",
          [this](const std::string &value) { addAdapter(value); });
  statements.add(line.app);
  addOption(line.app, "--random-adapters", "R,...",
            "adapters of these ranks with values from the\nseed",
            [this](const std::string &value) {
              options.randomAdapters =
                  parseNumbers<int32_t>("--random-adapters", value, 1, Any);
            });
}

void Parser::addInputs() {
  addText(line.app, "--io", options.io, "FILE",
          "inputs: hidden [T,H], slots [T] i32, and what\n--routing needs; "
          "`expected` [T,H] is compared with");
  addText(line.app, "--out", options.out, "FILE", "writes `output` [T,H]");
  addChoice<moelora_entry_kind>(
      line.app, "--routing", options.entry,
      {{"model", MOELORA_ENTRY_ALL},
       {"logits", MOELORA_ENTRY_LOGITS},
       {"given", MOELORA_ENTRY_IDS}},
      "logits: router_logits [T,E] f32; given:\nexpert_ids [T,k] i32 and "
      "expert_weights [T,k] f32");
  addNumber<int32_t>(line.app, "--tokens", options.tokens, 0, Any,
                     "without --io: signed random input of so many\ntokens, "
                     "compared with the reference on sampled\nrows (16)");
  addNumber<uint64_t>(line.app, "--seed", options.seed, 0,
                      std::numeric_limits<uint64_t>::max(),
                      "of what is random (1)");
  line.app.add_flag("--random-weights", options.randomWeights,
                    "weights from the seed, no checkpoint is read");
}

void Parser::addRun() {
  addText(line.app, "--device", options.device, "DEVICE",
          "cpu (default), cuda, cuda:N, emulator[:OPTIONS],\nor the path of a "
          "plug-in; reference: exactly, in\nf64, on the files' own values");
  addEmulator();
  addRanks();
  addNumber<int32_t>(line.app, "--threads", options.threads, 0,
                     MOELORA_MAX_POOL_THREADS,
                     "of each peer rank; 0 (default): as many as the\nprocess "
                     "may use, with loopback 1");
  addNumber<int32_t>(line.app, "--repeat", options.repeat, 1, Any,
                     "times so many runs (1)");
  line.app.add_flag("--stats", options.stats,
                    "prints statistics, memory and timings");
  line.app.add_flag("--json", options.json,
                    "prints everything as one JSON object");
}

void Parser::addRanks() {
  addText(
      line.app, "--collectives", options.collectives, "NAME",
      "for a layer that was cut: how its peer ranks\ncommunicate. loopback: "
      "all are threads of this\nprocess; mpi, mpich, openmpi or the path of "
      "a\nplug-in: this process is one, under mpiexec");
  line.app.add_flag("--explain-sharding", options.explainSharding,
                    "prints what each peer rank has, and the bytes that\nit "
                    "sends and receives in a run");
}

void Parser::addEmulator() {
  addOption(line.app, "--emulator-seed", "N",
            "of the random decisions of the emulator (0)",
            [this](const std::string &text) {
              auto most = std::numeric_limits<uint64_t>::max();
              emulatorOptions["seed"] = std::to_string(
                  parseNumber<uint64_t>("--emulator-seed", text, 0, most));
            });
  addOption(line.app, "--emulator-schedule", "round-robin|random|adversarial",
            "which thread of a kernel runs next (round-robin)",
            [this](const std::string &text) {
              parseChoice<int>(
                  "--emulator-schedule", text,
                  {{"round-robin", 0}, {"random", 1}, {"adversarial", 2}});
              emulatorOptions["schedule"] = text;
            });
  addOption(line.app, "--emulator-report", "FILE",
            "appends the counts of each launch, as one line of\nJSON",
            [this](const std::string &text) {
              if (text.find(',') != std::string::npos)
                throw UsageError("--emulator-report expects a path without a "
                                 "comma, but it is '" +
                                 text + "'");
              emulatorOptions["report"] = text;
            });
}

/// Adds them to the name of the device.
void Parser::applyEmulator() {
  if (emulatorOptions.empty())
    return;
  constexpr const char *emulator = "emulator";
  std::string &device = options.device;
  size_t colon = device.find(':');
  if (device.substr(0, colon) != emulator)
    throw UsageError("--emulator-" + emulatorOptions.begin()->first +
                     " expects --device=emulator, but the device is '" +
                     device + "'");
  bool more = colon != std::string::npos && colon + 1 < device.size();
  if (colon == std::string::npos)
    device += ':';
  for (const auto &[name, value] : emulatorOptions) {
    device += (more ? "," : "") + name + "=" + value;
    more = true;
  }
}

void Parser::addAdapter(const std::string &value) {
  auto [name, folder] = cut("--adapter", value);
  for (const host::AdapterFolder &other : options.adapters)
    if (other.name == name)
      throw UsageError("expects every --adapter to have a name of its own, "
                       "but '" +
                       name + "' is given twice");
  options.adapters.push_back({name, folder});
}

void Parser::check() const {
  if (options.artifact.empty())
    throw UsageError("expects a compiled layer: moelora-run layer.so");
  if (options.model.empty())
    throw UsageError("expects --model=DIR");
  if (options.onReference() &&
      (options.explainSharding || !options.collectives.empty()))
    throw UsageError("--collectives and --explain-sharding expect a device, "
                     "but it is reference");
  if (options.entry != MOELORA_ENTRY_ALL && options.io.empty())
    throw UsageError("--routing=logits and --routing=given expect --io");
}

} // namespace

bool moelora::run::parseOptions(int count, char **arguments, Options &options) {
  return Parser().parse(count, arguments, options);
}
