// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-seal: appends the digest to shared objects with compiled layers that
// moelora-compile did not write, for example because they were linked from
// several layers.

#include "moelora/commandline/CommandLine.h"
#include "moelora/commandline/Progress.h"
#include "moelora/host/Handles.h"

using namespace moelora;
using namespace moelora::commandline;

static int sealAll(int count, char **arguments) {
  CommandLine line("moelora-seal",
                   "Appends the digest that loading asks for to shared objects "
                   "with compiled\nlayers. A file that has its digest already "
                   "stays as it is.");
  std::vector<std::string> files;
  addEach(line.app, "FILE", "...", "shared objects",
          [&](const std::string &file) { files.push_back(file); });
  if (!line.parse(count, arguments))
    return 0;
  if (files.empty())
    throw UsageError("expects the names of shared objects, but there are none");
  host::Progress progress = printProgress();
  host::ProgressCount done(progress, files.size(), "files sealed");
  for (const std::string &file : files) {
    host::call(moelora_artifact_seal, file.c_str());
    done.advance();
  }
  return 0;
}

int main(int count, char **arguments) {
  return runMain("moelora-seal", [&] { return sealAll(count, arguments); });
}
