/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A transport of processes that share a folder, as an engine could provide one.
 * MPI cannot communicate any more after a process is lost.
 */
#ifndef MOELORA_TEST_RANKS_FILETRANSPORT_H
#define MOELORA_TEST_RANKS_FILETRANSPORT_H

#include "moelora/runtime/Transport.h"

#include <string>

namespace moelora::test {

/// Writes a file that appears with its whole content.
void writeWhole(const std::string &path, const std::string &content);
/// Waits until the file is there. Throws after a minute.
std::string awaitFile(const std::string &path);

/// Gathers only, over all ranks.
class FileTransport {
public:
  FileTransport(std::string folder, int32_t rank, int32_t ranks);
  FileTransport(const FileTransport &) = delete;

  const moelora_transport &get() const { return transport; }

private:
  static moelora_status gather(void *context, const void *send, void *receive,
                               const uint64_t *bytes, int64_t timeout,
                               moelora_error **error);

  const std::string folder;
  int message = 0;
  moelora_transport transport = {};
};

} // namespace moelora::test

#endif // MOELORA_TEST_RANKS_FILETRANSPORT_H
