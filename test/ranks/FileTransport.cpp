/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "FileTransport.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <unistd.h>

using namespace moelora::test;

void moelora::test::writeWhole(const std::string &path,
                               const std::string &content) {
  std::ofstream(path + ".part", std::ios::binary) << content;
  std::rename((path + ".part").c_str(), path.c_str());
}

std::string moelora::test::awaitFile(const std::string &path) {
  constexpr int milliseconds = 60000;
  for (int waited = 0; waited < milliseconds; ++waited) {
    std::ifstream file(path, std::ios::binary);
    if (file)
      return {std::istreambuf_iterator<char>(file), {}};
    usleep(1000);
  }
  throw std::runtime_error(path + " did not come");
}

moelora_status FileTransport::gather(void *context, const void *send,
                                     void *receive, const uint64_t *bytes,
                                     int64_t, moelora_error **error) {
  FileTransport &self = *static_cast<FileTransport *>(context);
  int32_t own = self.transport.rank;
  auto fileOf = [&](int32_t rank) {
    return self.folder + "/message-" + std::to_string(self.message) + "-" +
           std::to_string(rank);
  };
  try {
    writeWhole(fileOf(own),
               std::string(static_cast<const char *>(send), bytes[own]));
    char *to = static_cast<char *>(receive);
    for (int32_t rank = 0; rank < self.transport.ranks; ++rank) {
      std::string content = awaitFile(fileOf(rank));
      if (content.size() != bytes[rank])
        throw std::runtime_error("a message has another size");
      to = std::copy(content.begin(), content.end(), to);
    }
    ++self.message;
    return MOELORA_OK;
  } catch (const std::exception &failure) {
    return moelora_error_make(error, MOELORA_PEER_LOST, failure.what());
  }
}

FileTransport::FileTransport(std::string in, int32_t rank, int32_t ranks)
    : folder(std::move(in)) {
  transport.size = sizeof transport;
  transport.version = MOELORA_TRANSPORT_VERSION;
  transport.context = this;
  transport.name = "files";
  transport.rank = rank;
  transport.ranks = ranks;
  transport.all_gather_v = gather;
  transport.all_to_all_v = [](void *, const void *, const uint64_t *,
                              const uint64_t *, void *, const uint64_t *,
                              const uint64_t *, int64_t, moelora_error **e) {
    return moelora_error_make(e, MOELORA_UNSUPPORTED, "it gathers only");
  };
  transport.split = [](void *, int32_t, int32_t, int64_t,
                       const moelora_transport **, moelora_error **e) {
    return moelora_error_make(e, MOELORA_UNSUPPORTED, "it has no subgroups");
  };
  transport.abort = transport.close = [](void *) {};
}
