// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The facts of an artifact are those of the types of its slot tables.

#include "Facts.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace moelora;

namespace {

moelora_facts factsOf(const std::string &order,
                      const std::string &experts = "1 experts",
                      const std::string &role = "shared_down_adapters") {
  mlir::MLIRContext context;
  context.loadDialect<MoELoRADialect>();
  std::string table = "!moelora.slot_table<3 slots, " + experts +
                      ", 1 x 8 x 8, max_rank = 16, f16" + order + ">";
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "moelora.layer @l(%x: tensor<?x8xf16> {moelora.role = "
      "#moelora.role<hidden>}, %t: " +
          table + " {moelora.role = #moelora.role<" + role +
          ">}) -> tensor<?x8xf16> { moelora.yield %x : tensor<?x8xf16> }",
      &context);
  return codegen::describeFacts(*module->getOps<LayerOp>().begin());
}

TEST(FactsTest, PageOrderIsThatOfTheTables) {
  EXPECT_EQ(factsOf("").page_order, MOELORA_PAGE_ROW_MAJOR);
  EXPECT_EQ(factsOf(", fragment_major").page_order,
            MOELORA_PAGE_FRAGMENT_MAJOR);
}

TEST(FactsTest, ExpertsShareAWhereTheTypesPromiseIt) {
  EXPECT_EQ(factsOf("", "4 experts", "gate_up_adapters").shared_a, 0u);
  EXPECT_EQ(factsOf("", "4 experts sharing a", "gate_up_adapters").shared_a,
            1u << MOELORA_UP);
}

} // namespace
