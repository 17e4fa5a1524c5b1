/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Unsloth writes files like those of PEFT with columns in another order. Later
 * versions state the order, once for the file and once for each parameter.
 */
#include "adapter/AdapterColumns.h"

#include "base/Failure.h"

using namespace moelora;

namespace {

class ColumnsReader {
public:
  explicit ColumnsReader(const std::string &path) : path(path) {}

  void add(const std::string &key, const JsonValue &found) {
    if (found.kind == JsonValue::Null)
      return;
    bool ofA = key == "lora_A_layout";
    auto order = MOELORA_COLUMNS_GROUPED_BY_EXPERT;
    if (!ofA && found.string == columnsName(MOELORA_COLUMNS_RANK_MAJOR))
      order = MOELORA_COLUMNS_RANK_MAJOR;
    else if (found.string != columnsName(order))
      refuse(key + " to be " + (ofA ? "" : "'rank_major' or ") +
                 "'grouped_by_expert'",
             valueText(found));
    if (ofA)
      return;
    if (columns.order && columns.order != order)
      refuse("one lora_B_layout for all parameters",
             "both 'rank_major' and 'grouped_by_expert'");
    columns.order = order;
  }

  void addNested(const JsonValue &object) {
    for (const auto &[key, member] : object.members)
      if (key == "lora_B_layout" || key == "lora_A_layout")
        add(key, member);
      else
        addNested(member);
  }

  AdapterColumns columns;

private:
  [[noreturn]] void refuse(const std::string &rule, const std::string &found) {
    fail(path + ": expects " + rule + ", but it is " + found);
  }

  const std::string &path;
};

bool asks(const JsonValue *value) { return value && !value->isNeutral(); }

} // namespace

const char *moelora::columnsName(int32_t order) {
  static const char *const names[] = {"", "rank_major", "grouped_by_expert"};
  return names[order];
}

AdapterColumns moelora::readColumns(const JsonValue &config,
                                    const std::string &path) {
  ColumnsReader reader(path);
  const JsonValue *stated = config.find("lora_B_layout");
  const JsonValue *fused = config.find("unsloth_fused_expert_lora");
  const JsonValue *mapping = config.find("auto_mapping");
  if (stated)
    reader.add("lora_B_layout", *stated);
  if (fused)
    reader.addNested(*fused);
  if (asks(fused) || (mapping && asks(mapping->find("unsloth_fixed"))))
    reader.columns.writer = AdapterColumns::Other;
  else if (asks(config.find("peft_version")))
    reader.columns.writer = AdapterColumns::Peft;
  return reader.columns;
}
