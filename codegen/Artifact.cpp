// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The constant moelora_artifact, field by field.

#include "Artifact.h"
#include "LayerDescription.h"
#include "Projections.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

namespace {

// The struct type below spells these.
static_assert(offsetof(moelora_artifact, producer) == 16);
static_assert(offsetof(moelora_artifact, layer) == 56);
static_assert(offsetof(moelora_artifact, operands) ==
              56 + sizeof(moelora_layer));
static_assert(offsetof(moelora_artifact, workspace_bytes) ==
              80 + sizeof(moelora_layer));
static_assert(sizeof(moelora_artifact) == 112 + sizeof(moelora_layer));

/// What the tables of a layer say together.
struct Adapters {
  uint32_t projections = 0;
  int64_t slots = 0, maxRank = 0;
  int32_t dtype = 0, pageOrder = 0;

  explicit Adapters(LayerOp layer) {
    for (BlockArgument argument : layer.getBody().getArguments())
      if (auto table = dyn_cast<SlotTableType>(argument.getType()))
        add(layer.getRole(argument.getArgNumber()), table);
  }
  void add(Role role, SlotTableType table) {
    for (int64_t projection : projectionsOf(role, table.getSlices()))
      projections |= 1u << projection;
    slots = std::max(slots, table.getSlots());
    maxRank = std::max(maxRank, table.getMaxRank());
    dtype = describeType(table.getElementType());
    pageOrder = int32_t(table.getPageOrder());
  }
};

/// Fills a struct from its first field to its last.
class StructBuilder {
public:
  StructBuilder(Code &code, Type type)
      : value(LLVM::UndefOp::create(code.builder, code.loc, type)), code(code) {
  }
  void add(Value field) {
    value = LLVM::InsertValueOp::create(code.builder, code.loc, value, field,
                                        ArrayRef<int64_t>{next++});
  }
  void add(int64_t field) {
    Type i32 = code.builder.getI32Type();
    auto attr = code.builder.getI32IntegerAttr(int32_t(field));
    add(LLVM::ConstantOp::create(code.builder, code.loc, i32, attr));
  }
  void add(LLVM::GlobalOp global) { add(code.address(global).value); }
  void add(LLVM::LLVMFuncOp function) {
    add(function ? code.address(function).value : code.null().value);
  }
  void add(Type type, const void *data, size_t bytes) {
    auto attr = code.builder.getStringAttr(
        StringRef(static_cast<const char *>(data), bytes));
    add(LLVM::ConstantOp::create(code.builder, code.loc, type, attr));
  }
  Value value;

private:
  Code &code;
  int64_t next = 0;
};

struct Texts {
  LLVM::GlobalOp producer, name, target, cpu, features;
};

Type layerBytes(MLIRContext *context) {
  return LLVM::LLVMArrayType::get(IntegerType::get(context, 8),
                                  sizeof(moelora_layer));
}

Type artifactType(MLIRContext *context) {
  Type i32 = IntegerType::get(context, 32);
  Type pointer = LLVM::LLVMPointerType::get(context);
  SmallVector<Type> fields(4, i32);
  fields.append(5, pointer);
  fields.push_back(layerBytes(context));
  fields.append(6, i32);
  fields.append(4, pointer);
  return LLVM::LLVMStructType::getLiteral(context, fields);
}

int64_t layerNumber(LayerOp layer) {
  auto number = layer->getAttrOfType<IntegerAttr>("moelora.layer_number");
  return number ? number.getInt() : -1;
}

Value fill(Code &code, Type type, LayerOp layer,
           const moelora_layer &description, const Entries &entries,
           const Texts &texts) {
  Adapters adapters(layer);
  StructBuilder fields(code, type);
  for (int64_t number :
       {int64_t(int32_t(MOELORA_ABI_MAGIC)), int64_t(MOELORA_ABI_VERSION),
        int64_t(sizeof(moelora_artifact)), layerNumber(layer)})
    fields.add(number);
  for (LLVM::GlobalOp text :
       {texts.producer, texts.name, texts.target, texts.cpu, texts.features})
    fields.add(text);
  fields.add(layerBytes(code.builder.getContext()), &description,
             sizeof(description));
  for (int64_t number :
       {int64_t(entries.operands), int64_t(adapters.projections),
        adapters.slots, adapters.maxRank, int64_t(adapters.dtype),
        int64_t(adapters.pageOrder)})
    fields.add(number);
  for (LLVM::LLVMFuncOp function : {entries.workspaceBytes, entries.run,
                                    entries.runFromLogits, entries.runFromIds})
    fields.add(function);
  return fields.value;
}

/// The address of the artifact, or null for another ABI.
void emitQuery(Unit &unit, LLVM::GlobalOp artifact) {
  Type i32 = IntegerType::get(unit.context(), 32);
  unit.exported(MOELORA_QUERY_SYMBOL, {i32}, unit.pointer(),
                [&](Code &code, ArrayRef<BlockArgument> in) {
                  Value known = code.equal32(in[0], MOELORA_ABI_VERSION);
                  Ptr answer =
                      code.select(known, code.address(artifact), code.null());
                  LLVM::ReturnOp::create(code.builder, code.loc, answer.value);
                });
}

} // namespace

void emitArtifact(Unit &unit, LayerOp layer, const moelora_layer &description,
                  const Entries &entries, StringRef producer) {
  Texts texts{unit.text("producer", producer),
              unit.text("name", layer.getSymName()), unit.text("target", "cpu"),
              unit.text("cpu", unit.target.cpu),
              unit.text("features", unit.target.features())};
  OpBuilder builder = unit.atEnd();
  Type type = artifactType(unit.context());
  auto artifact = LLVM::GlobalOp::create(
      builder, unit.loc, type, /*isConstant=*/true, LLVM::Linkage::Internal,
      "moelora_artifact", Attribute(), /*alignment=*/8);
  Block *block = builder.createBlock(&artifact.getInitializerRegion());
  builder.setInsertionPointToStart(block);
  Code code(builder, unit.loc);
  Value value = fill(code, type, layer, description, entries, texts);
  LLVM::ReturnOp::create(builder, unit.loc, value);
  emitQuery(unit, artifact);
}

} // namespace moelora::codegen
