/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Small adapters on disk: a model of two MoE layers around a dense one, with
 * sizes that all differ, E = 3 experts and a shared expert.
 */
#ifndef MOELORA_TEST_RUNTIME_FILES_H
#define MOELORA_TEST_RUNTIME_FILES_H

#include "moelora/runtime/Adapter.h"
#include "moelora/runtime/Checkpoint.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace moelora::test {

/// A temporary folder of a test.
class Folder {
public:
  Folder();
  ~Folder();
  std::string operator/(const std::string &name) const {
    return path + "/" + name;
  }
  void write(const std::string &name, const std::string &content) const;
  std::string read(const std::string &name) const;
  std::vector<std::string> list() const;

  std::string path;
};

/// A matrix of f32, or a stack of `count` of them; random ones are signed and
/// reproducible.
struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<float> data;
  int64_t count = 0; ///< 0: no third dimension
  float operator()(int64_t i, int64_t j) const {
    return data[static_cast<size_t>(i * columns + j)];
  }
};
Matrix randomMatrix(int64_t rows, int64_t columns, unsigned seed);
Matrix randomStack(int64_t count, int64_t rows, int64_t columns, unsigned seed);

using Tensors = std::map<std::string, Matrix>;

/// Writes adapter_config.json and adapter_model.safetensors. BF16 cuts the
/// values off, and only F32 and BF16 are written.
void writeAdapter(const Folder &folder, const std::string &config,
                  const Tensors &tensors, int32_t dtype = MOELORA_F32);

/// {"peft_type": "LORA", "r": R, "lora_alpha": A, MORE}
std::string config(int rank, double alpha, const std::string &more = "");

/// Names below base_model.model.model.layers.N.
std::string inLayer(int layer, const std::string &rest);
/// Adds lora_A (rank, in) and lora_B (out, rank) of a module.
void addPair(Tensors &tensors, const std::string &module, int64_t rank,
             int64_t in, int64_t out, unsigned seed = 1);

constexpr int32_t experts = 3;
constexpr int64_t hidden = 8, intermediate = 5, sharedSize = 6;

/// Sites in layers 0 and 2 of 3; a copy may be changed before it is used.
struct Model {
  Model();
  Model(const Model &) = delete;
  moelora_adapter_target target() const;
  moelora_adapter_names names{};
  std::vector<moelora_adapter_site> sites;
};

/// A copy of a model's target that may outlive the model.
class Target {
public:
  explicit Target(const Model &model);
  Target(const Target &) = delete;
  const moelora_adapter_target *get() const { return &target; }

private:
  moelora_adapter_names names;
  std::vector<moelora_adapter_site> sites;
  moelora_adapter_target target;
};
/// That of a Model as it is made.
const moelora_adapter_target *usualTarget();

/// The result of opening.
struct Opened {
  moelora_status status = MOELORA_OK;
  std::string text;
  std::unique_ptr<moelora_adapter, void (*)(moelora_adapter *)> adapter{
      nullptr, moelora_adapter_close};
  std::shared_ptr<const Target> target; ///< of what `open` was given
  moelora_adapter *get() const { return adapter.get(); }
};
Opened open(const Folder &folder, const Model &model,
            int32_t layout = MOELORA_LAYOUT_DECIDE,
            int32_t columns = MOELORA_COLUMNS_DECIDE);

/// A pair as it is read back; rank 0: there is none.
struct Pair {
  moelora_pair_info info{};
  Matrix a, b;
};
Pair readPair(const moelora_adapter *adapter, int layer, int projection,
              int expert);

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_FILES_H
