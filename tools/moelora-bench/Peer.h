// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A peer: a child process that is asked, a line at a time, to time something.
#ifndef MOELORA_TOOLS_BENCH_PEER_H
#define MOELORA_TOOLS_BENCH_PEER_H

#include <cstdio>
#include <string>

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

  /// Sends one JSON object and answers the number behind `field`; 0 if the
  /// answer has none.
  double ask(const std::string &request, const std::string &field);

private:
  std::string readLine();

  int child = -1;
  FILE *requests = nullptr, *answers = nullptr;
  std::string versionText;
};

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_PEER_H
