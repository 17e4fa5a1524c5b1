// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes one description per layer from config.json.

#include "ChooseFamily.h"
#include "FamilyTables.h"
#include "Quantized.h"
#include "ReadLayer.h"

#include "moelora/models/Model.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <new>

namespace moelora::models {

namespace {

using nlohmann::json;

/// The keys for the number of layers of multi-token prediction.
constexpr const char *predictionKeys[] = {
    "num_nextn_predict_layers", "num_mtp_layers", "mtp_num_layers",
    "num_mtp_modules", "mtp_num_hidden_layers"};

/// It is only informative, so other values are ignored.
int readPredictionLayers(Config &config) {
  constexpr uint64_t most = 4096;
  uint64_t layers = 0;
  for (const char *key : predictionKeys)
    if (const json *value = config.find({key}))
      if (value->is_number_unsigned() && value->get<uint64_t>() <= most)
        layers = std::max(layers, value->get<uint64_t>());
  return static_cast<int>(layers);
}

moelora_dtype readDtype(Config &config, moelora_dtype absent) {
  std::string word = config.word({"dtype", "torch_dtype"});
  if (word.empty() || word == "auto")
    return absent;
  if (word == "bfloat16")
    return MOELORA_BF16;
  if (word == "float16")
    return MOELORA_F16;
  if (word == "float32")
    return MOELORA_F32;
  config.fail("expects dtype to be bfloat16, float16 or float32, but it is " +
              show(word));
  return absent;
}

} // namespace

class ModelBuilder {
public:
  ModelBuilder(const json &whole, const Chosen &chosen)
      : outer(whole), config(*chosen.config), chosen(chosen) {}

  Result<Model> build();

private:
  Config outer;
  Config config;
  const Chosen &chosen;

  void checkKinds(const std::vector<LayerKind> &kinds);
  void describe(const std::vector<LayerKind> &kinds, Model &model);
  const std::string &failure() const {
    return outer.failure().empty() ? config.failure() : outer.failure();
  }
};

void ModelBuilder::checkKinds(const std::vector<LayerKind> &kinds) {
  const Flag &enabled = chosen.family->enabled;
  if (!config.flag(enabled))
    config.fail(std::string("expects at least one layer with experts, but ") +
                enabled.keys.front() + " is not true");
  bool none = std::all_of(kinds.begin(), kinds.end(), [](LayerKind kind) {
    return kind == LayerKind::Dense;
  });
  if (none)
    config.fail("expects at least one layer with experts, but all " +
                std::to_string(kinds.size()) + " are dense");
}

int Model::indexOf(const moelora_layer &layer) {
  // Compares all fields. Trailing padding is not compared.
  constexpr size_t bytes =
      offsetof(moelora_layer, shared_activation) + sizeof(moelora_activation);
  auto same = [&](const moelora_layer &other) {
    return std::memcmp(&layer, &other, bytes) == 0;
  };
  auto found = std::find_if(descriptions.begin(), descriptions.end(), same);
  if (found == descriptions.end())
    found = descriptions.insert(descriptions.end(), layer);
  return static_cast<int>(found - descriptions.begin());
}

/// Layers of the same kind are read once if the family's layers do not vary.
void ModelBuilder::describe(const std::vector<LayerKind> &kinds, Model &model) {
  const Family &family = *chosen.family;
  int byKind[] = {-1, -1, -1}; // LayerKind; dense layers stay -1
  for (size_t i = 0; i < kinds.size() && failure().empty(); ++i) {
    int &index = byKind[static_cast<int>(kinds[i])];
    bool fresh = index < 0 || family.perLayer;
    if (family.perLayer)
      config.useLayer(static_cast<int>(i));
    if (kinds[i] != LayerKind::Dense && fresh)
      index =
          model.indexOf(readLayer(config, family, kinds[i], model.elementType));
    model.descriptionOf.push_back(index);
  }
}

Result<Model> ModelBuilder::build() {
  Model model;
  model.type = chosen.modelType;
  model.row = chosen.family;
  model.warningText = chosen.warning;
  refuseQuantized(outer);
  refuseQuantized(config);
  model.predictions =
      std::max(readPredictionLayers(config), readPredictionLayers(outer));
  model.elementType = readDtype(config, readDtype(outer, MOELORA_BF16));
  std::vector<LayerKind> kinds = readLayerKinds(config, *chosen.family);
  checkKinds(kinds);
  if (failure().empty())
    describe(kinds, model);
  if (!failure().empty())
    return Failure{failure()};
  return model;
}

bool Model::isMoe(int layer) const {
  return layer >= 0 && layer < layers() && descriptionOf[layer] >= 0;
}

int Model::firstMoeLayer() const { return moeLayers().front(); }

std::vector<int> Model::moeLayers() const {
  std::vector<int> numbers;
  for (int i = 0; i < layers(); ++i)
    if (isMoe(i))
      numbers.push_back(i);
  return numbers;
}

const moelora_layer &Model::layer(int layer) const {
  return descriptions[descriptionOf[layer]];
}

std::vector<int> Model::distinctLayers() const {
  std::vector<int> numbers;
  std::vector<bool> seen(descriptions.size());
  for (int i : moeLayers()) {
    if (!seen[descriptionOf[i]])
      numbers.push_back(i);
    seen[descriptionOf[i]] = true;
  }
  return numbers;
}

std::vector<std::string> supportedFamilies() { return familyNames(); }

static Result<Model> parse(const std::string &text) {
  Result<json> whole = parseConfig(text);
  if (!whole)
    return Failure{whole.message()};
  Result<Chosen> chosen = chooseFamily(*whole);
  return chosen ? ModelBuilder(*whole, *chosen).build()
                : Failure{chosen.message()};
}

Result<Model> parseModel(const std::string &text, const std::string &origin) {
  try {
    Result<Model> model = parse(text);
    return model ? model : Failure{origin + ": " + model.message()};
  } catch (const std::bad_alloc &) {
    return Failure{origin + ": there is not enough memory to read it"};
  }
}

Result<Model> loadModel(const std::string &path) {
  std::error_code
      ignored; // a folder that cannot be examined cannot be read either
  bool isFolder = std::filesystem::is_directory(path, ignored);
  std::string file = isFolder ? path + "/config.json" : path;
  Result<std::string> text = readConfigText(file);
  if (!text)
    return Failure{file + ": " + text.message()};
  Result<Model> model = parseModel(*text, file);
  if (model)
    adoptRouterTypes(*model,
                     std::filesystem::path(file).parent_path().string());
  return model;
}

} // namespace moelora::models
