// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads all of a layer except its router, which ReadRouter.cpp reads.

#include "ReadLayer.h"
#include "Contradictions.h"
#include "ReadRouter.h"

#include <algorithm>
#include <cmath>

namespace moelora::models {

namespace {

// Far above every published model, and small enough that a product of three
// fits 64 bits.
constexpr int64_t maxWidth = 1 << 20;
constexpr int64_t maxShared = 1 << 10;
// The largest number of elements of an operand: 2^42 bf16 values would be 8
// TiB.
constexpr int64_t maxElements = int64_t(1) << 42;
// The largest limit, slope or cap of an activation.
constexpr double maxLimit = 1e6;
constexpr double leastLimit = 1e-6;

struct FunctionWord {
  const char *word;
  moelora_function function;
};

constexpr FunctionWord functionWords[] = {
    {"silu", MOELORA_SILU},
    {"swish", MOELORA_SILU},
    {"gelu_pytorch_tanh", MOELORA_GELU_TANH},
    {"gelu_new", MOELORA_GELU_TANH},
    {"gelu", MOELORA_GELU},
    {"relu2", MOELORA_RELU2},
};

class LayerReader {
public:
  LayerReader(Config &config, const Family &family)
      : config(config), family(family) {}

  void read(moelora_layer &layer, LayerKind kind);

private:
  Config &config;
  const Family &family;

  void readSizes(moelora_layer &layer);
  int64_t readShared(int64_t expertWidth);
  moelora_function functionOf(const Keys &keys);
  moelora_function readFunction();
  void limit(moelora_activation &activation, const Number &limit);
  void readActivations(moelora_layer &layer);
  void readBiases(moelora_layer &layer);
  moelora_norm readNorm(bool present, double scale);
  void readCombination(moelora_layer &layer);
  void demandStated();
  void checkSizes(const moelora_layer &layer);
};

int64_t LayerReader::readShared(int64_t expertWidth) {
  int64_t number = config.count(family.shared.number, maxShared);
  int64_t width = config.count(family.shared.width, maxWidth);
  if (family.shared.width.keys.empty())
    width = expertWidth;
  if (number * width > maxWidth)
    config.fail("expects the shared expert to be at most " +
                std::to_string(maxWidth) + " wide, but " +
                std::to_string(number) + " times " + std::to_string(width) +
                " is more");
  return number * width;
}

void LayerReader::readSizes(moelora_layer &layer) {
  bool swapped = family.denseWidth && config.find({family.denseWidth});
  layer.hidden = config.size(family.hidden, maxWidth);
  layer.intermediate = config.size(
      swapped ? Keys{"intermediate_size"} : family.intermediate, maxWidth);
  layer.shared = readShared(layer.intermediate);
  layer.shared_score = family.shared.scored && layer.shared > 0;
  layer.latent = config.count(family.latent, maxWidth);
}

moelora_function LayerReader::functionOf(const Keys &keys) {
  auto absent = static_cast<moelora_function>(family.activation.function);
  std::string word = config.word(keys);
  if (word.empty())
    return absent;
  for (const FunctionWord &known : functionWords)
    if (word == known.word)
      return known.function;
  std::string words;
  for (const FunctionWord &known : functionWords)
    words += std::string(words.empty() ? "" : ", ") + known.word;
  config.fail(std::string("expects ") + keys.front() + " to be one of " +
              words + ", but it is " + show(word) + byHand);
  return absent;
}

/// The keys of other families must not state another function.
moelora_function LayerReader::readFunction() {
  moelora_function function = functionOf(family.function);
  const char *word = "";
  for (const FunctionWord &known : functionWords)
    if (*word == 0 && known.function == function)
      word = known.word;
  for (const char *key : {"hidden_act", "hidden_activation"})
    if (!family.function.empty() && config.find({key}) &&
        functionOf({key}) != function)
      config.failValue(key, {word},
                       std::string(family.modelType) + " reads " +
                           family.function.front());
  return function;
}

/// Without a limit there is no clamp.
void LayerReader::limit(moelora_activation &activation, const Number &limit) {
  double value = config.number(limit, 0, maxLimit);
  if (value > 0)
    activation.gate_max = activation.up_limit = static_cast<float>(value);
  else
    activation.clamp = MOELORA_CLAMP_NONE;
}

void LayerReader::readActivations(moelora_layer &layer) {
  moelora_activation a = family.activation;
  a.function = readFunction();
  if (!family.alpha.keys.empty())
    a.alpha =
        static_cast<float>(config.number(family.alpha, leastLimit, maxLimit));
  a.gate_cap = static_cast<float>(config.number(family.gateCap, 0, maxLimit));
  a.up_cap = static_cast<float>(config.number(family.upCap, 0, maxLimit));
  moelora_activation &shared = layer.shared_activation;
  layer.activation = shared = a;
  if (a.clamp == MOELORA_CLAMP_NONE)
    return;
  bool byLayer = !family.limits.empty();
  limit(layer.activation, byLayer ? Number{family.limits} : family.limit);
  limit(shared, byLayer ? Number{family.sharedLimits} : family.limit);
  if (family.shared.plain)
    shared = siluMul();
}

void LayerReader::readBiases(moelora_layer &layer) {
  layer.biases = family.biases;
  if (config.flag(family.biasKey))
    layer.biases |= family.biasesByKey;
  if (layer.shared == 0)
    layer.biases &= ~uint32_t(MOELORA_HAS_SHARED_GATE_UP_BIAS |
                              MOELORA_HAS_SHARED_DOWN_BIAS);
  if (layer.latent == 0)
    layer.biases &=
        ~uint32_t(MOELORA_HAS_LATENT_IN_BIAS | MOELORA_HAS_LATENT_OUT_BIAS);
}

moelora_norm LayerReader::readNorm(bool present, double scale) {
  if (!present)
    return {};
  // Norms of these families have always had this epsilon.
  double epsilon = config.number({{"rms_norm_eps"}, 1e-6, 1e-6}, 0, 1);
  return {1, static_cast<float>(epsilon), static_cast<float>(scale)};
}

void LayerReader::readCombination(moelora_layer &layer) {
  layer.routed_scale = layer.shared_scale = 1;
  if (family.scaleOnOutput)
    std::swap(layer.routed_scale, layer.router.scale);
  if (family.combination.empty())
    return;
  std::string word = config.word(family.combination);
  bool average = word.empty() || word == "average";
  if (!average && word != "sum")
    config.fail(std::string("expects ") + family.combination.front() +
                " to be sum or average, but it is " + show(word) + byHand);
  if (average && layer.shared > 0)
    layer.routed_scale = layer.shared_scale = 0.5f;
}

void LayerReader::demandStated() {
  for (const char *key : family.stated)
    if (!config.find({key}) && !config.isNull({key}))
      config.fail(std::string("expects ") + key + " to be stated, because " +
                  "classes of " + family.modelType +
                  " differ in their defaults for it, but it is absent");
}

void LayerReader::checkSizes(const moelora_layer &layer) {
  int64_t width = std::max(layer.hidden, layer.latent);
  int64_t perExpert = 2 * layer.intermediate * width;
  if (perExpert > maxElements / layer.router.experts)
    config.fail("expects the experts to have at most " +
                std::to_string(maxElements) + " gate and up weights, but " +
                std::to_string(layer.router.experts) + " experts have " +
                std::to_string(perExpert) + " each");
}

void LayerReader::read(moelora_layer &layer, LayerKind kind) {
  readSizes(layer);
  readRouter(config, family, kind, layer);
  readActivations(layer);
  readBiases(layer);
  readCombination(layer);
  layer.weight_on_input = family.weightOnInput;
  layer.router_norm = readNorm(
      family.routerNorm, 1 / std::sqrt(static_cast<double>(layer.hidden)));
  layer.output_norm = readNorm(family.outputNorm, 1);
  for (const Demand &demand : family.demands)
    if (demand.key)
      config.demand(demand);
  config.demand({"moe_apply_router_weight_on_input",
                 family.weightOnInput ? "[true]" : "[false]"});
  refuseContradictions(config, family, layer);
  demandStated();
  checkSizes(layer);
}

} // namespace

moelora_layer readLayer(Config &config, const Family &family, LayerKind kind,
                        moelora_dtype dtype) {
  moelora_layer layer = {};
  layer.dtype = layer.router_dtype = dtype;
  if (family.routerType != moelora_dtype())
    layer.router_dtype = family.routerType;
  LayerReader(config, family).read(layer, kind);
  return layer;
}

} // namespace moelora::models
