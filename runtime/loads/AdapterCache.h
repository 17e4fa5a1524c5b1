/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters that were opened lately. What is remembered of a folder holds while
 * its files are the very same ones: device, inode, size and both times. The
 * target counts by what it says and not by its address, because engines make
 * theirs anew.
 *
 * File times are as coarse as a tick of the system's clock. A file that changed
 * in the present tick may change again without a sign, so it is opened and not
 * remembered.
 */
#ifndef MOELORA_RUNTIME_ADAPTERCACHE_H
#define MOELORA_RUNTIME_ADAPTERCACHE_H

#include "adapter/Adapter.h"

#include <list>
#include <mutex>

namespace moelora {

/// Device, inode, size, time of writing, time of change.
using FileStamp = std::array<int64_t, 7>;

/// Of the files of an adapter's folder.
using FolderStamp = std::array<FileStamp, 2>;

/// Any thread. No lock is held while files are opened or closed; who asks for
/// the same at the same time opens it twice.
class AdapterCache {
public:
  /// Remembers at most so many; 0: none.
  explicit AdapterCache(size_t limit) : limit(limit) {}
  bool remembers() const { return limit > 0; }

  /// What is remembered, or opened now; fails as openAdapter does.
  std::shared_ptr<const OpenAdapter> open(const std::string &folder,
                                          const moelora_adapter_target &target,
                                          const moelora_adapter_options &stated,
                                          Work &work);

private:
  struct Entry {
    std::string key;
    FolderStamp stamp;
    std::shared_ptr<const OpenAdapter> adapter;
  };
  using Entries = std::list<Entry>; // the last used one first

  std::shared_ptr<const OpenAdapter> find(const std::string &key,
                                          const FolderStamp &stamp);
  void remember(Entries &&entry);
  /// Moves the entry of a key to another list.
  void take(const std::string &key, Entries &to);

  const size_t limit;
  std::mutex mutex; // guards the entries
  Entries entries;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERCACHE_H
