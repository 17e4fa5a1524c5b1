// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the row of the family table for a config.json.

#include "ChooseFamily.h"
#include "Config.h"
#include "FamilyTables.h"
#include "Nearest.h"

namespace moelora::models {

namespace {

using nlohmann::json;

/// The keys under which configs of several parts store the text model.
constexpr const char *textParts[][2] = {
    {"text_config"},
    {"language_config"},
    {"llm_config"},
    {"thinker_config", "text_config"},
};

/// Keys of files that are often named config.json but are not the configuration
/// of a model.
constexpr struct {
  const char *key;
  const char *file;
} otherFiles[] = {
    {"peft_type", "an adapter's configuration"},
    {"base_model_name_or_path", "an adapter's configuration"},
    {"_diffusers_version", "a configuration of diffusers"},
    {"weight_map", "the index of a checkpoint"},
    {"added_tokens_decoder", "a tokenizer's configuration"},
    {"image_processor_type", "an image processor's configuration"},
};

/// Parts of the types of models' parts that are no language model.
constexpr const char *otherParts[] = {"vision", "audio", "encoder",
                                      "code_predictor"};

/// Suffixes of class names after the family's name.
constexpr const char *classEnds[] = {"forcausallm", "forconditionalgeneration",
                                     "model"};

/// An object inside another one; null if there is none.
const json *inside(const json *object, const char *key) {
  auto entry = object->find(key);
  return entry != object->end() && entry->is_object() ? &*entry : nullptr;
}

const json *textPart(const json &config) {
  for (const auto &path : textParts) {
    const json *part = inside(&config, path[0]);
    if (part && path[1])
      part = inside(part, path[1]);
    if (part)
      return part;
  }
  return nullptr;
}

/// Empty if the value is absent or not a string.
std::string wordAt(const json &object, const char *key) {
  auto entry = object.find(key);
  return entry != object.end() && entry->is_string() ? entry->get<std::string>()
                                                     : "";
}

/// The class that the config names: the first of `architectures`, or that of
/// the code in the model's folder.
std::string classOf(const json &config) {
  auto list = config.find("architectures");
  if (list != config.end() && list->is_array() && !list->empty() &&
      list->front().is_string())
    return list->front().get<std::string>();
  std::string path;
  if (const json *map = inside(&config, "auto_map"))
    for (const char *key : {"AutoModelForCausalLM", "AutoModel"})
      path = path.empty() ? wordAt(*map, key) : path;
  return path.substr(path.rfind('.') + 1);
}

/// "Qwen3MoeForCausalLM" is of the family "qwen3moe".
std::string familyWord(const std::string &className) {
  std::string word = lettersOf(className);
  for (std::string_view end : classEnds) {
    size_t at = word.rfind(end);
    if (at != std::string::npos && at + end.size() == word.size())
      return word.substr(0, at);
  }
  return word;
}

/// The type of the class, if no type is stated.
std::string typeOfClass(const std::string &className) {
  std::string word = familyWord(className);
  for (const std::string &name : knownNames())
    if (lettersOf(name) == word)
      return name;
  for (const Alias &alias : familyAliases())
    if (alias.onlyClass && className == alias.onlyClass)
      return alias.modelType;
  return "";
}

/// Libraries write "" where a class has no type of its own.
bool hasType(const json &config) {
  static const json unnamed = "";
  auto type = config.find("model_type");
  return type != config.end() && !type->is_null() && *type != unnamed;
}

std::string typeOf(const json &config) {
  return hasType(config) ? wordAt(config, "model_type")
                         : typeOfClass(classOf(config));
}

/// Whether the name of the class begins with a name of this row.
bool isCalledAfter(const std::string &className, const Family &family) {
  std::string word = lettersOf(className);
  for (const std::string &name : familyNames())
    if (findFamily(name, className) == &family &&
        word.rfind(lettersOf(name), 0) == 0)
      return true;
  for (const Alias &alias : familyAliases())
    if (alias.onlyClass && className == alias.onlyClass)
      return family.modelType == std::string(alias.row);
  return false;
}

/// Code in a model's folder may compute anything.
std::string warnOfCode(const json &config, const Family &family) {
  std::string className = classOf(config);
  if (!config.contains("auto_map") || className.empty() ||
      isCalledAfter(className, family))
    return "";
  return "auto_map names code of the model's own, class " + show(className) +
         ": the layer is read as " + family.modelType +
         " computes it, because model_type says so";
}

std::string warnOfPart(const std::string &type, const Family &family) {
  return "model_type of the text part is " + show(type) +
         ", which is not known: the layer is read as " + family.modelType +
         " computes it, because model_type of the whole says so";
}

/// Where an object inside is of a known type; "" where none is.
std::string pointToPart(const json &config, const std::string &path = "",
                        int deeper = 1) {
  for (const auto &[key, part] : config.items()) {
    if (!part.is_object())
      continue;
    std::string type = typeOf(part);
    if (findFamily(type, classOf(part)))
      return "; its part " + path + key + " is of " + type +
             ", which can be given as a configuration of its own";
    std::string found =
        deeper > 0 ? pointToPart(part, path + key + ".", deeper - 1) : "";
    if (!found.empty())
      return found;
  }
  return "";
}

/// "gemma4_vision" is of another part of models whose text part is known.
bool isOtherPart(const std::string &type) {
  for (const std::string &name : knownNames()) {
    if (type.rfind(name + "_", 0) != 0)
      continue;
    for (const char *part : otherParts)
      if (type.find(part, name.size()) != std::string::npos)
        return true;
  }
  return false;
}

std::string unknownType(const json &config) {
  bool stated = config.contains("model_type"), named = hasType(config);
  for (const auto &other : otherFiles)
    if (!stated && config.contains(other.key))
      return std::string("expects a model's configuration, but ") + other.key +
             " tells that it is " + other.file;
  if (!named)
    return std::string("expects model_type to name a family of models, but it "
                       "is ") +
           (stated ? "empty, as in parts of a model's configuration"
                   : "absent") +
           byHand;
  std::string type = wordAt(config, "model_type");
  if (isOtherPart(type))
    return "expects the configuration of a whole model or of its language "
           "model, but model_type is " +
           show(type) + ", which names another part";
  std::string near = nearestNames(type);
  return "expects model_type to name a family that is known" +
         (near.empty() ? "" : ", such as " + near) + ", but it is " +
         show(config["model_type"]) + pointToPart(config) + byHand;
}

std::string unfit(const json &config) {
  std::string type = typeOf(config);
  const char *why = whyRefused(type);
  if (!why)
    return unknownType(config);
  return "expects a model whose layers fit, but model_type is " + show(type) +
         ", which does not fit: " + why + byHand;
}

} // namespace

Result<Chosen> chooseFamily(const json &whole) {
  const json *part = textPart(whole);
  const json &text = part ? *part : whole;
  std::string outer = typeOf(whole), inner = part ? typeOf(*part) : "";
  const Family *byOuter = findFamily(outer, classOf(whole));
  const Family *byInner = findFamily(inner, classOf(text));
  if (whyRefused(outer) && !byOuter)
    return Failure{unfit(whole)};
  // Users know the outer name, unless the inner one is a known type.
  if (whyRefused(inner) && !byInner)
    return Failure{unfit(text)};
  const Family *family = byInner ? byInner : byOuter;
  if (!family)
    return Failure{unfit(whole)};
  bool byPart = part && (byInner || text.contains("auto_map"));
  return Chosen{family, byOuter ? outer : inner, &text,
                !byInner && !inner.empty()
                    ? warnOfPart(inner, *family)
                    : warnOfCode(byPart ? text : whole, *family)};
}

} // namespace moelora::models
