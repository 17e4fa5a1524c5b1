// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of a config.json, parsed strictly.

#include "Config.h"

#include "moelora/support/PythonNumbers.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace moelora::models {

namespace {

using nlohmann::json;

// Published files have a few kB. The limit is far above this, and bounds the
// work.
constexpr uintmax_t maxBytes = 16u << 20;
constexpr size_t maxDepth = 64;
constexpr size_t maxKey = 60;

/// Builds the value, and refuses input that a plain parser would accept.
class StrictBuilder : public nlohmann::json_sax<json> {
public:
  explicit StrictBuilder(PythonNumbers &numbers) : numbers(numbers) {}

  json root;
  std::string failure;

  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(v); }
  bool number_unsigned(number_unsigned_t v) override { return add(v); }
  bool number_float(number_float_t v, const string_t &) override {
    return add(v);
  }
  bool string(string_t &v) override {
    auto number = numbers.next();
    return number ? add(*number) : add(v);
  }
  bool binary(binary_t &) override { return fail("expects no binary value"); }
  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t &name) override;
  bool parse_error(size_t position, const std::string &,
                   const nlohmann::detail::exception &) override;

private:
  PythonNumbers &numbers;
  std::vector<json *> stack;
  std::string nextKey;

  bool fail(std::string why);
  bool add(json value) { return place(std::move(value)) != nullptr; }
  json *place(json value);
  bool open(json value);
  bool close();
};

bool StrictBuilder::fail(std::string why) {
  failure = std::move(why);
  return false;
}

bool StrictBuilder::key(string_t &name) {
  if (numbers.next())
    return fail("expects valid JSON, but a key is a number");
  if (stack.back()->contains(name))
    return fail("expects every key once, but \"" + name.substr(0, maxKey) +
                "\" is there twice");
  nextKey = name;
  return true;
}

bool StrictBuilder::parse_error(size_t position, const std::string &,
                                const nlohmann::detail::exception &) {
  return fail("expects valid JSON, but it breaks at byte " +
              std::to_string(position));
}

json *StrictBuilder::place(json value) {
  if (stack.empty())
    return &(root = std::move(value));
  json &parent = *stack.back();
  if (parent.is_array())
    return &parent.emplace_back(std::move(value));
  return &(parent[nextKey] = std::move(value));
}

bool StrictBuilder::open(json value) {
  if (stack.size() == maxDepth)
    return fail("expects values nested at most " + std::to_string(maxDepth) +
                " deep, but they are nested deeper");
  stack.push_back(place(std::move(value)));
  return true;
}

bool StrictBuilder::close() {
  stack.pop_back();
  return true;
}

} // namespace

Result<std::string> readConfigText(const std::string &path) {
  std::error_code error;
  uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error)
    return Failure{"cannot read it: " + error.message()};
  if (bytes > maxBytes)
    return Failure{"expects at most " + std::to_string(maxBytes) +
                   " bytes, but it has " + std::to_string(bytes)};
  std::string text(bytes, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(text.data(), static_cast<std::streamsize>(bytes)))
    return Failure{std::string("cannot read it: ") + std::strerror(errno)};
  return text;
}

Result<json> parseConfig(const std::string &text) {
  PythonNumbers numbers(text);
  StrictBuilder builder(numbers);
  if (!json::sax_parse(numbers.json(), &builder))
    return Failure{builder.failure};
  if (!builder.root.is_object())
    return Failure{"expects an object, but it holds " + show(builder.root)};
  return std::move(builder.root);
}

} // namespace moelora::models
