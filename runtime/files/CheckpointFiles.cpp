/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Opens checkpoints (single, sharded or in memory) and reads their tensors.
 */
#include "files/CheckpointFiles.h"

#include "base/Text.h"
#include "files/Json.h"
#include "files/MatrixView.h"
#include "moelora/runtime/Layer.h"

#include <algorithm>
#include <cstring>
#include <map>

using namespace moelora;

namespace {

/// Collects `weight_map`, which names the shard of each tensor.
class IndexEvents final : public JsonEvents {
public:
  IndexEvents(const std::string &path,
              NameMap<std::string, std::string> &shardOf)
      : path(path), shardOf(shardOf) {}

  void beginObject() override { ++level; }
  void endObject() override { --level; }
  void beginArray() override {
    if (inMap)
      other();
    ++level;
  }
  void endArray() override { --level; }
  void key(std::string &text) override {
    if (level == 1)
      inMap = text == "weight_map";
    else if (level == 2 && inMap)
      name = std::move(text);
  }
  void string(std::string &text) override {
    if (level != 2 || !inMap)
      return other();
    shardOf.emplace(std::move(name), std::move(text));
  }
  void integer(int64_t) override { other(); }
  void real(double) override { other(); }
  void boolean(bool) override { other(); }
  void null() override { other(); }

private:
  void other() {
    if (inMap || level == 0)
      fail(path + ": expects weight_map to map names to file names");
  }

  const std::string &path;
  NameMap<std::string, std::string> &shardOf;
  std::string name;
  int level = 0;
  bool inMap = false;
};

/// The name of a file in the same folder, never a path, so that an index cannot
/// refer to other folders.
void checkShardName(const std::string &index, const std::string &shard) {
  bool plain = !shard.empty() && shard.size() <= 255 && shard[0] != '.' &&
               shard.find('/') == std::string::npos &&
               shard.find('\0') == std::string::npos;
  if (!plain)
    fail(index +
         ": expects shards to be names of files beside it, but one is " +
         quoted(shard));
}

} // namespace

std::string moelora::pickleHint(const std::string &folder) {
  for (const char *name : {"adapter_model.bin", "adapter_model.pt",
                           "pytorch_model.bin", "pytorch_model.bin.index.json"})
    if (isFile(folder + "/" + name))
      return std::string("; it has ") + name +
             ", a pickle, which is not read because it could run any program: "
             "convert it, by loading it with the library that wrote it and "
             "saving it again with safe_serialization=True";
  return "";
}

/// For a path to a file: reports if there is a pickle instead.
static void checkNoPickleInstead(const std::string &path) {
  size_t slash = path.rfind('/');
  std::string folder = slash == path.npos ? "." : path.substr(0, slash);
  std::string hint = isFile(path) ? "" : pickleHint(folder);
  if (!hint.empty())
    fail("expects " + path + ", but there is none" + hint, MOELORA_IO);
}

CheckpointFiles::CheckpointFiles(const std::string &path, Work &work) {
  constexpr const char *single = "/model.safetensors";
  constexpr const char *index = "/model.safetensors.index.json";
  constexpr const char *adapter = "/adapter_model.safetensors";
  if (!isFolder(path))
    addShard(path, work);
  else if (isFile(path + single))
    addShard(path + single, work);
  else if (isFile(path + index))
    addIndexed(path, path + index, work);
  else if (isFile(path + adapter))
    addShard(path + adapter, work);
  else
    fail("expects " + path +
             " to hold model.safetensors, model.safetensors.index.json or "
             "adapter_model.safetensors, but there is none of them" +
             pickleHint(path),
         MOELORA_IO);
  hashNames();
}

CheckpointFiles::CheckpointFiles(const moelora_tensor_data *tensors,
                                 int64_t count) {
  uint64_t end = 0; // as if all shards were one file
  for (int64_t i = 0; i < count; ++i) {
    Tensor tensor = checkedTensor(tensors[i]);
    tensor.offset = end;
    if (__builtin_add_overflow(end, tensor.bytes, &end))
      fail("expects tensors that memory can hold, but with '" + tensor.name +
           "' they have more bytes than can be counted");
    all.push_back(std::move(tensor));
    memory.push_back(static_cast<const char *>(tensors[i].data));
  }
  hashNames();
}

void CheckpointFiles::addShard(const std::string &path, Work &work) {
  checkNoPickleInstead(path);
  shards.emplace_back(path);
  std::vector<Tensor> found = readSafetensorsHeader(shards.back(), work);
  for (Tensor &tensor : found)
    tensor.shard = shards.size() - 1;
  if (all.empty())
    all.swap(found);
  else
    all.insert(all.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
}

/// The index and the shards must list the same tensors.
void CheckpointFiles::addIndexed(const std::string &folder,
                                 const std::string &index, Work &work) {
  NameMap<std::string, std::string> shardOf;
  IndexEvents events(index, shardOf);
  parseJson(readText(index, maxHeaderBytes), index, events, work);
  if (shardOf.empty())
    fail(index + ": expects weight_map to name tensors, but there are none");
  std::map<std::string, size_t> tensorsOf;
  for (const auto &[name, shard] : shardOf)
    ++tensorsOf[shard];
  for (const auto &[shard, count] : tensorsOf) {
    checkShardName(index, shard);
    size_t first = all.size();
    addShard(folder + "/" + shard, work);
    for (size_t i = first; i < all.size(); ++i) {
      auto said = shardOf.find(all[i].name);
      if (said == shardOf.end() || said->second != shard)
        fail(index + ": tensor '" + all[i].name + "' is in " + shard +
             ", but the index says " +
             (said == shardOf.end() ? "nothing of it" : said->second));
    }
    if (all.size() - first != count)
      fail(index + ": expects " + std::to_string(count) + " tensors in " +
           shard + ", but it has " + std::to_string(all.size() - first));
  }
}

void CheckpointFiles::hashNames() {
  byName.reserve(all.size());
  for (size_t i = 0; i < all.size(); ++i)
    if (!byName.emplace(all[i].name, static_cast<int64_t>(i)).second)
      fail("expects names to differ, but two tensors are '" + all[i].name +
           "'");
}

int64_t CheckpointFiles::find(std::string_view name) const {
  auto found = byName.find(name);
  return found == byName.end() ? -1 : found->second;
}

const Tensor &CheckpointFiles::at(int64_t index) const {
  if (index < 0 || index >= static_cast<int64_t>(all.size()))
    fail("expects a tensor's index below " + std::to_string(all.size()) +
         ", but it is " + std::to_string(index));
  return all[static_cast<size_t>(index)];
}

void CheckpointFiles::read(int64_t index, uint64_t first, uint64_t bytes,
                           void *destination) const {
  const Tensor &tensor = at(index);
  if (first > tensor.bytes || bytes > tensor.bytes - first)
    fail("expects a range within the " + std::to_string(tensor.bytes) +
         " bytes of tensor '" + tensor.name + "', but it begins at " +
         std::to_string(first) + " and has " + std::to_string(bytes));
  if (memory.empty())
    shards[tensor.shard].read(tensor.offset + first, bytes, destination);
  else if (bytes > 0) // a tensor without bytes may have no address
    std::memcpy(destination, memory[static_cast<size_t>(index)] + first, bytes);
  counted.fetch_add(bytes, std::memory_order_relaxed);
}

void CheckpointFiles::checkUnchanged() const {
  for (const File &shard : shards)
    shard.checkUnchanged();
}

void CheckpointFiles::readF32(int64_t index, uint64_t first, uint64_t count,
                              float *destination) const {
  const Tensor &tensor = at(index);
  if (!isFloatingPoint(tensor.dtype))
    fail("expects tensor '" + tensor.name + "' to be F32, F16, BF16 or F64, " +
             "but its dtype is " + moelora_dtype_name(tensor.dtype),
         MOELORA_UNSUPPORTED);
  if (first > tensor.elements || count > tensor.elements - first)
    fail("expects a range within the " + std::to_string(tensor.elements) +
         " elements of tensor '" + tensor.name + "', but it begins at " +
         std::to_string(first) + " and has " + std::to_string(count));
  uint64_t size = moelora_dtype_bytes(tensor.dtype);
  if (tensor.dtype == MOELORA_F32)
    return read(index, first * size, count * size, destination);
  constexpr uint64_t chunk = 1 << 16; // elements; fits the caches
  std::vector<double> buffer(std::min(chunk, count)); // aligned for all types
  for (uint64_t done = 0; done < count; done += chunk) {
    int64_t part = static_cast<int64_t>(std::min(chunk, count - done));
    read(index, (first + done) * size, static_cast<uint64_t>(part) * size,
         buffer.data());
    copyToF32(buffer.data(), tensor.dtype, {index, 0, part, 1}, 1, part,
              destination + done);
  }
}
