// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The peer ranks of a layer that was cut.
#ifndef MOELORA_HOST_GROUP_H
#define MOELORA_HOST_GROUP_H

#include "moelora/host/Handles.h"
#include "moelora/runtime/Group.h"

#include <array>
#include <vector>

namespace moelora::host {

using TransportHandle =
    Handle<const moelora_transport, moelora_transport_close>;

inline void endGroup(moelora_group *group) {
  moelora_group_destroy(group, nullptr);
}
using GroupHandle = Handle<moelora_group, endGroup>;

/// The transports of threads of this process.
std::vector<TransportHandle> openLoopback(int32_t ranks);
/// That of this process, by the name of a plug-in.
TransportHandle openTransport(const std::string &name);

/// The grid over which a variant was cut.
struct Grid {
  using Triple = std::array<int32_t, MOELORA_AXES>; ///< dp, ep, tp

  explicit Grid(const moelora_variant &variant);

  Triple coordinates(int32_t rank) const;
  /// The tokens of a rank, [first, second), of a batch that is cut evenly along
  /// the axes that cut tokens.
  std::pair<int64_t, int64_t> tokensOf(int32_t rank, int64_t tokens) const;
  /// "1 x 2 x 4"
  std::string text() const;

  Triple sizes = {};
  uint32_t tokenAxes = 0;
  int32_t ranks = 1;
};

/// Makes the group of a grid. All peer ranks of the transport do.
GroupHandle makeGroup(const moelora_transport &transport, const Grid &grid);

/// Waits until all peer ranks have come, which may read large files before, and
/// states their tokens of a batch.
void enterTogether(moelora_group &group, int64_t tokens);

/// The texts of all peer ranks, in their order.
std::vector<std::string> gatherTexts(const moelora_transport &transport,
                                     const std::string &own);

} // namespace moelora::host

#endif // MOELORA_HOST_GROUP_H
