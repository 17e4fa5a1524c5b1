// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Group.h"

#include "moelora/runtime/Artifact.h"

#include <numeric>

namespace moelora::host {

namespace {

constexpr int32_t usualDeadline = 8'000; // in milliseconds, as of a new group
constexpr int32_t longDeadline = 3'600'000; // to read large files

} // namespace

std::vector<TransportHandle> openLoopback(int32_t ranks) {
  std::vector<const moelora_transport *> opened(size_t(ranks), nullptr);
  call(moelora_loopback_open, ranks, opened.data());
  return std::vector<TransportHandle>(opened.begin(), opened.end());
}

TransportHandle openTransport(const std::string &name) {
  const moelora_transport *opened = nullptr;
  call(moelora_transport_open, name.c_str(), &opened);
  return TransportHandle(opened);
}

Grid::Grid(const moelora_variant &variant)
    : ranks(moelora_variant_grid(&variant, sizes.data(), &tokenAxes)) {}

Grid::Triple Grid::coordinates(int32_t rank) const {
  return {rank / (sizes[1] * sizes[2]), rank / sizes[2] % sizes[1],
          rank % sizes[2]};
}

std::pair<int64_t, int64_t> Grid::tokensOf(int32_t rank, int64_t tokens) const {
  Triple at = coordinates(rank);
  int64_t position = 0, parts = 1;
  for (size_t axis = 0; axis < sizes.size(); ++axis)
    if (tokenAxes >> axis & 1) {
      position = position * sizes[axis] + at[axis];
      parts *= sizes[axis];
    }
  return {tokens * position / parts, tokens * (position + 1) / parts};
}

std::string Grid::text() const {
  return std::to_string(sizes[0]) + " x " + std::to_string(sizes[1]) + " x " +
         std::to_string(sizes[2]);
}

GroupHandle makeGroup(const moelora_transport &transport, const Grid &grid) {
  auto options = sized<moelora_group_options>();
  options.dp = grid.sizes[0];
  options.ep = grid.sizes[1];
  options.tp = grid.sizes[2];
  moelora_group *made = nullptr;
  call(moelora_group_create, &transport, &options, &made);
  return GroupHandle(made);
}

void enterTogether(moelora_group &group, int64_t tokens) {
  call(moelora_group_set_deadline, &group, longDeadline);
  call(moelora_group_share_tokens, &group, tokens);
  call(moelora_group_set_deadline, &group, usualDeadline);
}

std::vector<std::string> gatherTexts(const moelora_transport &transport,
                                     const std::string &own) {
  auto ranks = size_t(transport.ranks);
  uint64_t size = own.size();
  std::vector<uint64_t> bytes(ranks, sizeof size), sizes(ranks);
  call(transport.all_gather_v, transport.context,
       static_cast<const void *>(&size), static_cast<void *>(sizes.data()),
       static_cast<const uint64_t *>(bytes.data()), int64_t(longDeadline));
  std::string all(std::accumulate(sizes.begin(), sizes.end(), uint64_t(0)), 0);
  call(transport.all_gather_v, transport.context,
       static_cast<const void *>(own.data()), static_cast<void *>(all.data()),
       static_cast<const uint64_t *>(sizes.data()), int64_t(longDeadline));
  std::vector<std::string> texts;
  uint64_t begin = 0;
  for (uint64_t count : sizes) {
    texts.push_back(all.substr(begin, count));
    begin += count;
  }
  return texts;
}

} // namespace moelora::host
