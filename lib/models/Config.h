// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A config.json, read strictly: keys once, nesting and size bounded, every
// value checked for its type and range before anybody computes with it.
#ifndef MOELORA_LIB_MODELS_CONFIG_H
#define MOELORA_LIB_MODELS_CONFIG_H

#include "Family.h"

#include "moelora/models/Result.h"

#include <nlohmann/json.hpp>
#include <optional>

namespace moelora::models {

/// Text of a file; a file that is no regular one, or too large, is refused.
Result<std::string> readConfigText(const std::string &path);

/// The object in `text`.
Result<nlohmann::json> parseConfig(const std::string &text);

/// Reads values by key and remembers the first that breaks a rule, so that a
/// caller asks for everything and looks once. Null counts as absent.
class Config {
public:
  explicit Config(const nlohmann::json &object) : object(object) {}

  /// An integer in [1, most]; absent is an error without `absent`.
  int64_t count(const Keys &keys, int64_t most,
                std::optional<int64_t> absent = std::nullopt);
  bool flag(const Flag &flag);
  /// Empty when absent.
  std::string word(const Keys &keys);
  /// Integers in [0, most]; empty when absent.
  std::vector<int64_t> list(const char *key, int64_t most);
  /// The value itself, or null.
  const nlohmann::json *find(const Keys &keys);

  void fail(std::string message);
  const std::string &failure() const { return message; }

private:
  const nlohmann::json &object;
  std::string message;
};

/// A value as it stands in the file, shortened where it is long.
std::string show(const nlohmann::json &value);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_CONFIG_H
