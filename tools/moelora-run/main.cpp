// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-run: a compiled layer with real weights, adapters and inputs.

#include "Session.h"

#include <cstdio>
#include <new>

using namespace moelora::run;

namespace {

enum ExitStatus { Right = 0, Failed = 1, WrongCommandLine = 2, OutOfBound = 3 };

int fail(ExitStatus status, const char *message) {
  fprintf(stderr, "error: %s\n", message);
  return status;
}

int run(const Options &options) {
  if (options.help) {
    fputs(HelpText, stdout);
    return Right;
  }
  if (options.version) {
    printf("moelora-run %s\n", moelora_version());
    return Right;
  }
  Session session(options);
  std::string wrong = session.run();
  const Report &report = session.report();
  fputs((options.json ? report.json() : report.lines(options.stats)).c_str(),
        stdout);
  return wrong.empty()
             ? Right
             : fail(OutOfBound, ("the result is wrong: " + wrong).c_str());
}

} // namespace

int main(int count, char **arguments) {
  try {
    return run(parseOptions(count, arguments));
  } catch (const UsageError &wrong) {
    return fail(WrongCommandLine, wrong.what());
  } catch (const std::bad_alloc &) {
    return fail(Failed, "out of memory");
  } catch (const std::exception &problem) {
    return fail(Failed, problem.what());
  }
}
