// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-run: runs a compiled layer with weights, adapters and inputs.

#include "Session.h"
#include "moelora/commandline/CommandLine.h"

#include <cstdio>

using namespace moelora::run;

enum ExitStatus { Right = 0, OutOfBound = 3 };

static int run(int count, char **arguments) {
  Options options;
  if (!parseOptions(count, arguments, options))
    return Right;
  Session session(options);
  std::string wrong = session.run();
  if (const moelora::host::Report *report = session.report())
    std::fputs(
        (options.json ? report->json() : report->lines(options.stats)).c_str(),
        stdout);
  if (wrong.empty())
    return Right;
  std::fprintf(stderr, "error: the result is wrong: %s\n", wrong.c_str());
  return OutOfBound;
}

int main(int count, char **arguments) {
  return moelora::commandline::runMain("moelora-run",
                                       [&] { return run(count, arguments); });
}
