// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Determines the cause of a crash from the stack trace that LLVM's signal
// handler prints.

#include "Campaign.h"

#include <sstream>

namespace moelora::fuzz {

namespace {

struct Known {
  const char *function; ///< in the trace, and in no trace of other crashes
  const char *why;
};

// Crashes of MLIR's own code on text that has nothing of moelora in the place
// that crashes.
constexpr Known known[] = {
    {"", ""},
};

} // namespace

std::string whyKnown(const std::string &trace) {
  for (const Known &crash : known)
    if (*crash.function && trace.find(crash.function) != std::string::npos)
      return crash.why;
  return "";
}

std::string innermostOfOurs(const std::string &trace) {
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    size_t at = line.find("moelora::");
    if (at != std::string::npos &&
        line.find("moelora::fuzz::") == std::string::npos)
      return line.substr(at);
  }
  return "";
}

} // namespace moelora::fuzz
