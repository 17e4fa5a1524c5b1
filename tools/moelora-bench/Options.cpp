// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Options.h"

#include "moelora/commandline/CommandLine.h"
#include "moelora/runtime/Execute.h"

using namespace moelora::commandline;

namespace moelora::bench {

constexpr int32_t mostAdapters = 4096, mostRank = 1024; // that are compiled

static std::vector<Shape> shapesOf(const std::string &text) {
  std::vector<Shape> chosen;
  std::vector<std::pair<std::string, Shape>> known;
  for (const Shape &shape : allShapes())
    known.emplace_back(shape.name, shape);
  for (const std::string &name : split(text))
    chosen.push_back(parseChoice("--shapes", name, known));
  return chosen;
}

template <typename Number>
static void addNumbers(CLI::App &app, const std::string &name,
                       std::vector<Number> &numbers, Number least, Number most,
                       const std::string &what) {
  addOption(app, name, "N,...", what, [=, &numbers](const std::string &text) {
    numbers = parseNumbers<Number>(name, text, least, most);
  });
}

static void addShapes(CLI::App &app, std::vector<Shape> &shapes,
                      const std::string &defaults) {
  shapes = shapesOf(defaults);
  std::string names;
  for (const Shape &shape : allShapes())
    names += (names.empty() ? "" : ", ") + shape.name;
  addOption(app, "--shapes", "NAME,...",
            "of " + names + " (default " + defaults + ")",
            [&shapes](const std::string &text) { shapes = shapesOf(text); });
}

static void addCommon(CLI::App &app, int64_t &repeat, int32_t &threads,
                      std::string &json, const std::string &repeated) {
  addNumber<int64_t>(app, "--repeat", repeat, 1, 1000, repeated);
  addNumber<int32_t>(app, "--threads", threads, 1, MOELORA_MAX_POOL_THREADS,
                     "default: all");
  addText(app, "--json", json, "FILE", "results for machines");
}

static void addCpu(CommandLine &line, CpuOptions &options) {
  CLI::App &app = *line.app.add_subcommand(
      "cpu", "Times compiled layers on this CPU beside the\nroofline "
             "max(bytes / bandwidth, flops / dense\nrate), both rates measured "
             "in the same run, and\nbeside PyTorch.");
  addShapes(app, options.shapes, "A/4,D");
  addNumbers<int64_t>(app, "--tokens", options.tokens, 1, 16384,
                      "tokens in a batch (1,16,256)");
  addNumbers<int32_t>(app, "--adapters", options.adapters, 0, mostAdapters,
                      "adapters, spread uniformly over the tokens\n(0,1,8)");
  addNumber<int32_t>(app, "--rank", options.rank, 1, mostRank,
                     "rank of every adapter (16)");
  addText(app, "--cpu", options.cpu, "NAME", "what to compile for (native)");
  addText(app, "--python", options.python, "PYTHON",
          "a Python with PyTorch, for the dense rate and\nthe peer");
  addCommon(app, options.repeat, options.threads, options.json,
            "timed runs of a cell (15)");
}

static void addRuntime(CommandLine &line, RuntimeOptions &options) {
  CLI::App &app = *line.app.add_subcommand(
      "runtime", "Measures what the runtime does around a layer:\nloading "
                 "adapters from files in the page cache\nbeside memcpy, "
                 "publishing, resolving ids,\nleases, memory.");
  addNumber<int64_t>(
      app, "--layers", options.layers, 1, 1000,
      "of the large adapters (48); 48 x 128 experts\nmake 1 GiB");
  addNumber<int64_t>(app, "--experts", options.experts, 1, 1024,
                     "of a layer (128)");
  addText(app, "--folder", options.folder, "DIR",
          "where the large adapters are written; default:\nthe system's folder "
          "for temporary files");
  addCommon(app, options.repeat, options.threads, options.json,
            "timed runs of everything that is timed (9)");
}

static void addArchitectures(CLI::App &app, std::vector<int32_t> &architectures,
                             const std::string &what) {
  addNumbers<int32_t>(app, "--architectures", architectures, 80, 120, what);
}

static void addFiles(CLI::App &app, const std::string &name,
                     std::vector<std::string> &files, const std::string &what) {
  app.add_option(name, files, what)->option_text("FILE...")->expected(1, -1);
}

static std::vector<AdapterCount> parseCounts(const std::string &text) {
  std::vector<AdapterCount> counts;
  for (const std::string &part : split(text)) {
    size_t x = part.find('x');
    auto number = [&](const std::string &digits, int32_t least, int32_t most) {
      return parseNumber<int32_t>("--adapters", digits, least, most);
    };
    counts.push_back({number(part.substr(0, x), 0, mostAdapters)});
    if (x != std::string::npos)
      counts.back().rank = number(part.substr(x + 1), 1, mostRank);
  }
  return counts;
}

static void addGpuCells(CLI::App &app, GpuOptions &options) {
  addNumbers<int64_t>(app, "--tokens", options.tokens, 1, 16384,
                      "tokens in a batch (16,256)");
  addOption(app, "--adapters", "N[xR],...",
            "adapters, of this rank, spread uniformly over the\ntokens "
            "(0,1,8)",
            [&options](const std::string &text) {
              options.adapters = parseCounts(text);
            });
  addNumber<int32_t>(app, "--rank", options.rank, 1, mostRank,
                     "rank of adapters for which none is stated (16)");
  app.add_flag(
      "--mixed", options.mixed,
      "ranks are that, a half, a quarter and an eighth\nof it, in turn");
}

static void addGpu(CommandLine &line, GpuOptions &options) {
  CLI::App &app = *line.app.add_subcommand(
      "gpu",
      "Times compiled layers on a GPU beside the floor of the\ncost "
      "model. With --static it states what is known\nwithout a GPU: what "
      "each kernel occupies, the\ninstructions of its main loop (with "
      "nvdisasm), and\nwhat a launch moves (on the emulator).");
  app.add_flag("--static", options.isStatic, "needs no GPU");
  addText(app, "--device", options.device, "DEVICE",
          "cuda (default), cuda:N or emulator[:OPTIONS]");
  addText(app, "--prepare", options.prepare, "DIR",
          "only compiles, for the first architecture, into\nthis folder");
  addText(app, "--target", options.target, "TARGET,...",
          "what to compile for, as moelora-compile takes it;\ndefault: the "
          "device and the architecture");
  addText(app, "--prepared", options.prepared, "DIR",
          "layers that --prepare has compiled, with the same\noptions; without "
          "it, they are compiled now");
  addNumber<int64_t>(app, "--repeat", options.repeat, 1, 1000,
                     "timed runs of a cell (50)");
  addNumber<int64_t>(
      app, "--replays", options.replays, 1, 1000000000,
      "measures nothing: replays a graph of the first cell\nof each shape that "
      "often, with adapters loaded,\nreplaced and evicted between replays, and "
      "compares\nevery bit");
  app.add_flag(
      "--launches", options.launchesAlone,
      "static: nothing of kernels, so that ptxas and\nnvdisasm are not needed");
  addArchitectures(app, options.architectures,
                   "of 80, 86, 89, 90, 120 (80,90); launches are\nthose of the "
                   "first one");
  addShapes(app, options.shapes, "A/4");
  addFiles(app, "--configs", options.configs,
           "static: config.json of models, instead of shapes");
  addFiles(app, "--cubins", options.cubins,
           "static: files of any compiler, instead of shapes");
  addGpuCells(app, options);
  app.add_flag("--peer", options.peer,
               "times the same layers with\n--strategy=unfused_peer, in turns");
  addNumber<int64_t>(app, "--seconds", options.seconds, 1, 1000000,
                     "begins no cell after this time");
  addText(app, "--json", options.json, "FILE", "results for machines");
}

static void addCompile(CommandLine &line, CompileOptions &options) {
  CLI::App &app = *line.app.add_subcommand(
      "compile", "Times the compilation of layers for GPUs, in\nseconds of one "
                 "processor, and prints what their\nkernels occupy.");
  addFiles(app, "CONFIG", options.configs, "config.json of models");
  addArchitectures(app, options.architectures,
                   "of 80, 86, 89, 90, 120 (80,90,120)");
  addNumber<int64_t>(app, "--runs", options.runs, 1, 1000,
                     "compilations of each layer, of which the\nfastest counts "
                     "(1)");
  addText(app, "--json", options.json, "FILE", "results for machines");
}

Options parseOptions(int count, char **arguments) {
  CommandLine line("moelora-bench", "Benchmarks, one command a tier.");
  Options options;
  addCpu(line, options.cpu);
  addRuntime(line, options.runtime);
  addGpu(line, options.gpu);
  addCompile(line, options.compile);
  line.app.require_subcommand(1);
  if (!line.parse(count, arguments))
    return options;
  options.tier = line.app.got_subcommand("cpu")       ? Options::Cpu
                 : line.app.got_subcommand("runtime") ? Options::Runtime
                 : line.app.got_subcommand("gpu")     ? Options::Gpu
                                                      : Options::Compile;
  if (options.tier == Options::Compile && options.compile.configs.empty())
    throw UsageError("compile expects the config.json of a model");
  return options;
}

} // namespace moelora::bench
