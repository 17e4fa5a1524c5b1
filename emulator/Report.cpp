/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The report of a launch.
 */
#include "Report.h"

#include <nlohmann/json.hpp>

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

using Json = nlohmann::ordered_json;

/// The text of a document on one line. Invalid UTF-8 is replaced.
std::string lineOf(const Json &json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

void Counts::add(const Counts &other) {
  for (const auto &[name, count] : counts)
    this->*count += other.*count;
}

std::string emulator::toJson(const Report &report) {
  Json json = {{"kernel", report.kernel},
               {"launch", report.number},
               {"grid", report.grid},
               {"block", report.block},
               {"shared_bytes", report.sharedBytes}};
  for (const auto &[name, count] : counts)
    json[name] = report.counts.*count;
  if (!report.fault.empty())
    json["fault"] = report.fault;
  return lineOf(json);
}

std::string emulator::toJson(const UnwrittenCopy &copy) {
  return lineOf({{"copy", "to the host"},
                 {"bytes", copy.bytes},
                 {"unwritten_bytes", copy.unwritten}});
}
