/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Structured mutations of good adapters. Each must open or be refused in words,
 * and no refused one may change the table; what opens must be fully readable.
 * Values are not looked at: a mutation may turn one good file into another.
 */
#include "Tables.h"

#include <cstring>
#include <functional>
#include <random>

using namespace moelora::test;

namespace {

using Random = std::mt19937;

size_t below(Random &random, size_t bound) {
  return bound ? random() % bound : 0;
}

std::string headerOf(const std::string &file) {
  uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  return file.substr(sizeof length, length);
}

std::string withHeader(const std::string &file, const std::string &header) {
  uint64_t length = header.size();
  std::string prefix(sizeof length, '\0');
  std::memcpy(prefix.data(), &length, sizeof length);
  return prefix + header + file.substr(sizeof length + headerOf(file).size());
}

/// Replaces one occurrence of `from`, a random one.
void replaceOne(std::string &text, const std::string &from,
                const std::string &to, Random &random) {
  std::vector<size_t> found;
  for (size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + 1))
    found.push_back(at);
  if (!found.empty())
    text.replace(found[below(random, found.size())], from.size(), to);
}

/// Ways to spoil the text of a header or a configuration.
void mutateText(std::string &text, Random &random) {
  static const char *const swaps[][2] = {{"lora_A", "lora_B"},
                                         {"experts", "expert"},
                                         {"\"F32\"", "\"F16\""},
                                         {"\"F32\"", "\"I32\""},
                                         {"base_layer.", ""},
                                         {"layers.0", "layers.2"},
                                         {"layers.0", "layers.99999999999"},
                                         {"[", "[["},
                                         {"}", "}}"},
                                         {",", ",9223372036854775807,"},
                                         {"0", "18446744073709551616"},
                                         {"1", "-1"},
                                         {"2", "1e3"},
                                         {"\"", "\\\""},
                                         {":", ":{\"a\":"},
                                         {"down_proj", "gate_up_proj"},
                                         {"LORA", "lora"},
                                         {"lora_alpha", "r"}};
  size_t kind = below(random, std::size(swaps) + 3), at;
  at = below(random, text.size());
  if (kind < std::size(swaps))
    replaceOne(text, swaps[kind][0], swaps[kind][1], random);
  else if (kind == std::size(swaps))
    text.erase(at, 1 + below(random, 20));
  else if (kind == std::size(swaps) + 1)
    text.insert(at, text.substr(below(random, text.size()), 40));
  else if (!text.empty())
    text[at] = static_cast<char>(random());
}

void mutateFile(std::string &file, Random &random) {
  std::string header = headerOf(file);
  switch (below(random, 5)) {
  case 0:
    file.resize(below(random, file.size()));
    return;
  case 1:
    file += std::string(1 + below(random, 8), '\0');
    return;
  case 2: // the length alone
    file[below(random, 8)] = static_cast<char>(random());
    return;
  default:
    mutateText(header, random);
    file = withHeader(file, header);
  }
}

/// Opens, assigns, reads everything and evicts; true when it opened.
bool use(const Folder &folder, Table &table) {
  Opened opened = open(folder, Model());
  if (opened.status != MOELORA_OK) {
    EXPECT_NE(opened.text, "");
    return false;
  }
  for (int layer : {0, 2})
    for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
      for (int e = 0; e < (p <= MOELORA_DOWN ? experts : 1); ++e)
        readPair(opened.get(), layer, p, e);
  int32_t id;
  EXPECT_EQ(table.assign("mutant", opened, id), MOELORA_OK) << table.text;
  EXPECT_EQ(moelora_slot_table_evict(table.table, id, nullptr), MOELORA_OK);
  return true;
}

void mutateMany(const std::function<Opened(const Folder &)> &make,
                unsigned seed, int count) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Folder good, bad;
  Opened resident = make(good);
  ASSERT_EQ(resident.status, MOELORA_OK) << resident.text;
  std::string config = good.read("adapter_config.json");
  std::string weights = good.read("adapter_model.safetensors");
  Table table;
  int32_t id;
  ASSERT_EQ(table.assign("resident", resident, id), MOELORA_OK);
  uint64_t entry = table.entry(0),
           bytes = moelora_slot_table_bytes(table.table);
  Random random(seed);
  int refused = 0;
  for (int i = 0; i < count; ++i) {
    std::string mutantConfig = config, mutantWeights = weights;
    if (below(random, 4) == 0)
      mutateText(mutantConfig, random);
    else
      mutateFile(mutantWeights, random);
    bad.write("adapter_config.json", mutantConfig);
    bad.write("adapter_model.safetensors", mutantWeights);
    refused += !use(bad, table);
    ASSERT_EQ(table.entry(0), entry);
    ASSERT_EQ(moelora_slot_table_bytes(table.table), bytes);
  }
  // The mutations do spoil files; an accepted one has another value or name.
  EXPECT_GT(refused, count / 2);
}

Opened plainAdapter(const Folder &folder) {
  Tensors tensors;
  for (const char *name : {"0.up_proj", "1.gate_proj", "2.up_proj"})
    addPair(tensors, inLayer(0, std::string("mlp.experts.") + name), 2, hidden,
            intermediate);
  addPair(tensors, inLayer(2, "mlp.gate"), 2, hidden, experts);
  writeAdapter(folder, config(2, 3, R"("rank_pattern": {"w[0-9]": 3})"),
               tensors);
  return open(folder, Model());
}

} // namespace

TEST(Hostile, mutated_packed_adapters) {
  mutateMany([](const Folder &folder) { return packedAdapter(folder, 2); }, 1,
             500);
}

TEST(Hostile, mutated_plain_adapters) { mutateMany(plainAdapter, 2, 500); }
