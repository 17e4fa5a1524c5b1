// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constant structs with the layout of C:
//
//   Record record(code);
//   record.i32(4).i32(1).pointer(text).i64(7);
//   Value value = record.finish(sizeof(moelora_something));
#ifndef MOELORA_CODEGEN_RECORD_H
#define MOELORA_CODEGEN_RECORD_H

#include "Code.h"

namespace moelora::codegen {

class Record {
public:
  explicit Record(Code &code) : code(code) {}

  // Fields, from the first one to the last one.
  Record &i32(int64_t value);
  Record &i64(int64_t value);
  Record &pointer(Ptr value);
  Record &array(llvm::ArrayRef<int64_t> values); // of i64
  /// Adds a struct or an array without pointers, byte by byte, at a multiple of
  /// `align`.
  Record &bytes(const void *data, size_t size, size_t align);

  /// Returns a value of a struct type, which must have the size of the C
  /// struct.
  mlir::Value finish(size_t size);

private:
  Record &add(mlir::Value field, size_t size, size_t align);

  Code &code;
  llvm::SmallVector<mlir::Value> fields;
  size_t end = 0, alignment = 1;
};

/// Values of one type as an array.
mlir::Value makeArray(Code &code, llvm::ArrayRef<mlir::Value> elements);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_RECORD_H
