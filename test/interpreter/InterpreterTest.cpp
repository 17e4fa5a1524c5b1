// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer small enough to follow by hand: two experts, one choice, H = I = 1,
// so that every matrix is a number.

#include "moelora/interpreter/Interpreter.h"
#include "mlir/Parser/Parser.h"

#include <cmath>
#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::interpreter;
using testing::DoubleEq;
using testing::ElementsAre;

namespace {

// out = v * (w a + scale b2 a2 a), a = relu2(u x); experts have u = 2, 3 and
// w = 5, 7; slot 0 has the pair of `pairOf` for expert 1 only.
constexpr const char *routed = R"(
!plan = !moelora.plan<2 experts, 1 slots, top_k = 1>
!table = !moelora.slot_table<1 slots, 2 experts, 1 x 1 x 1, max_rank = 4, TYPE>
moelora.layer @layer(
    %x: tensor<?x1xTYPE> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x1xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x1xf32> {moelora.role = #moelora.role<expert_weights>},
    %u: tensor<2x1x1x1xTYPE> {moelora.role = #moelora.role<gate_up_weight>},
    %w: tensor<2x1x1xTYPE> {moelora.role = #moelora.role<down_weight>},
    %t: !table {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x1xTYPE> {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !table
  BODY
  moelora.yield %o : tensor<?x1xTYPE>
})";

constexpr const char *routedBody = R"(
  %p = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x1xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %p, %u
    : tensor<?x1xTYPE>, !plan, tensor<2x1x1x1xTYPE> -> tensor<?x1x1xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x1xf32> -> tensor<?x1xTYPE>
  %y = moelora.expert_gemm %a by %p, %w
    : tensor<?x1xTYPE>, !plan, tensor<2x1x1xTYPE> -> tensor<?x1xf32>
  %yd = moelora.lora_delta %a by %p, %t into %y
    : tensor<?x1xTYPE>, !plan, !table, tensor<?x1xf32>
  %o = moelora.combine %yd by %p, %v
    : tensor<?x1xf32>, !plan, tensor<?x1xf32> -> tensor<?x1xTYPE>)";

constexpr const char *fusedBody = R"(
  %p = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x1xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %p, %u activate(<relu2>)
    : tensor<?x1xTYPE>, !plan, tensor<2x1x1x1xTYPE> -> tensor<?x1xTYPE>
  %r = moelora.shrink %a by %p, %t
    : tensor<?x1xTYPE>, !plan, !table -> tensor<?x1x4xTYPE>
  %o = moelora.grouped_matmul %a by %p, %w
    lora(%r, %t : tensor<?x1x4xTYPE>, !table) combine(%v : tensor<?x1xf32>)
    : tensor<?x1xTYPE>, !plan, tensor<2x1x1xTYPE> -> tensor<?x1xTYPE>)";

std::string replaceAll(std::string text, std::string from, std::string to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

reference::MatrixView number(const double &value) {
  return {MOELORA_F64, &value, 1, 1, 1};
}

class InterpreterTest : public testing::TestWithParam<const char *> {
protected:
  InterpreterTest() { context.loadDialect<MoELoRADialect>(); }

  /// Four tokens: base, adapted, adapted where the slot has no pair, dropped.
  Inputs inputs() {
    Inputs result;
    result.directory = {1};
    result.arguments.push_back(Tensor{{4, 1}, {1, 2, -4, 9}});
    result.arguments.push_back(Tensor{{4}, {-1, 0, 0, 0}});
    result.arguments.push_back(Tensor{{4, 1}, {1, 1, 0, -1}});
    result.arguments.push_back(Tensor{{4, 1}, {1, 0.5, -1, 1}});
    result.arguments.push_back(Tensor{{2, 1, 1, 1}, {2, 3}});
    result.arguments.push_back(Tensor{{2, 1, 1}, {5, 7}});
    Table table;
    table.experts = 2;
    table.pairs = {{}, {number(a), number(b), 0.25}};
    result.arguments.push_back(std::move(table));
    return result;
  }

  mlir::FailureOr<Tensor> run(const Inputs &inputs, Mode mode, std::string type,
                              std::string experts = "2 experts,") {
    std::string text = replaceAll(routed, "BODY", GetParam());
    text = replaceAll(text, "<1 slots, 2 experts,", "<1 slots, " + experts);
    module = mlir::parseSourceString<mlir::ModuleOp>(
        replaceAll(text, "TYPE", type), &context);
    return interpret(module->lookupSymbol<LayerOp>("layer"), inputs, mode);
  }

  double a = 4, b = -2;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_P(InterpreterTest, FollowsTheFormulas) {
  auto output = run(inputs(), Mode::Exact, "f32");
  ASSERT_TRUE(mlir::succeeded(output));
  // 7 * 9; (7 * 36 - 0.25 * 2 * 4 * 36) / 2; relu2 of a negative; nothing.
  EXPECT_THAT(output->data, ElementsAre(63, 90, 0, 0));
}

TEST_P(InterpreterTest, UnpublishedSlotIsBase) {
  Inputs data = inputs();
  data.directory = {0};
  auto output = run(data, Mode::Exact, "f32");
  ASSERT_TRUE(mlir::succeeded(output));
  EXPECT_THAT(output->data, ElementsAre(63, 126, 0, 0));
}

TEST_P(InterpreterTest, NaNStaysInItsRow) {
  Inputs data = inputs();
  std::get<Tensor>(data.arguments[0]).data[0] = NAN;
  auto output = run(data, Mode::Exact, "f32");
  ASSERT_TRUE(mlir::succeeded(output));
  EXPECT_TRUE(std::isnan(output->data[0]));
  EXPECT_DOUBLE_EQ(output->data[1], 90);
}

TEST_P(InterpreterTest, ModesDifferInRounding) {
  Inputs data = inputs();
  // 3 * 1.0078125 is exact in f32; its square, 9.14117..., is not in bf16,
  // which has steps of 1 / 16 there: 9.125. Times 7 is 63.875, steps of 1 / 4:
  // the tie between 63.75 and 64 goes to the even 64.
  std::get<Tensor>(data.arguments[0]).data[0] = 1.0078125;
  auto exact = run(data, Mode::Exact, "bf16");
  auto rounded = run(data, Mode::Rounded, "bf16");
  ASSERT_TRUE(mlir::succeeded(exact) && mlir::succeeded(rounded));
  EXPECT_DOUBLE_EQ(exact->data[0], 7 * 3.0234375 * 3.0234375);
  EXPECT_DOUBLE_EQ(rounded->data[0], 64);
}

TEST_P(InterpreterTest, DataMustKeepPromises) {
  mlir::ScopedDiagnosticHandler quiet(
      &context, [](mlir::Diagnostic &) { return mlir::success(); });
  auto isKept = [&](reference::LoraPair one, reference::LoraPair other) {
    Inputs data = inputs();
    std::get<Table>(data.arguments[6]).pairs = {one, other};
    return mlir::succeeded(
        run(data, Mode::Exact, "f32", "2 experts sharing a,"));
  };
  reference::LoraPair pair = {number(a), number(b), 0.25};
  EXPECT_TRUE(isKept(pair, {number(a), number(a), 0.25})); // another B
  EXPECT_TRUE(isKept({}, {}));
  EXPECT_FALSE(isKept(pair, {number(b), number(b), 0.25})); // another A
  EXPECT_FALSE(isKept(pair, {number(a), number(b), 0.5}));
  EXPECT_FALSE(isKept({}, pair));
  EXPECT_FALSE(isKept(pair, {}));
}

TEST_P(InterpreterTest, DataMustFitTypes) {
  mlir::ScopedDiagnosticHandler quiet(
      &context, [](mlir::Diagnostic &) { return mlir::success(); });
  Inputs shape = inputs();
  std::get<Tensor>(shape.arguments[5]).shape = {1, 2, 1};
  EXPECT_TRUE(mlir::failed(run(shape, Mode::Exact, "f32")));
  Inputs whole = inputs();
  std::get<Tensor>(whole.arguments[1]).data[0] = 0.5;
  EXPECT_TRUE(mlir::failed(run(whole, Mode::Exact, "f32")));
  Inputs missing = inputs();
  missing.arguments.pop_back();
  EXPECT_TRUE(mlir::failed(run(missing, Mode::Exact, "f32")));
  Inputs tokens = inputs();
  tokens.arguments[3] = Tensor{{3, 1}, {1, 1, 1}};
  EXPECT_TRUE(mlir::failed(run(tokens, Mode::Exact, "f32")));
}

INSTANTIATE_TEST_SUITE_P(Levels, InterpreterTest,
                         testing::Values(routedBody, fusedBody));

} // namespace
