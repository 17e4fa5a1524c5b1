// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer's operands as they come out of a checkpoint.
#ifndef MOELORA_TEST_MODELS_TESTREAD_H
#define MOELORA_TEST_MODELS_TESTREAD_H

#include "TestTensors.h"

#include <map>

namespace moelora::models {

/// The operands of a layer, read as f32.
class Read {
public:
  Read(const std::string &keys, const Tensors &tensors, int layer = 0) {
    Result<Model> model = parseModel("{" + keys + "}", "config.json");
    EXPECT_TRUE(model) << model.message();
    auto file = tensors.open();
    auto bound = bindWeights(*model, layer, file.get());
    error = bound ? "" : bound.message();
    for (size_t i = 0; bound && i < bound->size(); ++i)
      read((*bound)[i]);
  }

  std::string error; // of binding or of reading

  bool has(moelora_role role) const { return operands.count(role); }
  const Shape &shape(moelora_role role) const {
    return operands.at(role).shape;
  }
  const std::vector<float> &values(moelora_role role) const {
    return operands.at(role).values;
  }

  /// Every element is the one that `expected` finds by its indices.
  template <typename Expected>
  void expect(moelora_role role, Expected expected) const {
    const Operand &operand = operands.at(role);
    Shape index(operand.shape.size(), 0);
    for (float value : operand.values) {
      ASSERT_EQ(value, expected(index));
      for (size_t i = index.size(); i-- > 0;) {
        if (++index[i] < operand.shape[i])
          break;
        index[i] = 0;
      }
    }
  }

  /// The operand is this tensor.
  void expectIs(moelora_role role, const Tensors &file,
                const std::string &tensor) const {
    ASSERT_TRUE(has(role));
    size_t rank = file.rank(tensor);
    expect(role, [&](Shape index) {
      // Operands have dimensions of 1 in front that files have not.
      while (index.size() > rank)
        index.erase(index.begin());
      return file.at(tensor, index);
    });
  }

private:
  struct Operand {
    Shape shape;
    std::vector<float> values;
  };
  std::map<int, Operand> operands;

  void read(const BoundOperand &bound) {
    Operand &operand = operands[bound.operand().role];
    operand.shape = bound.operand().shape;
    operand.values.resize(size_t(bound.operand().elements()));
    std::string failure = bound.read(operand.values.data(), MOELORA_F32);
    error = error.empty() ? failure : error;
  }
};

} // namespace moelora::models

#endif // MOELORA_TEST_MODELS_TESTREAD_H
