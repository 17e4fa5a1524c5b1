// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads a config.json strictly: duplicate keys are refused, nesting and size
// are limited, and the type and range of every value are checked before it is
// used.
#ifndef MOELORA_LIB_MODELS_CONFIG_H
#define MOELORA_LIB_MODELS_CONFIG_H

#include "Keys.h"

#include "moelora/models/Result.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace moelora::models {

/// The text of a file. Refuses a file that is not regular or is too large.
Result<std::string> readConfigText(const std::string &path);

/// The object in `text`.
Result<nlohmann::json> parseConfig(const std::string &text);

/// Reads values by key and stores the first error, so that a caller reads all
/// values and checks for an error once. Null counts as absent unless a Number
/// gives it a meaning.
class Config {
public:
  /// Only `object` is searched.
  explicit Config(const nlohmann::json &object) : object(object) {}

  /// If a value is a list with one entry per layer, reads the entry of this
  /// layer. -1: a list is not a valid number.
  void useLayer(int layer) { this->layer = layer; }

  /// An integer in [1, most], which must be present.
  int64_t size(const Keys &keys, int64_t most);
  /// An integer in [0, most].
  int64_t count(const Count &count, int64_t most);
  /// A real number in [least, most].
  double number(const Number &number, double least, double most);
  bool flag(const Flag &flag);
  /// Empty if absent.
  std::string word(const Keys &keys);
  /// Integers in [0, most]; empty if absent.
  std::vector<int64_t> list(const char *key, int64_t most);
  /// Strings; empty if absent.
  std::vector<std::string> words(const Keys &keys);
  /// Refuses values other than those.
  void demand(const Demand &demand);
  /// Fails because a key must have one of those values.
  void failValue(const char *key, const nlohmann::json &allowed,
                 const std::string &because = "");

  /// The value on which all spellings agree, or null.
  const nlohmann::json *find(const Keys &keys);
  /// The first spelling that is present, even with null, or else the first of
  /// all.
  const char *spelling(const Keys &keys) const;
  /// Whether one of them is present and null.
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

/// Appended to messages about values that a row cannot express.
inline constexpr const char *byHand =
    "; such a layer can be stated by hand in MLIR and compiled from there";

/// A value as in the file, shortened if it is long.
std::string show(const nlohmann::json &value);

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_CONFIG_H
