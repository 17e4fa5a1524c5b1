/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads the order of columns in packed lora_B from adapter_config.json.
 */
#ifndef MOELORA_RUNTIME_ADAPTERCOLUMNS_H
#define MOELORA_RUNTIME_ADAPTERCOLUMNS_H

#include "files/JsonTree.h"
#include "moelora/runtime/Adapter.h"

namespace moelora {

struct AdapterColumns {
  moelora_adapter_columns order =
      MOELORA_COLUMNS_DECIDE; ///< DECIDE: not stated
  /// The program that wrote the file, if the file states it.
  enum { Unknown, Peft, Other } writer = Unknown;
};

/// `path` names the configuration in a failure's text.
AdapterColumns readColumns(const JsonValue &config, const std::string &path);

/// "rank_major" or "grouped_by_expert", as in files and on command lines.
const char *columnsName(int32_t order);

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERCOLUMNS_H
