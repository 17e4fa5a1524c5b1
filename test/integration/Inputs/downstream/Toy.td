// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A host compiler's dialect. Its op holds one of moelora's types, and so shows
// that the installed .td files can be included.

#ifndef TOY
#define TOY

include "moelora/dialect/Types.td"

def Toy_Dialect : Dialect {
  let name = "toy";
  let cppNamespace = "::toy";
}

def Toy_ServeOp : Op<Toy_Dialect, "serve"> {
  let summary = "promises that a layer is served with tables of this type";
  let arguments = (ins FlatSymbolRefAttr:$layer, TypeAttr:$tables);
  let assemblyFormat = "$layer `with` $tables attr-dict";
}

#endif // TOY
