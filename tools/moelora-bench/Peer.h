// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A peer: a child process that measures times on request. Requests and results
// are lines.
#ifndef MOELORA_TOOLS_BENCH_PEER_H
#define MOELORA_TOOLS_BENCH_PEER_H

#include "moelora/host/Report.h"

#include <cstdio>
#include <optional>

namespace moelora::bench {

class Peer {
public:
  /// Starts `python script threads`. A peer that cannot start is absent.
  Peer(const std::string &python, const std::string &script, int threads);
  Peer(const Peer &) = delete;
  Peer &operator=(const Peer &) = delete;
  ~Peer();

  bool present() const { return requests != nullptr; }
  const std::string &version() const { return versionText; }

  /// Sends one object and returns the number in `field` of the result, or
  /// nothing if there is none or no peer.
  std::optional<double> ask(const host::Json &request, const char *field = "");

private:
  host::Json read();

  int child = -1;
  FILE *requests = nullptr, *answers = nullptr;
  std::string versionText;
};

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_PEER_H
