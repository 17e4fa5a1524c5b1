/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Good adapters of every form, to be spoiled.
 */
#include "Draft.h"

#include "base/Convert.h"

#include <cstring>

namespace moelora::test {

SizedModel::SizedModel(const Sizes &sizes) {
  for (moelora_adapter_site &site : sites) {
    site.experts = sizes.experts;
    site.hidden = sizes.hidden;
    site.intermediate = sizes.intermediate;
    site.shared = sizes.shared;
  }
}

const char *formName(Form form) {
  static const char *const names[] = {"plain", "natural", "transposed",
                                      "shared-outer", "all-linear"};
  return names[static_cast<int>(form)];
}

Draft::Draft(const Recipe &recipe) : recipe(recipe), values(recipe.seed) {
  std::string rank = std::to_string(recipe.rank);
  config = {{"peft_type", "\"LORA\""}, {"r", rank}, {"lora_alpha", "3"}};
  for (int layer : {0, 2}) {
    bool packed =
        recipe.form == Form::Natural || recipe.form == Form::Transposed;
    if (packed)
      addPacked(layer);
    else if (recipe.form == Form::SharedOuter)
      addSharedOuter(layer);
    else
      addPlain(layer);
    if (recipe.form == Form::AllLinear)
      addAround(layer);
    if (packed)
      set("target_parameters", R"(["gate_up_proj", "down_proj"])");
  }
}

void Draft::addPlain(int layer) {
  const Sizes &s = recipe.sizes;
  for (int e = 0; e < s.experts; ++e) {
    std::string expert = inLayer(layer, "mlp.experts." + std::to_string(e));
    addPair(expert + ".gate_proj", s.hidden, s.intermediate);
    addPair(expert + ".up_proj", s.hidden, s.intermediate);
    addPair(expert + ".down_proj", s.intermediate, s.hidden);
  }
}

void Draft::addPacked(int layer) {
  const Sizes &s = recipe.sizes;
  int64_t ranks = s.experts * recipe.rank;
  std::string outer = inLayer(layer, "mlp.experts");
  auto pair = [&](const std::string &module, int64_t in, int64_t out) {
    bool natural = recipe.form == Form::Natural;
    add(module + ".lora_A.weight", {ranks, natural ? in : out});
    add(module + ".lora_B.weight", {natural ? out : in, ranks});
  };
  pair(outer + ".base_layer", s.hidden, 2 * s.intermediate);
  pair(outer, s.intermediate, s.hidden);
}

void Draft::addSharedOuter(int layer) {
  const Sizes &s = recipe.sizes;
  int64_t rank = recipe.rank;
  std::string experts = inLayer(layer, "mlp.experts.");
  add(experts + "gate_up_proj.lora_A.weight", {1, rank, s.hidden});
  add(experts + "gate_up_proj.lora_B.weight",
      {s.experts, 2 * s.intermediate, rank});
  add(experts + "w2.lora_A.weight", {s.experts, rank, s.intermediate});
  add(experts + "w2.lora_B.weight", {s.hidden, rank});
}

void Draft::addAround(int layer) {
  const Sizes &s = recipe.sizes;
  addPair(inLayer(layer, "mlp.gate"), s.hidden, s.experts);
  std::string expert = inLayer(layer, "mlp.shared_expert");
  addPair(expert + ".gate_proj", s.hidden, s.shared);
  addPair(expert + ".up_proj", s.hidden, s.shared);
  addPair(expert + ".down_proj", s.shared, s.hidden);
  addPair(inLayer(layer, "mlp.shared_expert_gate"), s.hidden, 1);
  addPair(inLayer(layer, "self_attn.q_proj"), s.hidden, s.hidden);
}

void Draft::addPair(const std::string &module, int64_t in, int64_t out) {
  add(module + ".lora_A.weight", {recipe.rank, in});
  add(module + ".lora_B.weight", {out, recipe.rank});
}

void Draft::add(const std::string &name, const std::vector<int64_t> &shape) {
  size_t count = 1;
  for (int64_t size : shape)
    count *= static_cast<size_t>(size);
  uint64_t begin = data.size();
  addValues(count);
  entries.push_back(
      {name, moelora_dtype_name(recipe.dtype), shape, begin, data.size()});
}

/// Signed, and never zero.
void Draft::addValues(size_t count) {
  auto put = [&](auto value) {
    data.append(reinterpret_cast<const char *>(&value), sizeof value);
  };
  for (size_t i = 0; i < count; ++i) {
    float value = (static_cast<float>(below(values, 1000)) + 1) / 1000;
    value = values() % 2 ? value : -value;
    if (recipe.dtype == MOELORA_F32)
      put(value);
    else if (recipe.dtype == MOELORA_F16)
      put(narrow<F16>(value));
    else
      put(narrow<BF16>(value));
  }
}

void Draft::set(const std::string &key, const std::string &json) {
  for (auto &[name, value] : config)
    if (name == key) {
      value = json;
      return;
    }
  config.emplace_back(key, json);
}

void Draft::remove(size_t entry) {
  Entry gone = entries[entry];
  entries.erase(entries.begin() + static_cast<ptrdiff_t>(entry));
  data.erase(gone.begin, gone.bytes());
  for (Entry &other : entries)
    if (other.begin >= gone.end) {
      other.begin -= gone.bytes();
      other.end -= gone.bytes();
    }
}

Entry &Draft::pick(Random &random) {
  for (;;) {
    Entry &entry = entries[below(random, entries.size())];
    if (entry.inBlock())
      return entry;
  }
}

std::string Draft::configText() const {
  std::string text;
  for (const auto &[key, value] : config)
    text += (text.empty() ? "{\"" : ", \"") + key + "\": " + value;
  return text + "}";
}

std::string describe(const Entry &entry) {
  std::string shape;
  for (int64_t size : entry.shape)
    shape += (shape.empty() ? "" : ",") + std::to_string(size);
  return "\"" + entry.name + "\":{\"dtype\":\"" + entry.dtype +
         "\",\"shape\":[" + shape + "],\"data_offsets\":[" +
         std::to_string(entry.begin) + "," + std::to_string(entry.end) + "]}";
}

std::string Draft::header() const {
  std::string text;
  for (const Entry &entry : entries)
    text += (text.empty() ? "{" : ",") + describe(entry);
  return (text.empty() ? "{" : text) + "}";
}

std::string Draft::file() const { return putTogether(header(), data); }

void Draft::write(const Folder &folder) const {
  folder.write("adapter_config.json", configText());
  folder.write("adapter_model.safetensors", file());
}

std::string putTogether(const std::string &header, const std::string &data) {
  std::string file(sizeof(uint64_t), '\0');
  stateLength(file, header.size());
  return file + header + data;
}

uint64_t statedLength(const std::string &file) {
  uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  return length;
}

void stateLength(std::string &file, uint64_t length) {
  std::memcpy(file.data(), &length, sizeof length);
}

} // namespace moelora::test
