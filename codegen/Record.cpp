// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts fields to values of struct types. The offsets of C are computed too,
// so that a struct that has changed is detected where it is written.

#include "Record.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moelora::codegen {

Record &Record::add(Value field, size_t size, size_t align) {
  end = llvm::alignTo(end, align) + size;
  alignment = std::max(alignment, align);
  fields.push_back(field);
  return *this;
}

static Value constant(Code &code, Type type, Attribute value) {
  return LLVM::ConstantOp::create(code.builder, code.loc, type,
                                  cast<TypedAttr>(value));
}

Record &Record::i32(int64_t value) {
  Builder &builder = code.builder;
  return add(constant(code, builder.getI32Type(),
                      builder.getI32IntegerAttr(int32_t(value))),
             4, 4);
}

Record &Record::i64(int64_t value) {
  Builder &builder = code.builder;
  return add(
      constant(code, builder.getI64Type(), builder.getI64IntegerAttr(value)), 8,
      8);
}

Record &Record::pointer(Ptr value) { return add(value.value, 8, 8); }

Record &Record::array(ArrayRef<int64_t> values) {
  Type type =
      LLVM::LLVMArrayType::get(code.builder.getI64Type(), values.size());
  return add(constant(code, type, code.builder.getI64TensorAttr(values)),
             8 * values.size(), 8);
}

Record &Record::bytes(const void *data, size_t size, size_t align) {
  // The type itself has an alignment of one byte.
  assert(end % align == 0 && "expects a field that needs no padding");
  Type type = LLVM::LLVMArrayType::get(code.builder.getI8Type(), size);
  auto text = StringRef(static_cast<const char *>(data), size);
  return add(constant(code, type, code.builder.getStringAttr(text)), size,
             align);
}

/// The fields of a struct or the elements of an array.
static Value aggregate(Code &code, Type type, ArrayRef<Value> parts) {
  Value value = LLVM::UndefOp::create(code.builder, code.loc, type);
  for (auto [index, part] : llvm::enumerate(parts))
    value = LLVM::InsertValueOp::create(code.builder, code.loc, value, part,
                                        ArrayRef<int64_t>{int64_t(index)});
  return value;
}

Value Record::finish(size_t size) {
  if (llvm::alignTo(end, alignment) != size)
    llvm::report_fatal_error("a constant is not laid out as its C struct");
  auto types = llvm::map_to_vector(fields, [](Value v) { return v.getType(); });
  MLIRContext *context = code.builder.getContext();
  return aggregate(code, LLVM::LLVMStructType::getLiteral(context, types),
                   fields);
}

Value makeArray(Code &code, ArrayRef<Value> elements) {
  Type type =
      LLVM::LLVMArrayType::get(elements.front().getType(), elements.size());
  return aggregate(code, type, elements);
}

} // namespace moelora::codegen
