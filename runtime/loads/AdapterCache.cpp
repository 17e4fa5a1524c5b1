/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Compares folders and targets with those of cached adapters.
 */
#include "loads/AdapterCache.h"

#include "adapter/AdapterPath.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <sys/stat.h>

using namespace moelora;

namespace {

using Names = moelora_adapter_names;
using Site = moelora_adapter_site;

/// The content of a target as text, so that targets are equal if their texts
/// are.
constexpr NameList Names::*nameLists[] = {
    &Names::block,          &Names::experts,
    &Names::gate,           &Names::up,
    &Names::down,           &Names::packed_gate_up,
    &Names::packed_down,    &Names::router,
    &Names::shared,         &Names::shared_gate,
    &Names::shared_up,      &Names::shared_down,
    &Names::shared_gate_up, &Names::shared_score,
    &Names::latent_in,      &Names::latent_out};
constexpr int32_t Site::*numbers[] = {
    &Site::layer,        &Site::experts, &Site::always,      &Site::logits,
    &Site::zero_experts, &Site::gated,   &Site::interleaved, &Site::storage};
constexpr int64_t Site::*sizes[] = {&Site::hidden, &Site::latent,
                                    &Site::intermediate, &Site::shared};

/// Each text ends with a zero, and each list with another mark.
class TargetText {
public:
  explicit TargetText(const moelora_adapter_target &target) {
    number(target.layers);
    number(target.prediction_layers);
    for (int32_t i = 0; i < target.sites; ++i)
      add(target.site[i]);
  }
  std::string text;

private:
  void number(int64_t value) { name(std::to_string(value).c_str()); }
  void name(const char *value) { text.append(value).push_back('\0'); }

  void add(const Site &site) {
    for (auto member : numbers)
      number(site.*member);
    for (auto member : sizes)
      number(site.*member);
    bool same = site.names == names; // sites usually share one table of names
    number(same);
    if (!same)
      add(*site.names);
    names = site.names;
  }

  void add(const Names &of) {
    number(of.packed_modules);
    number(of.blind_rule);
    name(containerOf(of));
    for (auto member : nameLists) {
      for (NameList list = of.*member; list && *list; ++list)
        name(*list);
      text += of.*member ? "\n" : "\r"; // no list is not an empty list
    }
  }

  const Names *names = nullptr;
};

std::optional<FileStamp> stampOf(const std::string &path) {
  struct stat found;
  if (::stat(path.c_str(), &found) != 0)
    return std::nullopt;
  return FileStamp{static_cast<int64_t>(found.st_dev),
                   static_cast<int64_t>(found.st_ino),
                   found.st_size,
                   found.st_mtim.tv_sec,
                   found.st_mtim.tv_nsec,
                   found.st_ctim.tv_sec,
                   found.st_ctim.tv_nsec};
}

std::optional<FolderStamp> stampsOf(const std::string &folder) {
  auto config = stampOf(folder + "/" + adapterConfigName);
  auto tensors = stampOf(folder + "/" + adapterTensorsName);
  if (!config || !tensors)
    return std::nullopt;
  return FolderStamp{*config, *tensors};
}

/// Whether each later change of the file will change its times.
bool isSettled(const FolderStamp &stamp) {
  timespec now; // the clock of file times
  if (::clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0)
    return false;
  return std::all_of(stamp.begin(), stamp.end(), [&](const FileStamp &file) {
    return std::pair<int64_t, int64_t>(file[5], file[6]) <
           std::pair<int64_t, int64_t>(now.tv_sec, now.tv_nsec);
  });
}

/// "" where there is none.
std::string realPath(const std::string &folder) {
  std::unique_ptr<char, void (*)(void *)> real(
      ::realpath(folder.c_str(), nullptr), std::free);
  return real ? real.get() : "";
}

} // namespace

std::shared_ptr<const OpenAdapter>
AdapterCache::open(const std::string &folder,
                   const moelora_adapter_target &target,
                   const moelora_adapter_options &stated, Work &work) {
  if (!remembers())
    return openAdapter(folder, target, stated, work);
  std::string key = realPath(folder) + '\0' + std::to_string(stated.layout) +
                    '\0' + std::to_string(stated.columns) + '\0' +
                    TargetText(target).text;
  std::optional<FolderStamp> before = stampsOf(folder);
  bool settled = before && isSettled(*before);
  if (before)
    if (auto found = find(key, *before))
      return found;
  auto opened = openAdapter(folder, target, stated, work);
  if (settled && stampsOf(folder) == before) {
    Entries entry;
    entry.push_back({std::move(key), *before, opened});
    remember(std::move(entry));
  }
  return opened;
}

std::shared_ptr<const OpenAdapter>
AdapterCache::find(const std::string &key, const FolderStamp &stamp) {
  Entries found; // closes changed adapters after the lock is released
  std::lock_guard<std::mutex> lock(mutex);
  take(key, found);
  if (found.empty() || found.front().stamp != stamp)
    return nullptr;
  entries.splice(entries.begin(), found);
  return entries.front().adapter;
}

void AdapterCache::remember(Entries &&entry) {
  Entries forgotten; // closed after the lock is released
  std::lock_guard<std::mutex> lock(mutex);
  take(entry.front().key, forgotten);
  entries.splice(entries.begin(), entry);
  if (entries.size() > limit)
    forgotten.splice(forgotten.begin(), entries, std::prev(entries.end()));
}

void AdapterCache::take(const std::string &key, Entries &to) {
  auto found =
      std::find_if(entries.begin(), entries.end(),
                   [&](const Entry &entry) { return entry.key == key; });
  if (found != entries.end())
    to.splice(to.begin(), entries, found);
}
