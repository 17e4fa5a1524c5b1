/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Builds a tree from the events of a document.
 */
#include "files/JsonTree.h"

#include "base/Text.h"
#include "files/Json.h"

using namespace moelora;

namespace {

class TreeBuilder final : public JsonEvents {
public:
  TreeBuilder(const std::string &what, JsonValue &root)
      : what(what), root(root) {}

  void beginObject() override { open(JsonValue::Object); }
  void beginArray() override { open(JsonValue::Array); }
  void endObject() override { path.pop_back(); }
  void endArray() override { path.pop_back(); }
  void key(std::string &text) override { nextKey = std::move(text); }
  void null() override { add(JsonValue::Null); }
  void boolean(bool value) override { add(JsonValue::Boolean).boolean = value; }
  void string(std::string &text) override {
    add(JsonValue::String).string = std::move(text);
  }
  void integer(int64_t value) override {
    JsonValue &added = add(JsonValue::Integer);
    added.integer = value;
    added.real = static_cast<double>(value);
  }
  void real(double value) override { add(JsonValue::Real).real = value; }

private:
  void open(JsonValue::Kind kind) { path.push_back(&add(kind)); }

  // Pointers in `path` stay valid: only the innermost value grows.
  JsonValue &add(JsonValue::Kind kind) {
    if (++values > maxJsonValues)
      fail(what + ": expects at most " + std::to_string(maxJsonValues) +
           " values, but there are more");
    JsonValue &added = place();
    added.kind = kind;
    return added;
  }
  JsonValue &place() {
    if (path.empty())
      return root;
    JsonValue &parent = *path.back();
    if (parent.kind == JsonValue::Array)
      return parent.items.emplace_back();
    parent.members.emplace_back(std::move(nextKey), JsonValue());
    return parent.members.back().second;
  }

  const std::string &what;
  JsonValue &root;
  size_t values = 0;
  std::vector<JsonValue *> path;
  std::string nextKey;
};

} // namespace

bool JsonValue::isNeutral() const {
  switch (kind) {
  case Null:
    return true;
  case Boolean:
    return !boolean;
  case Integer:
  case Real:
    return false;
  case String:
    return string.empty();
  case Array:
    return items.empty();
  case Object:
    return members.empty();
  }
  return false;
}

std::string moelora::valueText(const JsonValue &value) {
  switch (value.kind) {
  case JsonValue::String:
    return quoted(value.string);
  case JsonValue::Boolean:
    return value.boolean ? "true" : "false";
  case JsonValue::Integer:
    return std::to_string(value.integer);
  case JsonValue::Real:
    return std::to_string(value.real);
  case JsonValue::Array:
    return "a list";
  case JsonValue::Object:
    return "an object";
  case JsonValue::Null:
    break;
  }
  return "null";
}

const JsonValue *JsonValue::find(std::string_view key) const {
  for (const auto &[name, value] : members)
    if (name == key)
      return &value;
  return nullptr;
}

JsonValue moelora::parseJsonTree(std::string_view text, const std::string &what,
                                 Work &work) {
  JsonValue root;
  TreeBuilder builder(what, root);
  parseJson(text, what, builder, work);
  return root;
}
