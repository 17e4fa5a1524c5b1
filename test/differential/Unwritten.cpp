// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Unwritten.h"
#include "Rows.h"

namespace moelora::differential {

static std::string differences(const Case &c, const Bytes &wanted,
                               const Bytes &found) {
  std::string why;
  Rows rows(c, wanted);
  for (int64_t t = 0; t < c.tokens; ++t)
    if (!rows.same(t, found, t))
      why += "token " + std::to_string(t) +
             " depends on memory that nothing has written, which is filled "
             "with " +
             std::to_string(c.fill) + "; ";
  return why;
}

std::string usesOfUnwritten(const Subject &s, const Bytes &output) {
  std::string why;
  Batch whole(s.c, s.data), fewer = whole;
  fewer.validTokens = int32_t(s.c.tokens / 2);
  std::optional<Bytes> first;
  for (uint8_t fill : {0xff, 0, 0x3f}) {
    Case c = s.c;
    c.fill = fill;
    host::DeviceHandle device = openDevice(c, s.target);
    auto run = [&](const Batch &batch) {
      return Runner(c, s.data, s.artifact, *device, s.services).run(batch);
    };
    why += differences(c, output, run(whole));
    Bytes rows = run(fewer);
    if (!first)
      first = rows;
    why += differences(c, *first, rows);
  }
  return why;
}

} // namespace moelora::differential
