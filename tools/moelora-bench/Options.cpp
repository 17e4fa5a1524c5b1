// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Options.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

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

[[noreturn]] static void wrong(const std::string &message) {
  std::fprintf(stderr, "error: %s\n%s", message.c_str(), help);
  std::exit(2);
}

static std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');)
    parts.push_back(part);
  return parts;
}

static int64_t number(const std::string &name, const std::string &text,
                      int64_t least, int64_t most) {
  char *end = nullptr;
  long long value = std::strtoll(text.c_str(), &end, 10);
  if (text.empty() || *end || value < least || value > most)
    wrong(name + " expects a number in [" + std::to_string(least) + ", " +
          std::to_string(most) + "], but it is '" + text + "'");
  return value;
}

static std::vector<int64_t> numbers(const std::string &name,
                                    const std::string &text, int64_t least,
                                    int64_t most) {
  std::vector<int64_t> values;
  for (const std::string &part : split(text))
    values.push_back(number(name, part, least, most));
  return values;
}

static std::vector<Shape> shapesOf(const std::string &text) {
  std::vector<Shape> chosen;
  for (const std::string &name : split(text)) {
    size_t before = chosen.size();
    for (const Shape &shape : allShapes())
      if (shape.name == name)
        chosen.push_back(shape);
    if (chosen.size() == before)
      wrong("--shapes knows no shape '" + name + "'");
  }
  return chosen;
}

static void setOption(Options &options, const std::string &name,
                      const std::string &value) {
  if (name == "--shapes")
    options.shapes = shapesOf(value);
  else if (name == "--tokens")
    options.tokens = numbers(name, value, 1, 16384);
  else if (name == "--adapters")
    options.adapters = numbers(name, value, 0, 16);
  else if (name == "--rank")
    options.rank = number(name, value, 1, 16);
  else if (name == "--repeat")
    options.repeat = number(name, value, 1, 1000);
  else if (name == "--threads")
    options.threads = number(name, value, 1, 1024);
  else if (name == "--cpu")
    options.cpu = value;
  else if (name == "--python")
    options.python = value;
  else if (name == "--json")
    options.json = value;
  else
    wrong("unknown option '" + name + "'");
}

Options parseOptions(int argc, char **argv) {
  Options options;
  options.shapes = shapesOf("A/4,D");
  for (int index = 0; index < argc; ++index) {
    std::string argument = argv[index];
    if (argument == "--help") {
      std::fputs(help, stdout);
      std::exit(0);
    }
    size_t equal = argument.find('=');
    if (equal == std::string::npos)
      wrong("unknown argument '" + argument + "'");
    setOption(options, argument.substr(0, equal), argument.substr(equal + 1));
  }
  return options;
}

} // namespace moelora::bench
