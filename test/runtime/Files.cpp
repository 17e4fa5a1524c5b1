/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Writes the tests' adapters.
 */
#include "Files.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <unistd.h>

namespace moelora::test {

namespace fs = std::filesystem;

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "moelora-XXXXXX").string();
  path = ::mkdtemp(name.data());
}

Folder::~Folder() { fs::remove_all(path); }

void Folder::write(const std::string &name, const std::string &content) const {
  std::ofstream(*this / name, std::ios::binary) << content;
}

std::string Folder::read(const std::string &name) const {
  std::ifstream file(*this / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> Folder::list() const {
  std::vector<std::string> names;
  for (const fs::directory_entry &entry : fs::directory_iterator(path))
    names.push_back(entry.path().filename().string());
  return names;
}

Matrix randomMatrix(int64_t rows, int64_t columns, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Matrix matrix{rows, columns, {}, 0};
  for (int64_t i = 0; i < rows * columns; ++i)
    matrix.data.push_back(uniform(generator));
  return matrix;
}

Matrix randomStack(int64_t count, int64_t rows, int64_t columns,
                   unsigned seed) {
  Matrix stack = randomMatrix(count * rows, columns, seed);
  stack.rows = rows;
  stack.count = count;
  return stack;
}

/// The upper halves of f32 values are bf16 values.
static std::vector<uint16_t> upperHalves(const std::vector<float> &values) {
  std::vector<uint16_t> halves;
  for (float value : values) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    halves.push_back(static_cast<uint16_t>(bits >> 16));
  }
  return halves;
}

void writeAdapter(const Folder &folder, const std::string &config,
                  const Tensors &tensors, int32_t dtype) {
  folder.write("adapter_config.json", config);
  std::vector<moelora_tensor_data> all;
  std::vector<std::vector<uint16_t>> halves;
  for (const auto &[name, matrix] : tensors) {
    const void *data = matrix.data.data();
    if (dtype == MOELORA_BF16)
      data = halves.emplace_back(upperHalves(matrix.data)).data();
    if (matrix.count)
      all.push_back({name.c_str(),
                     dtype,
                     3,
                     {matrix.count, matrix.rows, matrix.columns},
                     data});
    else
      all.push_back(
          {name.c_str(), dtype, 2, {matrix.rows, matrix.columns}, data});
  }
  std::string path = folder / "adapter_model.safetensors";
  ASSERT_EQ(moelora_safetensors_write(path.c_str(), all.data(),
                                      static_cast<int64_t>(all.size()),
                                      nullptr),
            MOELORA_OK);
}

std::string config(int rank, double alpha, const std::string &more) {
  std::ostringstream text;
  text << "{\"peft_type\": \"LORA\", \"r\": " << rank
       << ", \"lora_alpha\": " << alpha << (more.empty() ? "" : ", ") << more
       << "}";
  return text.str();
}

std::string inLayer(int layer, const std::string &rest) {
  return "base_model.model.model.layers." + std::to_string(layer) + "." + rest;
}

void addPair(Tensors &tensors, const std::string &module, int64_t rank,
             int64_t in, int64_t out, unsigned seed) {
  tensors[module + ".lora_A.weight"] = randomMatrix(rank, in, 2 * seed);
  tensors[module + ".lora_B.weight"] = randomMatrix(out, rank, 2 * seed + 1);
}

static const char *const blockNames[] = {"mlp", "block_sparse_moe", nullptr};
static const char *const expertsName[] = {"experts", nullptr};
static const char *const gateNames[] = {"gate_proj", "w1", nullptr};
static const char *const upNames[] = {"up_proj", "w3", nullptr};
static const char *const downNames[] = {"down_proj", "w2", nullptr};
static const char *const gateUpName[] = {"gate_up_proj", nullptr};
static const char *const routerName[] = {"gate", nullptr};
static const char *const sharedName[] = {"shared_expert", nullptr};
static const char *const scoreName[] = {"shared_expert_gate", nullptr};

Model::Model() {
  names.block = blockNames;
  names.experts = expertsName;
  names.gate = names.shared_gate = gateNames;
  names.up = names.shared_up = upNames;
  names.down = names.shared_down = names.packed_down = downNames;
  names.packed_gate_up = gateUpName;
  names.router = routerName;
  names.shared = sharedName;
  names.shared_score = scoreName;
  names.blind_rule = MOELORA_BLIND_OUT_IN;
  moelora_adapter_site site{};
  site.size = sizeof site;
  site.storage = MOELORA_STORED_OUT_IN | MOELORA_STORED_IN_OUT;
  site.experts = experts;
  site.hidden = hidden;
  site.intermediate = intermediate;
  site.shared = sharedSize;
  site.gated = 1;
  site.names = &names;
  sites = {site, site};
  sites[1].layer = 2;
}

moelora_adapter_target Model::target() const {
  return {sizeof(moelora_adapter_target), static_cast<int32_t>(sites.size()),
          sites.data(), 3, 0};
}

Target::Target(const Model &model) : names(model.names), sites(model.sites) {
  for (moelora_adapter_site &site : sites)
    site.names = &names;
  target = model.target();
  target.site = sites.data();
}

const moelora_adapter_target *usualTarget() {
  static const Target usual{Model()};
  return usual.get();
}

Opened open(const Folder &folder, const Model &model, int32_t layout,
            int32_t columns) {
  Opened opened;
  opened.target = std::make_shared<Target>(model);
  moelora_adapter *adapter = nullptr;
  moelora_error *error = nullptr;
  moelora_adapter_options stated = {sizeof stated, layout, columns, 0};
  opened.status = moelora_adapter_open(
      folder.path.c_str(), opened.target->get(), &stated, &adapter, &error);
  opened.text = moelora_error_text(error);
  moelora_error_free(error);
  opened.adapter.reset(adapter);
  return opened;
}

Pair readPair(const moelora_adapter *adapter, int layer, int projection,
              int expert) {
  Pair pair;
  pair.info.size = sizeof pair.info;
  if (moelora_adapter_pair(adapter, layer, projection, expert, &pair.info) !=
      MOELORA_OK)
    return pair;
  pair.a = {pair.info.rank, pair.info.in, {}, 0};
  pair.a.data.resize(static_cast<size_t>(pair.a.rows * pair.a.columns));
  pair.b = {pair.info.out, pair.info.rank, {}, 0};
  pair.b.data.resize(static_cast<size_t>(pair.b.rows * pair.b.columns));
  for (auto [read, matrix] : {std::pair(&moelora_adapter_read_a, &pair.a),
                              {&moelora_adapter_read_b, &pair.b}})
    EXPECT_EQ(
        read(adapter, layer, projection, expert, matrix->data.data(), nullptr),
        MOELORA_OK);
  return pair;
}

} // namespace moelora::test
