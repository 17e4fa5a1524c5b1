// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Options.h"

#include "CommandLine.h"

namespace moelora::bench {

static const char *const help =
    R"(usage: moelora-bench cpu [options]

Times compiled layers on this CPU beside the roofline max(bytes / bandwidth,
flops / dense rate), both rates measured in the same run, and beside PyTorch.

  --shapes=A/4,D       of A/4, D, E/4, small (default A/4,D)
  --tokens=1,16,256    tokens in a batch
  --adapters=0,1,8     adapters, spread uniformly over the tokens
  --rank=16            rank of every adapter, up to 16
  --repeat=15          timed runs of a cell
  --threads=N          default: all
  --cpu=native         what to compile for
  --python=PYTHON      a Python with PyTorch, for the dense rate and the peer
  --json=FILE          results for machines
)";

static const CommandLine line(help);

static std::vector<Shape> shapesOf(const std::string &text) {
  std::vector<Shape> chosen;
  for (const std::string &name : split(text)) {
    size_t before = chosen.size();
    for (const Shape &shape : allShapes())
      if (shape.name == name)
        chosen.push_back(shape);
    if (chosen.size() == before)
      line.wrong("--shapes knows no shape '" + name + "'");
  }
  return chosen;
}

static void setOption(Options &options, const std::string &name,
                      const std::string &value) {
  if (name == "--shapes")
    options.shapes = shapesOf(value);
  else if (name == "--tokens")
    options.tokens = line.numbers(name, value, 1, 16384);
  else if (name == "--adapters")
    options.adapters = line.numbers(name, value, 0, 16);
  else if (name == "--rank")
    options.rank = line.number(name, value, 1, 16);
  else if (name == "--repeat")
    options.repeat = line.number(name, value, 1, 1000);
  else if (name == "--threads")
    options.threads = line.number(name, value, 1, 1024);
  else if (name == "--cpu")
    options.cpu = value;
  else if (name == "--python")
    options.python = value;
  else if (name == "--json")
    options.json = value;
  else
    line.wrong("unknown option '" + name + "'");
}

Options parseOptions(int argc, char **argv) {
  Options options;
  options.shapes = shapesOf("A/4,D");
  line.parse(argc, argv,
             [&](const std::string &name, const std::string &value) {
               setOption(options, name, value);
             });
  return options;
}

} // namespace moelora::bench
