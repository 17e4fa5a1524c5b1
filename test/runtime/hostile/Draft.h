/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The parts of an adapter: keys of its configuration, tensors with their
 * positions in the file, and their bytes. Each part can be corrupted before the
 * tests' own writer, which checks nothing, writes the adapter.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_DRAFT_H
#define MOELORA_TEST_RUNTIME_HOSTILE_DRAFT_H

#include "../Files.h"

#include <random>

namespace moelora::test {

using Random = std::mt19937;

/// A number in [0, bound); 0 where that is empty.
inline uint64_t below(Random &random, uint64_t bound) {
  return bound ? random() % bound : 0;
}

/// The sizes of the MoE layers, which are all different, so that no two shapes
/// are equal.
struct Sizes {
  int32_t experts = 3;
  int64_t hidden = 8, intermediate = 5, shared = 6;
};

/// The model of Files.h, with layers of these sizes.
struct SizedModel : Model {
  explicit SizedModel(const Sizes &sizes);
};

/// How the pairs are stored.
enum class Form { Plain, Natural, Transposed, SharedOuter, AllLinear };
constexpr int forms = 5;
const char *formName(Form form);

struct Recipe {
  Form form = Form::Plain;
  int32_t dtype = MOELORA_F32; ///< or F16, BF16
  int64_t rank = 2;
  Sizes sizes;
  unsigned seed = 1;
};

struct Entry {
  std::string name, dtype;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0; ///< in the data

  uint64_t bytes() const { return end - begin; }
  bool inBlock() const { return name.find(".mlp.") != std::string::npos; }
};

struct Draft {
  explicit Draft(const Recipe &recipe);

  /// Adds or replaces a key; `json` is its value.
  void set(const std::string &key, const std::string &json);
  void add(const std::string &name, const std::vector<int64_t> &shape);
  /// Removes a tensor and its bytes. The following tensors move.
  void remove(size_t entry);
  /// A random tensor of a MoE block.
  Entry &pick(Random &random);

  std::string configText() const;
  std::string header() const;
  /// Length, header, data.
  std::string file() const;
  void write(const Folder &folder) const;

  Recipe recipe;
  std::vector<std::pair<std::string, std::string>> config;
  std::vector<Entry> entries;
  std::string data;

private:
  void addPair(const std::string &module, int64_t in, int64_t out);
  void addPlain(int layer);
  void addPacked(int layer);
  void addSharedOuter(int layer);
  void addAround(int layer);
  void addValues(size_t count);

  Random values;
};

/// One tensor as the header describes it, `"NAME":{...}`.
std::string describe(const Entry &entry);

/// A file of this header and these bytes.
std::string putTogether(const std::string &header, const std::string &data);
/// The length that a file states for its header.
uint64_t statedLength(const std::string &file);
void stateLength(std::string &file, uint64_t length);

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_DRAFT_H
