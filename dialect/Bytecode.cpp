// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes and types have their textual form, which bytecode embeds. Only the
// version is added.

#include "Bytecode.h"
#include "mlir/Bytecode/BytecodeImplementation.h"
#include "moelora/dialect/Dialect.h"

using namespace mlir;

namespace moelora {
namespace {

struct Version : public DialectVersion {
  explicit Version(uint64_t number) : number(number) {}
  uint64_t number;
};

// Version 1 had fewer operands of route, activation and combine; in version 2
// the rows of a tile were attributes of plan.
constexpr uint64_t currentVersion = 3, oldestVersion = 3;

struct MoELoRABytecodeInterface : public BytecodeDialectInterface {
  MoELoRABytecodeInterface(Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(DialectBytecodeWriter &writer) const final {
    writer.writeVarInt(currentVersion);
  }

  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const final {
    uint64_t number;
    if (failed(reader.readVarInt(number)))
      return nullptr;
    return std::make_unique<Version>(number);
  }

  LogicalResult upgradeFromVersion(Operation *root,
                                   const DialectVersion &version) const final {
    uint64_t number = static_cast<const Version &>(version).number;
    if (number >= oldestVersion && number <= currentVersion)
      return success();
    return root->emitError()
           << "expects bytecode of moelora dialect version " << oldestVersion
           << " to " << currentVersion << ", but it has version " << number;
  }
};

} // namespace

void addBytecodeInterface(MoELoRADialect &dialect) {
  dialect.addInterfaces<MoELoRABytecodeInterface>();
}

} // namespace moelora
