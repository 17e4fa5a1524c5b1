// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the row of the family table for a config.json.
#ifndef MOELORA_LIB_MODELS_CHOOSEFAMILY_H
#define MOELORA_LIB_MODELS_CHOOSEFAMILY_H

#include "Family.h"

#include "moelora/models/Result.h"

#include <nlohmann/json.hpp>

namespace moelora::models {

struct Chosen {
  const Family *family = nullptr;
  std::string modelType;
  const nlohmann::json *config =
      nullptr;         // the object that describes the text model
  std::string warning; // why the model's code may differ from the row
};

/// Chooses by `model_type`, of the text part if there is one, or by
/// `architectures` if no type is stated.
Result<Chosen> chooseFamily(const nlohmann::json &whole);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_CHOOSEFAMILY_H
