/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Writes adapters.
 */
#include "NewAdapter.h"

#include "Progress.h"

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace moelora::tool {

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
  moelora_error *error = nullptr;
  check(moelora_safetensors_write(weights.c_str(), headers.data(),
                                  static_cast<int64_t>(headers.size()), &error),
        error);
  std::ofstream file(path);
  file << config.dump(2) << "\n";
  if (!file.flush())
    throw Refusal{"cannot write " + path};
}

namespace {

/// A folder under a temporary name, gone in the end.
class Staging {
public:
  explicit Staging(const std::string &folder) : folder(folder) {
    std::string bare = folder.substr(0, folder.find_last_not_of('/') + 1);
    path = bare + "." + std::to_string(::getpid()) + ".tmp";
    if (!fs::create_directories(path))
      throw Refusal{"cannot create " + path};
  }
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }

  /// A folder that was there keeps its other files.
  void commit() const {
    fs::create_directories(folder);
    for (const char *file : {weightsFile, configFile})
      fs::rename(path + "/" + file, folder + "/" + file);
  }

  std::string path;

private:
  std::string folder;
};

} // namespace

/// Equal shapes both ways leave the layout to a statement.
static Owned<moelora_adapter> open(const std::string &folder,
                                   const moelora_adapter_target &target,
                                   Form form, bool &ambiguous) {
  ambiguous = false;
  moelora_adapter_options stated = {sizeof stated, 0, 0, 0};
  try {
    return openAdapter(folder, target, stated);
  } catch (const Refusal &) {
    if (form == Form::PerExpert)
      throw;
  }
  ambiguous = true;
  stated.layout = form == Form::Natural ? MOELORA_LAYOUT_NATURAL
                                        : MOELORA_LAYOUT_TRANSPOSED;
  return openAdapter(folder, target, stated);
}

static uint64_t comparePairs(const moelora_adapter *written,
                             const moelora_adapter_target &target,
                             const PairSource &source) {
  uint64_t pairs = 0;
  Progress progress(static_cast<size_t>(target.sites), "layers compared");
  const moelora_adapter_site *last = nullptr;
  forEachPlace(target, [&](const Place &place) {
    std::optional<Pair> expected = source(place);
    std::optional<Pair> found = readPair(written, place);
    if (expected.has_value() != found.has_value() ||
        (found && !sameDelta(*expected, *found)))
      throw Refusal{placeText(place) +
                    " would not be what it was; nothing was written"};
    pairs += found.has_value();
    if (last != place.site && last)
      progress.advance();
    last = place.site;
  });
  return pairs;
}

void checkVacant(const std::string &folder, bool force) {
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw Refusal{"expects " + folder + " to be a folder, but it is a file"};
  for (const char *file : {weightsFile, configFile})
    if (!force && fs::exists(folder + "/" + file))
      throw Refusal{"expects a new folder, but " + folder + " has " + file +
                    "; --force replaces it"};
}

Written writeCompared(const NewAdapter &adapter, const std::string &folder,
                      const moelora_adapter_target &target, Form form,
                      const PairSource &source) {
  Staging staging(folder);
  adapter.write(staging.path);
  Written written;
  Owned<moelora_adapter> opened =
      open(staging.path, target, form, written.ambiguous);
  written.pairs = comparePairs(opened.get(), target, source);
  staging.commit();
  return written;
}

std::string sizeText(double bytes) {
  constexpr const char *units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit)
    bytes /= 1024;
  char text[48];
  std::snprintf(text, sizeof(text), unit ? "%.1f %s" : "%.0f %s", bytes,
                units[unit]);
  return text;
}

int32_t dtypeOf(const std::string &name) {
  return name == "f32"   ? MOELORA_F32
         : name == "f16" ? MOELORA_F16
                         : MOELORA_BF16;
}

} // namespace moelora::tool
