// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options are a table. LLVM's own command line is not used: it would let every
// option of every linked library through.

#include "Options.h"
#include "../Version.h"
#include "moelora/import/Import.h"
#include "llvm/ADT/STLExtras.h"

using llvm::StringRef;

static const char usage[] =
    R"(usage: moelora-compile INPUT [options] -o FILE

Compiles a Mixture-of-Experts layer whose tokens may carry LoRA adapters.
INPUT is a model folder, its config.json, or a layer as MLIR (*.mlir, - for
standard input). The weights are not needed.

  -o FILE          what is written; - is standard output, for mlir and llvm
  --layer=N        number of the layer; without it, the first with experts
  --all-layers     every distinct layer; -o names a folder, whose layers.json
                   tells which file serves which layer, and its digest
  --target=cpu     what the code is for
  --cpu=NAME       the CPU that runs it, as LLVM names it, or native (default)
  --slots=N        adapters that may be live at once (16); 0: none
  --max-rank=N     largest rank of an adapter (64)
  --emit=KIND      so (default), obj, llvm (LLVM IR) or mlir (the layer, as it
                   was read)
  --version, --help
)";

namespace {

/// Sets an option; answers what was expected where the value is wrong.
using Setter = std::string (*)(Options &options, StringRef value);

struct Flag {
  StringRef name;
  bool takesValue;
  Setter set;
};

} // namespace

static std::string setNumber(std::optional<int64_t> &number, StringRef value,
                             int64_t least, int64_t most) {
  int64_t parsed;
  if (value.getAsInteger(10, parsed) || parsed < least || parsed > most)
    return "a number from " + std::to_string(least) + " to " +
           std::to_string(most);
  number = parsed;
  return {};
}

static const EmitNames kinds[] = {{Emit::MLIR, "mlir", ".mlir"},
                                  {Emit::LLVM, "llvm", ".ll"},
                                  {Emit::Object, "obj", ".o"},
                                  {Emit::SharedObject, "so", ".so"}};

const EmitNames &namesOf(Emit emit) {
  return *llvm::find_if(kinds,
                        [&](const EmitNames &k) { return k.emit == emit; });
}

static std::string setEmit(Options &options, StringRef value) {
  for (const EmitNames &kind : kinds)
    if (value == kind.name) {
      options.emit = kind.emit;
      return {};
    }
  return "mlir, llvm, obj or so";
}

static std::string setText(std::string &text, StringRef value) {
  text = value.str();
  return text.empty() ? "a value that is not empty" : "";
}

static const Flag flags[] = {
    {"-o", true, [](Options &o, StringRef v) { return setText(o.output, v); }},
    {"--layer", true,
     [](Options &o, StringRef v) {
       return setNumber(o.layer, v, 0, INT32_MAX);
     }},
    {"--all-layers", false,
     [](Options &o, StringRef) {
       o.allLayers = true;
       return std::string();
     }},
    {"--target", true,
     [](Options &, StringRef v) {
       return std::string(v == "cpu" ? "" : "cpu");
     }},
    {"--cpu", true, [](Options &o, StringRef v) { return setText(o.cpu, v); }},
    {"--slots", true,
     [](Options &o, StringRef v) {
       return setNumber(o.slots, v, 0, moelora::mostSlots);
     }},
    {"--max-rank", true,
     [](Options &o, StringRef v) {
       return setNumber(o.maxRank, v, 1, moelora::mostRank);
     }},
    {"--emit", true, setEmit},
};

bool Options::readsIR() const {
  StringRef name = input;
  return name == "-" || name.ends_with(".mlir") || name.ends_with(".mlirbc");
}

static ExitStatus wrong(const llvm::Twine &message) {
  llvm::errs() << "error: " << message << "\n"
               << "moelora-compile --help tells how it is used\n";
  return WrongCommandLine;
}

/// One option and, where it is written apart, its value.
static std::optional<ExitStatus>
parseFlag(llvm::ArrayRef<const char *> &arguments, Options &options) {
  StringRef name, value;
  std::tie(name, value) = StringRef(arguments.front()).split('=');
  bool joined = StringRef(arguments.front()).contains('=');
  arguments = arguments.drop_front();
  const Flag *flag =
      llvm::find_if(flags, [&](const Flag &f) { return f.name == name; });
  if (flag == std::end(flags))
    return wrong("unknown option " + name);
  if (joined && !flag->takesValue)
    return wrong(name + " takes no value, but it is given \"" + value + "\"");
  if (flag->takesValue && !joined) {
    if (arguments.empty())
      return wrong(name + " expects a value, but it is the last argument");
    value = arguments.front();
    arguments = arguments.drop_front();
  }
  std::string expected = flag->set(options, value);
  if (expected.empty())
    return std::nullopt;
  return wrong(name + " expects " + expected + ", but it is \"" + value + "\"");
}

/// What options mean together.
static std::optional<ExitStatus> checkOptions(Options &options) {
  bool isText = options.emit == Emit::MLIR || options.emit == Emit::LLVM;
  if (options.input.empty())
    return wrong("expects a model folder, a config.json or a layer.mlir");
  if (options.allLayers && options.layer)
    return wrong("expects --layer or --all-layers, but both are given");
  if (options.readsIR() && (options.allLayers || options.layer))
    return wrong("--layer and --all-layers choose from a model, but " +
                 options.input + " is a layer");
  if (options.output.empty() && isText && !options.allLayers)
    options.output = "-";
  if (options.output.empty())
    return wrong(options.allLayers ? "--all-layers expects a folder, -o DIR"
                                   : "expects an output, -o FILE");
  if (options.output == "-" && (!isText || options.allLayers))
    return wrong("expects a file for what is not text, but -o is -");
  return std::nullopt;
}

std::optional<ExitStatus> parseOptions(llvm::ArrayRef<const char *> arguments,
                                       Options &options) {
  while (!arguments.empty()) {
    StringRef argument = arguments.front();
    if (argument == "--help" || argument == "-h") {
      llvm::outs() << usage;
      return Done;
    }
    if (argument == "--version") {
      printVersion(llvm::outs());
      return Done;
    }
    if (argument.starts_with("-") && argument != "-") {
      if (auto status = parseFlag(arguments, options))
        return status;
      continue;
    }
    if (!options.input.empty())
      return wrong("expects one input, but there are " + options.input +
                   " and " + argument);
    options.input = argument.str();
    arguments = arguments.drop_front();
  }
  return checkOptions(options);
}
