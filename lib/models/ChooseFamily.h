// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which row of the family table a config.json asks for.
#ifndef MOELORA_LIB_MODELS_CHOOSEFAMILY_H
#define MOELORA_LIB_MODELS_CHOOSEFAMILY_H

#include "Family.h"

#include "moelora/models/Result.h"

#include <nlohmann/json.hpp>

namespace moelora::models {

struct Chosen {
  const Family *family = nullptr;
  std::string modelType;
  const nlohmann::json *config = nullptr; // what describes the text model
  std::string warning; // why the row may not be what the model's code does
};

/// By `model_type`, of the text part where there is one; by `architectures`
/// where no type is stated.
Result<Chosen> chooseFamily(const nlohmann::json &whole);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_CHOOSEFAMILY_H
