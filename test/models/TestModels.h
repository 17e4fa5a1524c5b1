// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small configurations as text, with single keys replaced.
#ifndef MOELORA_TEST_MODELS_TESTMODELS_H
#define MOELORA_TEST_MODELS_TESTMODELS_H

#include "moelora/models/Model.h"

#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace moelora::models {

/// A path of this process alone.
inline std::string temporaryPath(const std::string &name) {
  return testing::TempDir() + "/moelora-" + std::to_string(getpid()) + "-" +
         name;
}

/// `changes` is inserted before the closing brace: "\"hidden_size\": 8".
inline std::string withKeys(const std::string &keys,
                            const std::string &changes = "") {
  return "{" + keys + (changes.empty() ? "" : ", " + changes) + "}";
}

inline const std::string qwen3Keys =
    R"("model_type": "qwen3_moe", "num_hidden_layers": 4, "hidden_size": 64,
       "moe_intermediate_size": 24, "num_experts": 8,
       "num_experts_per_tok": 2)";

inline const std::string qwen2Keys =
    R"("model_type": "qwen2_moe", "num_hidden_layers": 1, "hidden_size": 6,
       "moe_intermediate_size": 4, "shared_expert_intermediate_size": 5,
       "num_experts": 3, "num_experts_per_tok": 2)";

inline const std::string mixtralKeys =
    R"("model_type": "mixtral", "num_hidden_layers": 2, "hidden_size": 6,
       "intermediate_size": 4, "num_local_experts": 3,
       "num_experts_per_tok": 2)";

/// The message that refuses `text`, without the origin; "" when it loads.
inline std::string refusal(const std::string &text) {
  Result<Model> model = parseModel(text, "config.json");
  std::string origin = "config.json: ";
  return model ? "" : model.message().substr(origin.size());
}

/// The refusal of qwen3Keys with `key` replaced by `value`.
inline std::string refusalOf(const std::string &key, const std::string &value) {
  std::string keys = qwen3Keys;
  size_t at = keys.find("\"" + key + "\"");
  if (at == std::string::npos)
    return refusal(withKeys(keys, "\"" + key + "\": " + value));
  size_t colon = keys.find(": ", at) + 2;
  size_t end = std::min(keys.find(',', colon), keys.size());
  keys.replace(colon, end - colon, value);
  return refusal(withKeys(keys));
}

/// The end of refusals of layers that the dialect can express.
inline const std::string byHand =
    "; such a layer can be stated by hand in MLIR and compiled from there";

/// The refusal of a config of four layers with hidden size 16.
inline std::string refusalOfSmall(const std::string &modelType,
                                  const std::string &keys) {
  return refusal("{\"model_type\": \"" + modelType +
                 R"(", "num_hidden_layers": 4, "hidden_size": 16, )" + keys +
                 "}");
}

} // namespace moelora::models

#endif // MOELORA_TEST_MODELS_TESTMODELS_H
