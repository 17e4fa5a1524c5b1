// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From config.json to one description per layer.

#include "Config.h"

#include "moelora/models/Model.h"

#include <algorithm>
#include <filesystem>
#include <new>

namespace moelora::models {

namespace {

// Far beyond every published model, and small enough that no product of them
// needs more than 64 bits.
constexpr int64_t maxLayers = 1 << 12;
constexpr int64_t maxWidth = 1 << 20;
constexpr int64_t maxExperts = 1 << 16;
// Elements of one operand: 2^42 bf16 values would be 8 TiB.
constexpr int64_t maxElements = int64_t(1) << 42;

constexpr const char *byHand =
    "; such a layer can be stated by hand in MLIR and compiled from there";

std::string joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string unknownFamily(const nlohmann::json *modelType) {
  std::string text = "expects model_type to be one of " +
                     joined(supportedFamilies()) + ", but it is " +
                     (modelType ? show(*modelType) : "absent");
  const char *why = modelType && modelType->is_string()
                        ? whyRefused(modelType->get<std::string>())
                        : nullptr;
  return text + (why ? std::string(", which does not fit: ") + why : "") +
         byHand;
}

std::string quantized(const nlohmann::json &value) {
  bool named = value.is_object() && value.contains("quant_method");
  std::string method = named ? show(value["quant_method"]) : "unknown";
  return "expects weights in bfloat16, float16 or float32, but "
         "quantization_config states quant_method " +
         method;
}

moelora_dtype readDtype(Config &config) {
  Keys keys = {"dtype", "torch_dtype"};
  std::string word = config.word(keys);
  if (word.empty() || word == "bfloat16")
    return MOELORA_BF16;
  if (word == "float16")
    return MOELORA_F16;
  if (word == "float32")
    return MOELORA_F32;
  config.fail("expects dtype to be bfloat16, float16 or float32, but it is \"" +
              word + "\"");
  return MOELORA_BF16;
}

} // namespace

class ModelBuilder {
public:
  ModelBuilder(const nlohmann::json &object, const Family &family)
      : config(object), family(family) {}

  Result<Model> build();

private:
  Config config;
  const Family &family;

  moelora_layer readLayer();
  void readRouter(moelora_router &router);
  void checkFunction();
  void checkSizes(const moelora_layer &layer);
  std::vector<bool> readSparse(int64_t layers);
};

void ModelBuilder::readRouter(moelora_router &router) {
  router = family.router;
  router.experts =
      static_cast<int32_t>(config.count(family.experts, maxExperts));
  router.top_k = static_cast<int32_t>(config.count(family.topK, maxExperts));
  if (config.flag(family.renormalize))
    router.renormalize = MOELORA_RENORMALIZE_SUM;
  if (router.top_k > router.experts)
    config.fail(std::string("expects ") + family.topK.front() +
                " to be at most " + family.experts.front() + ", but it is " +
                std::to_string(router.top_k) + " of " +
                std::to_string(router.experts));
}

void ModelBuilder::checkFunction() {
  std::string word = config.word(family.function);
  if (!word.empty() && word != "silu")
    config.fail(std::string("expects ") + family.function.front() +
                " to be silu, but it is \"" + word + "\"" + byHand);
}

void ModelBuilder::checkSizes(const moelora_layer &layer) {
  int64_t perExpert = 2 * layer.intermediate * layer.hidden;
  if (perExpert > maxElements / layer.router.experts)
    config.fail("expects the experts to have at most " +
                std::to_string(maxElements) + " gate and up weights, but " +
                std::to_string(layer.router.experts) + " experts have " +
                std::to_string(perExpert) + " each");
}

moelora_layer ModelBuilder::readLayer() {
  moelora_layer layer = {};
  layer.dtype = readDtype(config);
  layer.hidden = config.count(family.hidden, maxWidth);
  layer.intermediate = config.count(family.intermediate, maxWidth);
  if (!family.shared.empty())
    layer.shared = config.count(family.shared, maxWidth);
  layer.shared_score = family.sharedScore;
  layer.routed_scale = 1;
  readRouter(layer.router);
  checkFunction();
  layer.activation = layer.shared_activation = family.activation;
  checkSizes(layer);
  return layer;
}

std::vector<bool> ModelBuilder::readSparse(int64_t layers) {
  std::vector<bool> sparse(layers, true);
  if (family.layerRule == LayerRule::Every)
    return sparse;
  int64_t step = config.count({"decoder_sparse_step"}, maxLayers, 1);
  for (int64_t i = 0; i < layers; ++i)
    sparse[i] = (i + 1) % step == 0;
  for (int64_t dense : config.list("mlp_only_layers", maxLayers))
    if (dense < layers) // a list may name more layers than a cut model has
      sparse[dense] = false;
  return sparse;
}

Result<Model> ModelBuilder::build() {
  if (const nlohmann::json *value = config.find({"quantization_config"}))
    config.fail(quantized(*value));
  moelora_layer layer = readLayer();
  int64_t layers = config.count(family.layers, maxLayers);
  std::vector<bool> sparse = readSparse(layers);
  if (std::find(sparse.begin(), sparse.end(), true) == sparse.end())
    config.fail("expects at least one layer with experts, but all " +
                std::to_string(layers) + " are dense");
  if (!config.failure().empty())
    return Failure{config.failure()};
  Model model;
  model.type = family.modelType;
  model.elementType = static_cast<moelora_dtype>(layer.dtype);
  model.row = &family;
  model.descriptions = {layer};
  for (bool hasExperts : sparse)
    model.descriptionOf.push_back(hasExperts ? 0 : -1);
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

std::vector<std::string> supportedFamilies() {
  std::vector<std::string> names;
  for (const Family &family : families())
    names.push_back(family.modelType);
  return names;
}

static Result<Model> parse(const std::string &text) {
  Result<nlohmann::json> object = parseConfig(text);
  if (!object)
    return Failure{object.message()};
  auto entry = object->find("model_type");
  const nlohmann::json *type = entry == object->end() ? nullptr : &*entry;
  const Family *family = type && type->is_string()
                             ? findFamily(type->get<std::string>())
                             : nullptr;
  if (!family)
    return Failure{unknownFamily(type)};
  return ModelBuilder(*object, *family).build();
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
  std::error_code ignored; // what cannot be looked at cannot be read either
  bool isFolder = std::filesystem::is_directory(path, ignored);
  std::string file = isFolder ? path + "/config.json" : path;
  Result<std::string> text = readConfigText(file);
  if (!text)
    return Failure{file + ": " + text.message()};
  return parseModel(*text, file);
}

} // namespace moelora::models
