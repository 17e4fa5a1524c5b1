/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Invalid headers: wrong lengths, text that is not JSON, and JSON of another
 * format.
 */
#include "Kinds.h"

namespace moelora::test {

constexpr size_t prefix = sizeof(uint64_t);
constexpr uint64_t longestHeader = 100'000'000;

static std::string headerOf(const std::string &file) {
  return file.substr(prefix, statedLength(file));
}

static bool withHeader(std::string &file, const std::string &header) {
  file = putTogether(header, file.substr(prefix + statedLength(file)));
  return true;
}

/// Replaces one occurrence of `from`, a random one.
static bool replaceOne(std::string &file, Random &random,
                       const std::string &from, const std::string &to) {
  std::string header = headerOf(file);
  std::vector<size_t> found;
  for (size_t at = header.find(from); at != std::string::npos;
       at = header.find(from, at + 1))
    found.push_back(at);
  if (found.empty())
    return false;
  header.replace(found[below(random, found.size())], from.size(), to);
  return withHeader(file, header);
}

static bool state(std::string &file, uint64_t length) {
  return stateLength(file, length), true;
}

static std::string times(const std::string &text, size_t count) {
  std::string all;
  while (count-- > 0)
    all += text;
  return all;
}

static bool deepNesting(std::string &file, Random &random) {
  size_t depth = 50000;
  return withHeader(file, below(random, 2) ? times("[", depth)
                                           : times("{\"a\":", depth));
}

/// A size or an offset that is no integer of 63 bits.
static bool strangeNumber(std::string &file, Random &random) {
  return replaceOne(file, random, "[2,",
                    oneOf<std::string>(random, {"[2.0,", "[2e0,", "[-0.0,",
                                                "[18446744073709551616,",
                                                "[1e999999,", "[-2,"}));
}

static bool strangeValue(std::string &file, Random &random) {
  return replaceOne(file, random, "[2,",
                    oneOf<std::string>(random, {"[\"2\",", "[null,", "[true,",
                                                "[[2],", "[{\"a\":2},"}));
}

static const std::vector<Kind> lengths = {
    {"length of the header 0", MOELORA_INVALID, "expects JSON",
     [](std::string &f, Random &) { return state(f, 0); }},
    {"length of the header beyond all files", MOELORA_INVALID,
     "expects a header of at most",
     [](std::string &f, Random &r) {
       return state(f, UINT64_MAX - below(r, 1000));
     }},
    {"header one byte too long for any", MOELORA_INVALID,
     "expects a header of at most",
     [](std::string &f, Random &) { return state(f, longestHeader + 1); }},
    {"header that passes the end", MOELORA_INVALID, "reaches past the end",
     [](std::string &f, Random &r) {
       return state(f, f.size() - prefix + 1 + below(r, 100000));
     }},
    {"header cut short", MOELORA_INVALID, "expects JSON",
     [](std::string &f, Random &r) {
       return state(f, 1 + below(r, statedLength(f) - 1));
     }},
    {"header that takes in data", MOELORA_INVALID, "expects JSON",
     [](std::string &f, Random &r) {
       return state(f, statedLength(f) + 16 + below(r, 60));
     }},
    {"cut anywhere", MOELORA_INVALID, "is truncated|reaches past the end",
     [](std::string &f, Random &r) {
       return f.resize(below(r, f.size())), true;
     }},
    {"empty file", MOELORA_INVALID, "is truncated",
     [](std::string &f, Random &) { return f.clear(), true; }},
};

static const std::vector<Kind> texts = {
    {"deep nesting", MOELORA_INVALID, "unexpected|unknown field", deepNesting},
    {"bytes that are no UTF-8", MOELORA_INVALID, "expects JSON",
     [](std::string &f, Random &r) {
       return replaceOne(f, r, "lora",
                         oneOf<std::string>(r, {"\xff", "\xc0\xaf", "\x80",
                                                "\xed\xa0\x80", "\xf8"}));
     }},
    {"half of a surrogate pair", MOELORA_INVALID, "expects JSON",
     [](std::string &f, Random &r) {
       return replaceOne(f, r, "lora", "\\ud800");
     }},
    {"control character", MOELORA_INVALID, "without control characters",
     [](std::string &f, Random &r) {
       return replaceOne(
           f, r, "lora",
           oneOf<std::string>(r, {"\\u0000", "\\u001b[2J", "\\n", "\\u007f"}));
     }},
    {"bare control character", MOELORA_INVALID, "expects JSON",
     [](std::string &f, Random &r) {
       return replaceOne(f, r, "lora",
                         std::string(1, static_cast<char>(below(r, 32))));
     }},
    {"field twice", MOELORA_INVALID, "duplicate key",
     [](std::string &f, Random &r) {
       return replaceOne(f, r, "\"shape\":", "\"shape\":[2],\"shape\":");
     }},
    {"unknown field", MOELORA_INVALID, "unknown field",
     [](std::string &f, Random &r) {
       return replaceOne(f, r, "\"shape\"", "\"shapes\"");
     }},
    {"missing field", MOELORA_INVALID, "but one is missing",
     [](std::string &f, Random &r) {
       return replaceOne(f, r, "\"dtype\":\"F32\",", "");
     }},
    {"number of another form", MOELORA_INVALID,
     "non-negative integers|expects JSON", strangeNumber},
    {"value of another kind", MOELORA_INVALID, "unexpected|expects",
     strangeValue},
    {"metadata of another kind", MOELORA_INVALID, "unexpected|expects",
     [](std::string &f, Random &r) {
       return withHeader(
           f, "{\"__metadata__\":" +
                  oneOf<std::string>(r, {"7", "[]", "{\"a\":[]}", "null",
                                         "{\"a\":7}", "{\"a\":{}}"}) +
                  "," + headerOf(f).substr(1));
     }},
    {"metadata", MOELORA_OK, "",
     [](std::string &f, Random &) {
       return withHeader(f, R"({"__metadata__":{"format":"pt","a":"\u0007"},)" +
                                headerOf(f).substr(1));
     }},
    {"header filled with blanks", MOELORA_OK, "",
     [](std::string &f, Random &r) {
       return withHeader(f, headerOf(f) + std::string(below(r, 5000), ' '));
     }},
    {"any part of the header missing", anyAnswer, "",
     [](std::string &f, Random &r) {
       std::string header = headerOf(f);
       header.erase(below(r, header.size()), 1 + below(r, 30));
       return withHeader(f, header);
     },
     When::AtRest, Content::Any},
    {"any part of the header repeated", anyAnswer, "",
     [](std::string &f, Random &r) {
       std::string header = headerOf(f);
       std::string part = header.substr(below(r, header.size()), 60);
       return withHeader(f, header.insert(below(r, header.size()), part));
     },
     When::AtRest, Content::Any},
    {"any byte of the header changed", anyAnswer, "",
     [](std::string &f, Random &r) {
       f[below(r, prefix + statedLength(f))] = static_cast<char>(r());
       return true;
     },
     When::AtRest, Content::Any},
};

const std::vector<Kind> &lengthKinds() { return lengths; }
const std::vector<Kind> &headerKinds() { return texts; }

} // namespace moelora::test
