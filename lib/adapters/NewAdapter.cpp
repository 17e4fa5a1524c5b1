// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes adapters.
#include "moelora/adapters/NewAdapter.h"

#include "moelora/host/Buffer.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace fs = std::filesystem;

using moelora::host::call;
using moelora::host::Error;

namespace moelora::adapters {

constexpr const char *weightsFile = "adapter_model.safetensors";
constexpr const char *configFile = "adapter_config.json";

char *NewAdapter::add(const std::string &name, int32_t dtype,
                      std::vector<int64_t> shape) {
  moelora_tensor_data header = {};
  header.name = names.emplace_back(name).c_str();
  header.dtype = dtype;
  header.dims = static_cast<int32_t>(shape.size());
  size_t size = moelora_dtype_bytes(dtype);
  for (size_t i = 0; i < shape.size(); ++i) {
    header.shape[i] = shape[i];
    size *= static_cast<size_t>(shape[i]);
  }
  char *data = values.emplace_back(size).data();
  header.data = data;
  headers.push_back(header);
  return data;
}

uint64_t NewAdapter::bytes() const {
  uint64_t sum = 0;
  for (const std::vector<char> &value : values)
    sum += value.size();
  return sum;
}

void NewAdapter::write(const std::string &folder) const {
  std::string weights = folder + "/" + weightsFile;
  std::string path = folder + "/" + configFile;
  // In the order of names, as libraries write them.
  std::vector<moelora_tensor_data> sorted = headers;
  std::sort(sorted.begin(), sorted.end(), [](const auto &l, const auto &r) {
    return std::string_view(l.name) < std::string_view(r.name);
  });
  call(moelora_safetensors_write, weights.c_str(), sorted.data(),
       static_cast<int64_t>(sorted.size()));
  host::writeJson(path, config);
}

namespace {

/// A temporary folder next to the final one, until it is complete.
class Staging {
public:
  explicit Staging(const std::string &folder)
      : folder(folder), beside(prefixOf(folder)) {}

  const std::string &path() const { return beside.path(); }

  /// An existing folder keeps its other files.
  void commit() const {
    fs::create_directories(folder);
    for (const char *file : {weightsFile, configFile})
      fs::rename(path() + "/" + file, folder + "/" + file);
  }

private:
  static std::string prefixOf(const std::string &folder) {
    std::string bare = folder.substr(0, folder.find_last_not_of('/') + 1);
    fs::path parent = fs::path(bare).parent_path();
    if (!parent.empty())
      fs::create_directories(parent);
    return bare + ".";
  }

  std::string folder;
  host::TemporaryFolder beside;
};

} // namespace

/// If the shapes fit both layouts, the layout must be stated.
static host::AdapterHandle open(const std::string &folder,
                                const moelora_adapter_target &target, Form form,
                                bool &ambiguous) {
  ambiguous = false;
  try {
    return host::openAdapter(folder, target);
  } catch (const Error &) {
    if (!isPacked(form))
      throw;
  }
  ambiguous = true;
  auto stated = host::sized<moelora_adapter_options>();
  stated.layout = form == Form::Natural ? MOELORA_LAYOUT_NATURAL
                                        : MOELORA_LAYOUT_TRANSPOSED;
  return host::openAdapter(folder, target, stated);
}

static uint64_t comparePairs(const moelora_adapter *written,
                             const moelora_adapter_target &target,
                             const PairSource &source,
                             const host::Progress &progress) {
  uint64_t pairs = 0;
  host::ProgressCount count(progress, static_cast<size_t>(target.sites),
                            "layers compared");
  const moelora_adapter_site *last = nullptr;
  forEachPlace(target, [&](const Place &place) {
    std::optional<Pair> expected = source(place);
    std::optional<Pair> found = readPair(written, place);
    if (expected.has_value() != found.has_value() ||
        (found && !sameDelta(*expected, *found)))
      throw Error{placeText(place) +
                  " would not be what it was; nothing was written"};
    pairs += found.has_value();
    if (last != place.site && last)
      count.advance();
    last = place.site;
  });
  return pairs;
}

void checkVacant(const std::string &folder, bool force) {
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw Error{"expects " + folder + " to be a folder, but it is a file"};
  for (const char *file : {weightsFile, configFile})
    if (!force && fs::exists(folder + "/" + file))
      throw Error{"expects a new folder, but " + folder + " has " + file +
                  "; --force replaces it"};
}

Written writeCompared(const NewAdapter &adapter, const std::string &folder,
                      const moelora_adapter_target &target, Form form,
                      const PairSource &source,
                      const host::Progress &progress) {
  Staging staging(folder);
  adapter.write(staging.path());
  Written written;
  host::AdapterHandle opened =
      open(staging.path(), target, form, written.ambiguous);
  written.pairs = comparePairs(opened.get(), target, source, progress);
  staging.commit();
  return written;
}

} // namespace moelora::adapters
