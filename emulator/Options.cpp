/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Parses the options of an emulated device.
 */
#include "Options.h"

#include "base/Failure.h"
#include "moelora/support/Targets.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <thread>

using namespace moelora;
using namespace moelora::emulator;

namespace {

constexpr uint32_t mostWorkers = 1024, mostMultiprocessors = 1024;

[[noreturn]] void refuse(std::string_view name, const char *expected,
                         std::string_view value) {
  fail("expects the emulator's option " + std::string(name) + " to be " +
       expected + ", but it is \"" + std::string(value) + "\"");
}

uint64_t numberOf(std::string_view name, std::string_view value, uint64_t least,
                  uint64_t most) {
  uint64_t number = 0;
  std::string text(value);
  const char *first = text.c_str(), *end = first + text.size();
  auto [stopped, wrong] = std::from_chars(first, end, number);
  if (wrong != std::errc() || stopped != end || number < least || number > most)
    refuse(name,
           ("a number from " + std::to_string(least) + " to " +
            std::to_string(most))
               .c_str(),
           value);
  return number;
}

Order orderOf(std::string_view name, std::string_view value) {
  if (value == "round-robin")
    return Order::RoundRobin;
  if (value == "random")
    return Order::Random;
  if (value == "adversarial")
    return Order::Adversarial;
  refuse(name, "round-robin, random or adversarial", value);
}

void set(Options &options, std::string_view name, std::string_view value) {
  if (name == "seed") {
    options.seed = numberOf(name, value, 0, UINT64_MAX);
  } else if (name == "schedule") {
    options.order = orderOf(name, value);
  } else if (name == "checks") {
    if (value != "on" && value != "off")
      refuse(name, "on or off", value);
    options.checks = value == "on";
  } else if (name == "workers") {
    options.workers = numberOf(name, value, 1, mostWorkers);
  } else if (name == "architecture") {
    options.architecture = numberOf(name, value, 0, UINT32_MAX);
    if (!findArchitecture(options.architecture))
      refuse(name, listArchitectures("").c_str(), value);
  } else if (name == "multiprocessors") {
    options.multiprocessors = numberOf(name, value, 1, mostMultiprocessors);
  } else if (name == "fill") {
    options.fill = numberOf(name, value, 0, UINT8_MAX);
  } else if (name == "report") {
    if (value.empty())
      refuse(name, "the path of a file", value);
    options.report = value;
  } else {
    fail("expects the emulator's options to be seed, schedule, checks, "
         "workers, architecture, multiprocessors, fill or report, but one is "
         "\"" +
         std::string(name) + "\"");
  }
}

} // namespace

Options emulator::parseOptions(std::string_view list) {
  Options options;
  std::set<std::string_view> seen;
  while (!list.empty()) {
    std::string_view option = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), option.size() + 1));
    size_t equals = option.find('=');
    if (equals == std::string_view::npos)
      fail("expects each of the emulator's options to be NAME=VALUE, but one "
           "is \"" +
           std::string(option) + "\"");
    std::string_view name = option.substr(0, equals);
    if (!seen.insert(name).second)
      fail("expects each of the emulator's options once, but " +
           std::string(name) + " is there twice");
    set(options, name, option.substr(equals + 1));
  }
  return options;
}

uint32_t emulator::sharedLimit(uint32_t architecture) {
  const GpuArchitecture *found = findArchitecture(architecture);
  return found ? found->sharedBytes : 0;
}

uint32_t emulator::workersOf(const Options &options) {
  if (options.workers)
    return options.workers;
  return options.order == Order::RoundRobin
             ? std::clamp(std::thread::hardware_concurrency(), 1u, mostWorkers)
             : 1;
}
