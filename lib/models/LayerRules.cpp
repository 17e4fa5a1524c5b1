// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules that determine which layers have experts and which are dense.

#include "LayerRules.h"

#include <algorithm>

namespace moelora::models {

namespace {

using Kinds = std::vector<LayerKind>;

struct Word {
  const char *word;
  LayerKind kind;
};

constexpr Word layerWords[] = {
    {"sparse", LayerKind::Moe},
    {"moe", LayerKind::Moe},
    {"hash_moe", LayerKind::Hash},
    {"dense", LayerKind::Dense},
    {"mlp", LayerKind::Dense},
    {"mamba", LayerKind::Dense},
    {"attention", LayerKind::Dense},
    {"linear_attention", LayerKind::Dense},
    {"full_attention", LayerKind::Dense},
};

/// Letters of `hybrid_override_pattern`.
constexpr const char *otherLetters = "M*-";
constexpr char expertLetter = 'E';

class RuleReader {
public:
  RuleReader(Config &config, const Family &family)
      : config(config), family(family) {}

  Kinds read();

private:
  Config &config;
  const Family &family;
  int64_t layers = 0;

  bool has(const char *key) { return config.find({key}) != nullptr; }
  /// Absent: `absent`.
  int64_t integer(const char *key, int64_t absent) {
    return config.count({{key}, absent}, maxLayers);
  }

  int64_t countLayers();
  template <typename Sparse> Kinds where(Sparse sparse) const;
  Kinds listed(const std::vector<int64_t> &sparse) const;
  Kinds byWords(const Keys &keys, int64_t count);
  Kinds afterDense();
  Kinds sparseStep();
  Kinds period();
  Kinds interleaved();
  Kinds enumerated();
  Kinds interval();
  Kinds pattern();
  Kinds hashFirst();
  int64_t step(const char *key, int64_t absent);
  std::vector<int64_t> numbersIn(const std::string &text);
};

/// Some programs write the same number under both keys.
int64_t RuleReader::countLayers() {
  const Keys &halves = family.halfLayers;
  if (!config.find(halves))
    return config.size(family.layers, maxLayers);
  int64_t twice = config.size(halves, 2 * maxLayers);
  bool stated = config.find(family.layers) != nullptr;
  int64_t once = stated ? config.size(family.layers, maxLayers)
                        : std::max<int64_t>(1, twice / 2);
  if (twice != 2 * once && twice != once)
    config.fail(std::string("expects ") + halves.front() + " to be twice " +
                family.layers.front() + ", but they are " +
                std::to_string(twice) + " and " + std::to_string(once));
  return once;
}

template <typename Sparse> Kinds RuleReader::where(Sparse sparse) const {
  Kinds kinds;
  for (int64_t i = 0; i < layers; ++i)
    kinds.push_back(sparse(i) ? LayerKind::Moe : LayerKind::Dense);
  return kinds;
}

/// A list may name more layers than a shortened model has.
Kinds RuleReader::listed(const std::vector<int64_t> &sparse) const {
  return where([&](int64_t i) {
    return std::find(sparse.begin(), sparse.end(), i) != sparse.end();
  });
}

/// The step is a divisor, so zero is refused.
int64_t RuleReader::step(const char *key, int64_t absent) {
  return has(key) ? config.size({key}, maxLayers) : absent;
}

Kinds RuleReader::byWords(const Keys &keys, int64_t count) {
  std::vector<std::string> words = config.words(keys);
  if (int64_t(words.size()) < count || int64_t(words.size()) > maxLayers) {
    config.fail(std::string("expects ") + keys.front() +
                " to have an entry for each layer, but it has " +
                std::to_string(words.size()) + " for " + std::to_string(count));
    return {};
  }
  Kinds kinds;
  for (int64_t i = 0; i < count; ++i) {
    const Word *known =
        std::find_if(std::begin(layerWords), std::end(layerWords),
                     [&](const Word &w) { return words[i] == w.word; });
    bool fits = known != std::end(layerWords) &&
                (known->kind != LayerKind::Hash ||
                 family.layerRule == LayerRule::HashFirst);
    if (!fits)
      config.fail(std::string("expects entries of ") + keys.front() +
                  " to name a kind of layer that the family has, but one is " +
                  show(words[i]));
    kinds.push_back(fits ? known->kind : LayerKind::Dense);
  }
  return kinds;
}

Kinds RuleReader::afterDense() {
  int64_t first = config.count(family.dense, maxLayers);
  const nlohmann::json *freq = config.find({"moe_layer_freq"});
  if (!freq || !freq->is_array()) {
    int64_t every = step("moe_layer_freq", 1);
    return where([&](int64_t i) { return i >= first && i % every == 0; });
  }
  std::vector<int64_t> sparse = config.list("moe_layer_freq", 1);
  if (int64_t(sparse.size()) < layers)
    config.fail("expects moe_layer_freq to have an entry for each layer, but "
                "it has " +
                std::to_string(sparse.size()) + " for " +
                std::to_string(layers));
  bool stated = config.find(family.dense.keys) != nullptr;
  return where([&](int64_t i) {
    return (i >= first || !stated) && i < int64_t(sparse.size()) && sparse[i];
  });
}

Kinds RuleReader::sparseStep() {
  int64_t every = step("decoder_sparse_step", 1);
  std::vector<int64_t> dense = config.list("mlp_only_layers", maxLayers);
  if (!has("mlp_only_layers"))
    for (int64_t i = 0; i < family.dense.absent; ++i)
      dense.push_back(i);
  return where([&](int64_t i) {
    return (i + 1) % every == 0 &&
           std::find(dense.begin(), dense.end(), i) == dense.end();
  });
}

Kinds RuleReader::period() {
  int64_t every = step("expert_layer_period", 2);
  int64_t offset = integer("expert_layer_offset", 1);
  return where([&](int64_t i) { return i % every == offset; });
}

Kinds RuleReader::interleaved() {
  if (has("moe_layers"))
    return listed(config.list("moe_layers", maxLayers));
  int64_t every = step("interleave_moe_layer_step", 1);
  return where([&](int64_t i) { return (i + 1) % every == 0; });
}

std::vector<int64_t> RuleReader::numbersIn(const std::string &text) {
  std::vector<int64_t> numbers;
  int64_t number = 0;
  bool digits = false;
  for (char c : text + ",") {
    if (c >= '0' && c <= '9' && number <= maxLayers) {
      number = 10 * number + (c - '0');
      digits = true;
    } else if (c == ',' || c == ' ') {
      if (digits)
        numbers.push_back(number);
      number = 0;
      digits = false;
    } else {
      config.fail("expects moe_layers_enum to be layer numbers with commas in "
                  "between, but it is " +
                  show(text));
      return {};
    }
  }
  return numbers;
}

Kinds RuleReader::enumerated() {
  const nlohmann::json *value = config.find({"moe_layers_enum"});
  if (!value)
    return afterDense();
  return listed(value->is_array()
                    ? config.list("moe_layers_enum", maxLayers)
                    : numbersIn(config.word({"moe_layers_enum"})));
}

Kinds RuleReader::interval() {
  int64_t start = integer("moe_layer_start_index", 1);
  int64_t every = step("moe_layer_interval", 1);
  const nlohmann::json *end = config.find({"moe_layer_end_index"});
  int64_t last =
      !end || *end == -1 ? layers - 1 : integer("moe_layer_end_index", 0);
  return where([&](int64_t i) {
    return (i + 1) % every == 0 && i >= start && i <= last;
  });
}

/// The pattern's length is the number of layers.
Kinds RuleReader::pattern() {
  constexpr Keys types = {"layers_block_type"};
  if (config.find(types))
    return byWords(types, int64_t(config.words(types).size()));
  std::string letters = config.word({"hybrid_override_pattern"});
  if (int64_t(letters.size()) > maxLayers ||
      letters.find_first_not_of(std::string(otherLetters) + expertLetter) !=
          std::string::npos ||
      letters.empty()) {
    config.fail("expects layers_block_type, or hybrid_override_pattern of "
                "letters M, *, - and E, but it is " +
                show(letters));
    return {};
  }
  layers = int64_t(letters.size());
  return where([&](int64_t i) { return letters[i] == expertLetter; });
}

Kinds RuleReader::hashFirst() {
  int64_t first = config.count(family.dense, maxLayers);
  Kinds kinds(layers, LayerKind::Moe);
  std::fill(kinds.begin(), kinds.begin() + std::min(first, layers),
            LayerKind::Hash);
  return kinds;
}

Kinds RuleReader::read() {
  if (family.layerRule == LayerRule::Pattern)
    return pattern();
  layers = countLayers();
  if (has("mlp_layer_types"))
    return byWords({"mlp_layer_types"}, layers);
  switch (family.layerRule) {
  case LayerRule::AfterDense:
    return afterDense();
  case LayerRule::SparseStep:
    return sparseStep();
  case LayerRule::Period:
    return period();
  case LayerRule::Interleaved:
    return interleaved();
  case LayerRule::Enumerated:
    return enumerated();
  case LayerRule::Interval:
    return interval();
  case LayerRule::HashFirst:
    return hashFirst();
  default:
    return Kinds(layers, LayerKind::Moe);
  }
}

} // namespace

Kinds readLayerKinds(Config &config, const Family &family) {
  return RuleReader(config, family).read();
}

} // namespace moelora::models
