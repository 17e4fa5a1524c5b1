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
  addOption(app, "--shapes", "NAME,...",
            "of A/4, D, E/4, small (default A/4,D)",
            [&](const std::string &text) { options.shapes = shapesOf(text); });
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

Options parseOptions(int count, char **arguments) {
  CommandLine line("moelora-bench", "Benchmarks, one command a tier.");
  Options options;
  options.cpu.shapes = shapesOf("A/4,D");
  addCpu(line, options.cpu);
  addRuntime(line, options.runtime);
  line.app.require_subcommand(1);
  if (line.parse(count, arguments))
    options.tier =
        line.app.got_subcommand("cpu") ? Options::Cpu : Options::Runtime;
  return options;
}

} // namespace moelora::bench
