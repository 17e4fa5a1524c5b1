// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Options.h"

#include "moelora/runtime/Execute.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <map>

using namespace moelora::run;

const char *const moelora::run::HelpText =
    R"(usage: moelora-run layer.so --model=DIR [option]...

Runs a compiled Mixture-of-Experts layer with a model's weights and adapters.

  --model=DIR            model folder, or config.json with --random-weights
  --adapter=NAME=DIR     an adapter folder; slot 0 is the first one given
  --adapter-layout=NAME=natural|transposed
                         how a packed adapter is stored, where its files do
                         not tell
  --adapter-columns=NAME=rank_major|grouped_by_expert
                         the same of the order of columns in packed lora_B
  --layer=N              the model's layer, if not the one compiled for
  --io=FILE              inputs: hidden [T,H], slots [T] i32, and what
                         --routing needs; `expected` [T,H] is compared with
  --out=FILE             writes `output` [T,H]
  --device=cpu|reference reference: exactly, in f64, on the files' own values
  --routing=model|logits|given
                         logits: router_logits [T,E] f32; given: expert_ids
                         [T,k] i32 and expert_weights [T,k] f32
  --tokens=M --seed=N    without --io: signed random input of M tokens,
                         compared with the reference on sampled rows
  --random-weights       weights from the seed, no checkpoint is read
  --random-adapters=R,.. adapters of these ranks with values from the seed
  --threads=N            0: as many as the process may use
  --repeat=N             times N runs
  --stats                prints statistics, memory and timings
  --json                 prints everything as one JSON object
  --help, --version

Exit status: 0 right, 1 an error, 2 a wrong command line, 3 a result outside
the error bound. Only status 0 leaves an output file.
)";

namespace {

template <typename Number>
Number parseNumber(const std::string &name, const std::string &value,
                   Number low, Number high) {
  Number number = 0;
  const char *end = value.data() + value.size();
  auto [stop, status] = std::from_chars(value.data(), end, number);
  if (status != std::errc() || stop != end || number < low || number > high)
    throw UsageError(name + " expects a number in [" + std::to_string(low) +
                     ", " + std::to_string(high) + "], but it is '" + value +
                     "'");
  return number;
}

int32_t parseInt(const std::string &name, const std::string &value, int32_t low,
                 int32_t high = std::numeric_limits<int32_t>::max()) {
  return parseNumber<int32_t>(name, value, low, high);
}

template <typename Value>
Value parseChoice(const std::string &name, const std::string &value,
                  const std::map<std::string, Value> &choices) {
  auto found = choices.find(value);
  if (found != choices.end())
    return found->second;
  std::string list;
  for (const auto &choice : choices)
    list += (list.empty() ? "" : ", ") + choice.first;
  throw UsageError(name + " expects one of " + list + ", but it is '" + value +
                   "'");
}

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
  Options parse(int count, char **arguments);

private:
  using Setter = std::function<void(const std::string &, const std::string &)>;

  void addOptions();
  void addPaths();
  void addNumbers();
  void addFlag(const char *name, bool &flag);
  void addPath(const char *name, std::string &path);
  void addStatement(const char *option, int32_t moelora_adapter_options::*field,
                    const std::map<std::string, int32_t> &values);
  void addAdapter(const std::string &name, const std::string &value);
  void addRanks(const std::string &name, const std::string &value);
  void take(const std::string &argument);
  void applyStatements();
  void check() const;

  Options options;
  std::map<std::string, Setter> withValue;
  std::map<std::string, bool *> flags;
  struct Statement {
    std::string option, adapter;
    int32_t moelora_adapter_options::*field, value;
  };
  std::vector<Statement> statements;
};

void Parser::addPath(const char *option, std::string &path) {
  withValue[option] = [&path](const std::string &name,
                              const std::string &value) {
    if (value.empty())
      throw UsageError(name + " expects a path, but it is empty");
    path = value;
  };
}

void Parser::addPaths() {
  addPath("--model", options.model);
  addPath("--io", options.io);
  addPath("--out", options.out);
}

void Parser::addNumbers() {
  auto integer = [this](const char *option, int32_t &number, int32_t low,
                        int32_t high) {
    withValue[option] = [&number, low, high](auto &name, auto &value) {
      number = parseInt(name, value, low, high);
    };
  };
  constexpr int32_t Any = std::numeric_limits<int32_t>::max();
  integer("--layer", options.layer, 0, Any);
  integer("--threads", options.threads, 0, MOELORA_MAX_POOL_THREADS);
  integer("--repeat", options.repeat, 1, Any);
  withValue["--tokens"] = [this](auto &name, auto &value) {
    options.tokens = parseInt(name, value, 0);
  };
  withValue["--seed"] = [this](auto &name, auto &value) {
    options.seed = parseNumber<uint64_t>(name, value, 0,
                                         std::numeric_limits<uint64_t>::max());
  };
}

void Parser::addOptions() {
  flags = {{"--random-weights", &options.randomWeights},
           {"--stats", &options.stats},
           {"--json", &options.json},
           {"--help", &options.help},
           {"--version", &options.version}};
  addPaths();
  addNumbers();
  withValue["--adapter"] = [this](auto &name, auto &value) {
    addAdapter(name, value);
  };
  withValue["--random-adapters"] = [this](auto &name, auto &value) {
    addRanks(name, value);
  };
  addStatement("--adapter-layout", &moelora_adapter_options::layout,
               {{"natural", MOELORA_LAYOUT_NATURAL},
                {"transposed", MOELORA_LAYOUT_TRANSPOSED}});
  addStatement("--adapter-columns", &moelora_adapter_options::columns,
               {{"rank_major", MOELORA_COLUMNS_RANK_MAJOR},
                {"grouped_by_expert", MOELORA_COLUMNS_GROUPED_BY_EXPERT}});
  withValue["--device"] = [this](auto &name, auto &value) {
    options.reference =
        parseChoice<bool>(name, value, {{"cpu", false}, {"reference", true}});
  };
  withValue["--routing"] = [this](auto &name, auto &value) {
    options.entry =
        parseChoice<moelora_entry_kind>(name, value,
                                        {{"model", MOELORA_ENTRY_ALL},
                                         {"logits", MOELORA_ENTRY_LOGITS},
                                         {"given", MOELORA_ENTRY_IDS}});
  };
}

void Parser::addStatement(const char *option,
                          int32_t moelora_adapter_options::*field,
                          const std::map<std::string, int32_t> &values) {
  withValue[option] = [this, field, values](auto &name, auto &value) {
    auto [adapter, word] = cut(name, value);
    statements.push_back(
        {name, adapter, field, parseChoice<int32_t>(name, word, values)});
  };
}

void Parser::addAdapter(const std::string &option, const std::string &value) {
  auto [name, folder] = cut(option, value);
  for (const AdapterOption &other : options.adapters)
    if (other.name == name)
      throw UsageError("expects every --adapter to have a name of its own, "
                       "but '" +
                       name + "' is given twice");
  options.adapters.push_back({name, folder});
}

void Parser::addRanks(const std::string &option, const std::string &value) {
  for (size_t begin = 0; begin <= value.size();) {
    size_t comma = std::min(value.find(',', begin), value.size());
    options.randomAdapters.push_back(
        parseInt(option, value.substr(begin, comma - begin), 1));
    begin = comma + 1;
  }
}

void Parser::take(const std::string &argument) {
  if (argument.rfind("--", 0) != 0) {
    if (!options.artifact.empty())
      throw UsageError("expects one compiled layer, but both '" +
                       options.artifact + "' and '" + argument + "' are given");
    options.artifact = argument;
    return;
  }
  auto flag = flags.find(argument);
  if (flag != flags.end()) {
    *flag->second = true;
    return;
  }
  size_t equals = argument.find('=');
  std::string name = argument.substr(0, equals);
  auto option = withValue.find(name);
  if (option == withValue.end())
    throw UsageError("unknown option '" + argument + "'");
  if (equals == std::string::npos)
    throw UsageError(name + " expects a value: " + name + "=...");
  option->second(name, argument.substr(equals + 1));
}

void Parser::applyStatements() {
  for (const auto &[option, name, field, value] : statements) {
    auto named = [&name = name](auto &option) { return option.name == name; };
    auto adapter =
        std::find_if(options.adapters.begin(), options.adapters.end(), named);
    if (adapter == options.adapters.end())
      throw UsageError(option + " names '" + name +
                       "', but no --adapter has that name");
    adapter->stated.*field = value;
  }
}

void Parser::check() const {
  if (options.artifact.empty())
    throw UsageError("expects a compiled layer: moelora-run layer.so");
  if (options.model.empty())
    throw UsageError("expects --model=DIR");
  if (options.entry != MOELORA_ENTRY_ALL && options.io.empty())
    throw UsageError("--routing=logits and --routing=given expect --io");
}

Options Parser::parse(int count, char **arguments) {
  addOptions();
  for (int i = 1; i < count; ++i)
    take(arguments[i]);
  applyStatements();
  if (!options.help && !options.version)
    check();
  return options;
}

} // namespace

Options moelora::run::parseOptions(int count, char **arguments) {
  return Parser().parse(count, arguments);
}
