/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads adapter_config.json.
 */
#include "adapter/AdapterConfig.h"

#include "adapter/AdapterPath.h"
#include "base/Text.h"
#include "files/File.h"
#include "files/JsonTree.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

using namespace moelora;

namespace {

/// Real files have 1 to 50 KB; a rank for every module of a large model takes
/// 5 MB, and an alpha as much.
constexpr uint64_t maxConfigBytes = 16 << 20;

/// The largest models have about 70,000 modules.
constexpr size_t maxPatterns = 1 << 17;

/// Keys that this file reads itself.
constexpr const char *usedKeys[] = {"peft_type",
                                    "r",
                                    "lora_alpha",
                                    "use_rslora",
                                    "rank_pattern",
                                    "alpha_pattern",
                                    "target_parameters",
                                    "modules_to_save",
                                    "bias",
                                    "init_lora_weights",
                                    "peft_version",
                                    "lora_B_layout",
                                    "unsloth_fused_expert_lora"};

/// Keys that do not change the meaning of the tensors. The stated targets are
/// only informative, because the tensors that are present determine what is
/// adapted. In particular, layers_to_transform is not a filter: without
/// layers_pattern the library compares it with the number of an expert.
constexpr const char *harmlessKeys[] = {
    "auto_mapping",      "base_model_name_or_path",
    "corda_config",      "ensure_weight_tying",
    "eva_config",        "exclude_modules",
    "fan_in_fan_out",    "inference_mode",
    "layers_pattern",    "layers_to_transform",
    "loftq_config",      "lora_dropout",
    "lora_ga_config",    "megatron_config",
    "megatron_core",     "merge_weights",
    "qalora_group_size", "revision",
    "runtime_config",    "target_modules",
    "task_type",         "trainable_token_indices",
    "velora_config"};

/// Such keys of other programs than PEFT, which describe the training.
constexpr const char *trainingKeys[] = {
    "lora_dtype",   "loraplus_lr_embedding", "loraplus_lr_ratio",
    "lorap_emb_lr", "lorap_lr_ratio",        "swift_type"};

/// Initialisations that do not change the base weights, in lower case, because
/// the library ignores the case.
constexpr const char *plainInits[] = {"gaussian", "eva", "mica", "orthogonal"};

template <typename List>
bool contains(const List &list, const std::string &text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

/// "0.17.1" and nothing else.
std::optional<std::array<int, 3>> releaseOf(std::string_view text) {
  std::array<int, 3> release{};
  for (int &number : release) {
    const char *end = text.end();
    auto [next, error] = std::from_chars(text.begin(), end, number);
    bool isLast = &number == &release.back();
    if (error != std::errc() || number < 0 ||
        (isLast ? next != end : next == end || *next != '.'))
      return std::nullopt;
    text.remove_prefix(static_cast<size_t>(next - text.begin()));
    if (!isLast)
      text.remove_prefix(1);
  }
  return release;
}

/// Such as "transformers_version": "5.24.0", which tells what wrote the file.
bool isVersion(std::string_view key, const JsonValue &value) {
  constexpr std::string_view end = "_version";
  return value.kind == JsonValue::String && key.size() > end.size() &&
         key.substr(key.size() - end.size()) == end;
}

std::string lowered(std::string text) {
  for (char &c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

class ConfigReader {
public:
  ConfigReader(const std::string &path, const JsonValue &root, Work &work)
      : path(path), root(root), work(work) {}

  AdapterConfig read() {
    if (root.kind != JsonValue::Object)
      refuse("an object at the top", valueText(root));
    checkKind();
    checkUnknownKeys();
    AdapterConfig config;
    config.rank = rank("r", value("r"));
    config.alpha = number("lora_alpha", value("lora_alpha"));
    config.rankStabilized = flag("use_rslora");
    patterns("rank_pattern", config.ranks);
    patterns("alpha_pattern", config.alphas);
    readTargets(config);
    config.modulesToSave = strings("modules_to_save");
    readVersion(config);
    config.columns = readColumns(root, path);
    return config;
  }

private:
  [[noreturn]] void refuse(const std::string &rule, const std::string &found) {
    fail(path + ": expects " + rule + ", but it is " + found);
  }

  const JsonValue &value(const char *key) {
    static const JsonValue null;
    const JsonValue *found = root.find(key);
    return found ? *found : null;
  }

  void checkKind() {
    for (const char *key : {"fine_tune_type", "lora_parameters"})
      if (root.find(key))
        refuse("an adapter of PEFT",
               std::string("one of MLX, as ") + key +
                   " says; train it with PEFT, or fuse it into its model");
    const JsonValue &type = value("peft_type");
    if (type.kind != JsonValue::String || type.string != "LORA")
      refuse("peft_type to be 'LORA'", valueText(type));
    const JsonValue &bias = value("bias");
    if (bias.kind != JsonValue::Null && bias.string != "none")
      refuse("bias to be 'none', because trained biases are not part of a pair",
             valueText(bias));
    const JsonValue &init = value("init_lora_weights");
    bool plain = init.kind == JsonValue::Null ||
                 init.kind == JsonValue::Boolean ||
                 (init.kind == JsonValue::String &&
                  contains(plainInits, lowered(init.string)));
    if (!plain)
      refuse("init_lora_weights to be a method that leaves the base as it was",
             valueText(init));
  }

  void checkUnknownKeys() {
    for (const auto &[key, value] : root.members)
      if (!value.isNeutral() && !contains(usedKeys, key) &&
          !contains(harmlessKeys, key) && !contains(trainingKeys, key) &&
          !isVersion(key, value))
        fail(path + ": expects no " + cutText(key, 64) +
                 ", which this version cannot honour, but it is " +
                 valueText(value),
             MOELORA_UNSUPPORTED);
  }

  bool flag(const char *key) {
    const JsonValue &found = value(key);
    if (found.kind != JsonValue::Null && found.kind != JsonValue::Boolean)
      refuse(std::string(key) + " to be a boolean", valueText(found));
    return found.boolean;
  }

  double number(const std::string &key, const JsonValue &found) {
    if (!found.isNumber() || !std::isfinite(found.real))
      refuse(key + " to be a number", valueText(found));
    return found.real;
  }

  int64_t rank(const std::string &key, const JsonValue &found) {
    if (found.kind != JsonValue::Integer || found.integer < 1 ||
        found.integer > maxAdapterRank)
      refuse(key + " to be a rank from 1 to " + std::to_string(maxAdapterRank),
             valueText(found));
    return found.integer;
  }

  void patterns(const char *key, PatternValues &into) {
    const JsonValue &found = value(key);
    if (found.isNeutral())
      return;
    if (found.kind != JsonValue::Object || found.members.size() > maxPatterns)
      refuse(std::string(key) + " to be an object of at most " +
                 std::to_string(maxPatterns) + " patterns",
             found.kind == JsonValue::Object
                 ? "one of " + std::to_string(found.members.size())
                 : valueText(found));
    bool ranks = std::string_view(key) == "rank_pattern";
    for (const auto &[pattern, member] : found.members) {
      std::string what = std::string(key) + "[" + quoted(pattern) + "]";
      double value = ranks ? static_cast<double>(rank(what, member))
                           : number(what, member);
      add(key, pattern, into.patterns);
      into.values.push_back(value);
    }
  }

  void add(const char *key, const std::string &pattern, Patterns &to) {
    try {
      to.add(bare.of(pattern), work);
    } catch (const Failure &failure) {
      fail(path + ": " + key + ": " + failure.text, failure.status);
    }
  }

  void readTargets(AdapterConfig &config) {
    config.targetParameters = strings("target_parameters");
    std::vector<std::string> atDots;
    for (const std::string &target : config.targetParameters)
      atDots.push_back("." + target);
    config.targets = Endings(atDots, work);
  }

  std::vector<std::string> strings(const char *key) {
    const JsonValue &found = value(key);
    std::vector<std::string> all;
    if (found.isNeutral())
      return all;
    bool right = found.kind == JsonValue::Array;
    for (const JsonValue &item : found.items) {
      right = right && item.kind == JsonValue::String && !item.string.empty();
      all.emplace_back(bare.of(item.string));
    }
    if (!right)
      refuse(std::string(key) + " to be a list of names", valueText(found));
    return all;
  }

  void readVersion(AdapterConfig &config) {
    const JsonValue &found = value("peft_version");
    config.peftVersion = found.string;
    // A pre-release may write either layout, so it does not determine the
    // layout.
    if (std::optional<std::array<int, 3>> release = releaseOf(found.string))
      config.release = *release;
  }

  const std::string &path;
  const JsonValue &root;
  Work &work;
  BareNames bare;
};

} // namespace

const double *PatternValues::find(std::string_view name, Work &work) const {
  if (values.empty())
    return nullptr;
  int64_t first = patterns.firstMatch(name, work);
  return first < 0 ? nullptr : &values[static_cast<size_t>(first)];
}

int64_t AdapterConfig::rankOf(std::string_view name, Work &work) const {
  const double *match = ranks.find(name, work);
  return match ? static_cast<int64_t>(*match) : rank;
}

double AdapterConfig::alphaOf(std::string_view name, Work &work) const {
  const double *match = alphas.find(name, work);
  return match ? *match : alpha;
}

double AdapterConfig::scale(double alpha, int64_t rank) const {
  using Limits = std::numeric_limits<float>;
  double divisor = static_cast<double>(rank);
  double scale = alpha / (rankStabilized ? std::sqrt(divisor) : divisor);
  double size = std::abs(scale);
  if (size > Limits::max() || (size != 0 && size < Limits::min())) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", scale);
    fail("expects alpha and rank to give a scale that f32 holds, but it is " +
         std::string(text));
  }
  return scale;
}

bool AdapterConfig::targetsParameter(std::string_view name, Work &work) const {
  return targets.endOf("." + std::string(name), work).has_value();
}

AdapterConfig moelora::parseAdapterConfig(std::string_view text,
                                          const std::string &what, Work &work) {
  if (text.size() > maxConfigBytes)
    fail("expects " + what + " to have at most " +
         std::to_string(maxConfigBytes) + " bytes, but it has " +
         std::to_string(text.size()));
  JsonValue root = parseJsonTree(text, what, work);
  return ConfigReader(what, root, work).read();
}

AdapterConfig moelora::readAdapterConfig(const std::string &path, Work &work) {
  std::string text = readText(path, maxConfigBytes);
  work.look();
  return parseAdapterConfig(text, path, work);
}
