/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Configurations with settings that would be ignored, that contradict the
 * tensors, or that are not valid.
 */
#include "Kinds.h"

namespace moelora::test {

using Text = std::string;

static bool set(Draft &draft, const Text &key, const Text &json) {
  return draft.set(key, json), true;
}

/// One of several keys, with a value of its own.
static bool setOne(Draft &draft, Random &random,
                   std::initializer_list<std::pair<Text, Text>> members) {
  auto [key, json] = oneOf(random, members);
  return set(draft, key, json);
}

static const std::vector<Kind> values = {
    {"setting that would be ignored", MOELORA_UNSUPPORTED, "expects no ",
     [](Draft &d, Random &r) {
       return setOne(d, r,
                     {{"use_dora", "true"},
                      {"lora_bias", "true"},
                      {"use_qalora", "true"},
                      {"something_new", "0"},
                      {"use_bdlora", R"({"a": 1})"},
                      {"layer_replication", "[[0, 2]]"},
                      {"arrow_config", R"({"top_k": 2})"},
                      {"alora_invocation_tokens", "[1]"}});
     }},
    {"method that changed the base", MOELORA_INVALID,
     "expects init_lora_weights|expects bias|expects peft_type",
     [](Draft &d, Random &r) {
       return setOne(d, r,
                     {{"init_lora_weights", "\"pissa\""},
                      {"init_lora_weights", "\"olora\""},
                      {"init_lora_weights", "\"loftq\""},
                      {"bias", "\"lora_only\""},
                      {"bias", "\"all\""},
                      {"peft_type", "\"LOHA\""}});
     }},
    {"module replaced as a whole", MOELORA_INVALID, "modules_to_save",
     [](Draft &d, Random &r) {
       return set(d, "modules_to_save",
                  oneOf<Text>(r, {R"(["mlp"])", R"(["experts.1.up_proj"])",
                                  R"(["lm_head", "gate"])"}));
     }},
    {"value of the wrong type", MOELORA_INVALID, "expects ",
     [](Draft &d, Random &r) {
       return setOne(d, r,
                     {{"r", "\"2\""},
                      {"r", "null"},
                      {"r", "[2]"},
                      {"lora_alpha", "\"3\""},
                      {"lora_alpha", "{}"},
                      {"use_rslora", "1"},
                      {"rank_pattern", "[1]"},
                      {"alpha_pattern", R"({"a": "b"})"},
                      {"target_parameters", "\"down_proj\""},
                      {"modules_to_save", "[1]"},
                      {"peft_type", "7"}});
     }},
    {"alpha that is no number", MOELORA_INVALID,
     "expects JSON|expects lora_alpha to be a number",
     [](Draft &d, Random &r) {
       return set(d, "lora_alpha",
                  oneOf<Text>(r, {"NaN", "Infinity", "-Infinity", "1e999",
                                  "0x10", ".5", "+1"}));
     }},
    {"rank that is no rank", MOELORA_INVALID, "expects r to be a rank from",
     [](Draft &d, Random &r) {
       return set(
           d, "r",
           oneOf<Text>(r, {"0", "-2", "65537", "2.0", "1e99",
                           "9223372036854775807", "99999999999999999999"}));
     }},
    {"rank of something else", MOELORA_INVALID,
     "expects tensor '|experts x rank",
     [](Draft &d, Random &r) {
       return set(d, "r", oneOf<Text>(r, {"1", "3", "4", "65536"}));
     }},
    {"rank by a pattern", MOELORA_INVALID, "expects tensor '|experts x rank",
     [](Draft &d, Random &r) {
       return set(d, "rank_pattern",
                  oneOf<Text>(r, {R"({".*": 3})", R"({".*\\..*": 1})",
                                  R"({"x": 9, ".*r.*": 64})"}));
     }},
    {"pattern that is none", MOELORA_INVALID, "_pattern",
     [](Draft &d, Random &r) {
       return setOne(d, r,
                     {{"rank_pattern", R"({"(": 2})"},
                      {"rank_pattern", R"({"a)|(b": 2})"},
                      {"alpha_pattern", R"({"[z-a]": 2})"},
                      {"alpha_pattern", R"({"*": 2})"},
                      {"rank_pattern", R"-({"(?=a)": 2})-"},
                      {"rank_pattern", R"({"a": 0})"}});
     }},
};

static const std::vector<Kind> documents = {
    {"key twice", MOELORA_INVALID, "duplicate key",
     [](Draft &d, Random &r) {
       return d.config.push_back(d.config[below(r, d.config.size())]), true;
     }},
    {"configuration nested deeply", MOELORA_INVALID, "levels of nesting",
     [](Draft &d, Random &r) {
       return set(d, "revision", Text(100 + below(r, 50000), '['));
     }},
    {"configuration that is no JSON", MOELORA_INVALID, "expects JSON",
     [](Draft &d, Random &r) {
       return set(
           d, "revision",
           oneOf<Text>(r, {"", "'x'", "\xff", "1} x", "\"\x01\"", "// x"}));
     }},
    {"layers_to_transform, which is no filter", MOELORA_OK, "",
     [](Draft &d, Random &r) {
       return set(d, "layers_to_transform",
                  oneOf<Text>(r, {"[7]", "7", "[]", "[0]"}));
     }},
    {"settings that mean nothing here", MOELORA_OK, "",
     [](Draft &d, Random &r) {
       return setOne(d, r,
                     {{"use_dora", "false"},
                      {"something_new", "null"},
                      {"target_modules", "\"all-linear\""},
                      {"fan_in_fan_out", "true"},
                      {"rank_pattern", R"({"nobody": 7})"},
                      {"lora_dropout", "0.5"}});
     }},
};

const std::vector<Kind> &settingKinds() { return values; }
const std::vector<Kind> &configKinds() { return documents; }

} // namespace moelora::test
