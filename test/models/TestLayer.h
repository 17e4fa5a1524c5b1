// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One small layer, by its config and by its tensors.
#ifndef MOELORA_TEST_MODELS_TESTLAYER_H
#define MOELORA_TEST_MODELS_TESTLAYER_H

#include "TestRead.h"

namespace moelora::models {

/// E = 3, k = 2, I = 4, H = 6.
inline std::string keys(const std::string &modelType,
                        const std::string &more = "") {
  return "\"model_type\": \"" + modelType +
         R"(", "num_hidden_layers": 1, "hidden_size": 6, "num_experts": 3,
         "num_experts_per_tok": 2, "dtype": "float32")" +
         more;
}

inline const std::string width = R"(, "moe_intermediate_size": 4)";

inline void addExperts(Tensors &file, const std::string &experts) {
  for (int e = 0; e < 3; ++e) {
    std::string one = experts + "." + std::to_string(e) + ".";
    file.add(one + "gate_proj.weight", {4, 6});
    file.add(one + "up_proj.weight", {4, 6});
    file.add(one + "down_proj.weight", {6, 4});
  }
}

inline void addMlp(Tensors &file, const std::string &module, int64_t size) {
  file.add(module + ".gate_proj.weight", {size, 6});
  file.add(module + ".up_proj.weight", {size, 6});
  file.add(module + ".down_proj.weight", {6, size});
}

} // namespace moelora::models

#endif // MOELORA_TEST_MODELS_TESTLAYER_H
