/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The report of a launch.
 */
#include "Report.h"

#include <cstdio>

using namespace moelora;
using namespace moelora::emulator;

namespace {

/// The names of the counts, in the order of the report.
constexpr struct {
  const char *name;
  uint64_t Counts::*count;
} counts[] = {
    {"threads", &Counts::threads},
    {"blocks", &Counts::blocks},
    {"barriers", &Counts::barriers},
    {"warp_barriers", &Counts::warpBarriers},
    {"collectives", &Counts::collectives},
    {"mmas", &Counts::mmas},
    {"atomics", &Counts::atomics},
    {"copies", &Counts::copies},
    {"load_bytes", &Counts::loadBytes},
    {"store_bytes", &Counts::storeBytes},
    {"shared_load_bytes", &Counts::sharedLoadBytes},
    {"shared_store_bytes", &Counts::sharedStoreBytes},
    {"load_sectors", &Counts::loadSectors},
    {"store_sectors", &Counts::storeSectors},
    {"bank_conflicts", &Counts::bankConflicts},
    {"unwritten_bytes", &Counts::unwrittenBytes},
};

std::string quoted(const std::string &text) {
  std::string json = "\"";
  for (unsigned char c : text) {
    char escaped[8];
    if (c == '"' || c == '\\') {
      json += '\\';
      json += static_cast<char>(c);
    } else if (c < 0x20) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      json += escaped;
    } else {
      json += static_cast<char>(c);
    }
  }
  return json + '"';
}

std::string list(const uint32_t (&sizes)[3]) {
  return "[" + std::to_string(sizes[0]) + ", " + std::to_string(sizes[1]) +
         ", " + std::to_string(sizes[2]) + "]";
}

} // namespace

void Counts::add(const Counts &other) {
  for (const auto &[name, count] : counts)
    this->*count += other.*count;
}

std::string emulator::toJson(const Report &report) {
  std::string json =
      "{\"kernel\": " + quoted(report.kernel) +
      ", \"launch\": " + std::to_string(report.number) +
      ", \"grid\": " + list(report.grid) +
      ", \"block\": " + list(report.block) +
      ", \"shared_bytes\": " + std::to_string(report.sharedBytes);
  for (const auto &[name, count] : counts)
    json += std::string(", \"") + name +
            "\": " + std::to_string(report.counts.*count);
  if (!report.fault.empty())
    json += ", \"fault\": " + quoted(report.fault);
  return json + "}";
}
