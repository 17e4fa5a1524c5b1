// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RuntimeOptions.h"

#include "CommandLine.h"

namespace moelora::bench {

static const CommandLine line(
    R"(usage: moelora-bench runtime [options]

Measures what the runtime does around a layer: loading adapters from files in
the page cache beside memcpy, publishing, resolving ids, leases, memory.

  --layers=48     layers of the large adapters; 48 x 128 experts make 1 GiB
  --experts=128   experts of a layer
  --repeat=9      timed runs of everything that is timed
  --threads=N     default: all
  --folder=DIR    where the large adapters are written; default: the system's
                  folder for temporary files
  --json=FILE     results for machines
)");

static void setOption(RuntimeOptions &options, const std::string &name,
                      const std::string &value) {
  if (name == "--layers")
    options.layers = line.number(name, value, 1, 1000);
  else if (name == "--experts")
    options.experts = line.number(name, value, 1, 1024);
  else if (name == "--repeat")
    options.repeat = line.number(name, value, 1, 1000);
  else if (name == "--threads")
    options.threads = line.number(name, value, 1, 1024);
  else if (name == "--folder")
    options.folder = value;
  else if (name == "--json")
    options.json = value;
  else
    line.wrong("unknown option '" + name + "'");
}

RuntimeOptions parseRuntimeOptions(int argc, char **argv) {
  RuntimeOptions options;
  line.parse(argc, argv,
             [&](const std::string &name, const std::string &value) {
               setOption(options, name, value);
             });
  return options;
}

} // namespace moelora::bench
