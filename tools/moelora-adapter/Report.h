/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The questions about one adapter, each answered with a document, which is then
 * printed for people or for programs.
 */
#ifndef MOELORA_TOOLS_ADAPTER_REPORT_H
#define MOELORA_TOOLS_ADAPTER_REPORT_H

#include "moelora/models/Model.h"
#include "moelora/runtime/Adapter.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace moelora::tool {

using Json = nlohmann::ordered_json;

/// Ends the work on an adapter with this text.
struct Refusal {
  std::string text;
};

/// Throws what a function of the runtime reported.
inline void check(moelora_status status, moelora_error *error) {
  if (status == MOELORA_OK)
    return;
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  throw Refusal{text};
}

/// Closes what the runtime opened.
template <typename T> using Owned = std::unique_ptr<T, void (*)(T *)>;

/// "layers.12.mlp" -> "layers.*.mlp"
std::string withoutNumbers(const std::string &name);

/// What the files are, by themselves.
Json inspect(const std::string &folder);
void printInspection(const Json &report);

/// What they bind to in a model.
Json checkBinding(const std::string &folder, const models::Model &model,
                  const moelora_adapter_options &stated);
void printBinding(const Json &report);

} // namespace moelora::tool

#endif // MOELORA_TOOLS_ADAPTER_REPORT_H
