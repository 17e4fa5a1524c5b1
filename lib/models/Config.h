// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A config.json, read strictly: keys once, nesting and size bounded, every
// value checked for its type and range before anybody computes with it.
#ifndef MOELORA_LIB_MODELS_CONFIG_H
#define MOELORA_LIB_MODELS_CONFIG_H

#include "Keys.h"

#include "moelora/models/Result.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace moelora::models {

/// Text of a file; a file that is no regular one, or too large, is refused.
Result<std::string> readConfigText(const std::string &path);

/// The object in `text`.
Result<nlohmann::json> parseConfig(const std::string &text);

/// Reads values by key and remembers the first that breaks a rule, so that a
/// caller asks for everything and looks once. Null counts as absent unless a
/// number says what it means.
class Config {
public:
  /// What is not found in `object` is not looked for elsewhere.
  explicit Config(const nlohmann::json &object) : object(object) {}

  /// Reads the entry of this layer where a value is a list with an entry a
  /// layer; -1: lists are no numbers.
  void useLayer(int layer) { this->layer = layer; }

  /// An integer in [1, most]; absent is an error.
  int64_t size(const Keys &keys, int64_t most);
  /// An integer in [0, most].
  int64_t count(const Count &count, int64_t most);
  /// A real number in [least, most].
  double number(const Number &number, double least, double most);
  bool flag(const Flag &flag);
  /// Empty when absent.
  std::string word(const Keys &keys);
  /// Integers in [0, most]; empty when absent.
  std::vector<int64_t> list(const char *key, int64_t most);
  /// Words; empty when absent.
  std::vector<std::string> words(const Keys &keys);
  /// Refuses values that are none of those.
  void demand(const Demand &demand);
  /// Says that a key is expected to have one of those values.
  void failValue(const char *key, const nlohmann::json &allowed,
                 const std::string &because = "");

  /// The value that the spellings agree on, or null.
  const nlohmann::json *find(const Keys &keys);
  /// The first spelling that is there, also with null, or the first of all.
  const char *spelling(const Keys &keys) const;
  /// Whether one of them is there and null.
  bool isNull(const Keys &keys) const;

  void fail(std::string message);
  const std::string &failure() const { return message; }

private:
  const nlohmann::json &object;
  int layer = -1;
  std::string message;

  const nlohmann::json *at(const char *path) const;
  void failRange(const Keys &keys, const char *what, const std::string &range,
                 const nlohmann::json *value);
};

/// Appended where the config asks for what a row cannot express.
inline constexpr const char *byHand =
    "; such a layer can be stated by hand in MLIR and compiled from there";

/// A value as it stands in the file, shortened where it is long.
std::string show(const nlohmann::json &value);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_CONFIG_H
