// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "AdapterFile.h"

#include "moelora/commandline/Progress.h"

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace moelora::bench {

static models::Model workloadModel(int64_t layers, int64_t experts,
                                   int64_t hidden, int64_t intermediate) {
  return modelOf({"workload", hidden, intermediate, experts, /*topK=*/1},
                 layers);
}

Workload::Workload(int64_t layers, int64_t experts, int64_t hidden,
                   int64_t intermediate)
    : names(workloadModel(layers, experts, hidden, intermediate)) {
  constexpr int64_t projections = 3;
  int64_t ofExperts = experts * projections * (hidden + intermediate);
  elements = static_cast<uint64_t>(layers * (ofExperts + hidden + experts));
}

host::AdapterHandle Workload::makeZeros(int32_t rank) const {
  moelora_adapter_target borrowed = target();
  moelora_adapter *made = nullptr;
  host::call(moelora_adapter_make_dummy, &borrowed, rank, &made);
  return host::AdapterHandle(made);
}

host::TableHandle Workload::makeTable(int32_t slots, int32_t maxRank) const {
  auto facts = host::sized<moelora_facts>();
  facts.slots = slots;
  facts.max_rank = maxRank;
  facts.dtype = MOELORA_BF16;
  facts.page_order = MOELORA_PAGE_ROW_MAJOR;
  return host::makeTable(target(), facts);
}

/// Brings a file to the disk, since writing back would go on while something is
/// timed, and has it read from there once, which is how files of adapters
/// mostly come into the page cache.
static void settle(const std::string &path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  bool done = file >= 0 && ::fsync(file) == 0 &&
              ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0;
  constexpr size_t step = 1 << 20;
  std::vector<char> buffer(step);
  ssize_t got = 1;
  while (done && got > 0)
    got = ::read(file, buffer.data(), step);
  if (file >= 0)
    ::close(file);
  if (!done || got < 0)
    throw host::Error("cannot bring " + path + " to the disk and back");
}

void writeSettled(const std::string &folder, const adapters::Dummy &dummy) {
  dummy.make(commandline::printProgress()).write(folder);
  settle(folder + "/adapter_model.safetensors");
}

void checkRoom(const std::string &folder, double bytes) {
  double room = double(std::filesystem::space(folder).available);
  if (room < bytes)
    throw host::Error("expects room for " + host::sizeText(bytes) + " in " +
                      folder + ", but it has " + host::sizeText(room));
}

} // namespace moelora::bench
