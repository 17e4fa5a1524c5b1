/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The adapters that were opened last. An entry is valid while the files of its
 * folder are unchanged: device, inode, size and both times. Targets are
 * compared by content and not by address, because engines may make them anew.
 *
 * File times have the resolution of a tick of the system's clock. A file that
 * changed in the present tick may change again with the same time, so it is
 * opened but not cached.
 */
#ifndef MOELORA_RUNTIME_ADAPTERCACHE_H
#define MOELORA_RUNTIME_ADAPTERCACHE_H

#include "adapter/Adapter.h"

#include <list>
#include <mutex>

namespace moelora {

/// Device, inode, size, time of writing, time of change.
using FileStamp = std::array<int64_t, 7>;

/// The stamps of the files in an adapter's folder.
using FolderStamp = std::array<FileStamp, 2>;

/// Thread-safe. No lock is held while files are opened or closed, so two
/// concurrent calls may open the same adapter twice.
class AdapterCache {
public:
  /// Caches at most this number of adapters; 0 disables the cache.
  explicit AdapterCache(size_t limit) : limit(limit) {}
  bool remembers() const { return limit > 0; }

  /// Returns the cached adapter, or opens it. Fails as openAdapter does.
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
