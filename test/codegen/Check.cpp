// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Check.h"
#include "Hostile.h"
#include "moelora/reference/Bound.h"

using namespace mlir;

namespace moelora::codetest {

namespace {

constexpr const char *EntryNames[] = {"all", "logits", "ids"};

/// Code sums in f32, the interpreter in f64; both round where the IR says. So
/// f32 differs by the length of its sums, a narrow type by single roundings
/// that fall the other way.
double tolerance(moelora_dtype type) {
  return (type == MOELORA_F32 ? 32 : 2) * reference::unitOf(type);
}

reference::Verdict compareRows(const interpreter::Tensor &wanted,
                               const std::vector<char> &output,
                               moelora_dtype type) {
  int64_t width = wanted.rowSize();
  reference::MatrixView found = {type, output.data(), wanted.rows(), width,
                                 width};
  reference::Verdict verdict(wanted.rows());
  for (int64_t t = 0; t < wanted.rows(); ++t)
    verdict.compareRow(t, found.row(t), wanted.row(t),
                       reference::boundsOfRow(wanted.row(t), tolerance(type)));
  return verdict;
}

} // namespace

Check::Check(LayerOp layer, const interpreter::Inputs &inputs, StringRef tier,
             const CheckOptions &options)
    : options(options), operands(layer, inputs), code(layer, tier, why) {
  if (why.empty())
    checkSizes(layer);
}

void Check::run(const interpreter::Tensor &wanted) {
  std::vector<char> first;
  for (auto entry :
       {MOELORA_ENTRY_ALL, MOELORA_ENTRY_LOGITS, MOELORA_ENTRY_IDS}) {
    if (!why.empty() || !code.has(entry))
      continue;
    std::vector<char> output = runEntry(entry);
    if (entries++ == 0)
      first = output;
    else if (output != first)
      complain(entry, "answers other bits than the entry point before");
  }
  if (!why.empty())
    return;
  if (entries == 0) {
    why = "has no entry point";
    return;
  }
  verdict = compareRows(wanted, first,
                        moelora_dtype(code.row(MOELORA_OUTPUT)->dtype));
  why = verdict.failure();
}

/// The size of an operand follows from its type. Slot ids are not an operand.
void Check::checkSizes(LayerOp layer) {
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    Role role = layer.getRole(index);
    if (!tensor || role == Role::Slots)
      continue;
    uint64_t bytes = tensor.getElementTypeBitWidth() / 8;
    for (int64_t size : tensor.getShape())
      bytes *= ShapedType::isDynamic(size) ? options.tokens : size;
    int32_t row =
        moelora_variant_operand(&code.variant(), moelora_role(role), 0);
    if (moelora_variant_operand_bytes(&code.variant(), row, options.tokens) !=
        bytes)
      why += "needs another " + stringifyRole(role).str() +
             " than its type says; ";
  }
}

static bool startWith(ArrayRef<char> all, ArrayRef<char> first) {
  return all.take_front(first.size()) == first;
}

/// A router that runs is recorded: entry points that skip it are given that.
std::vector<char> Check::runEntry(moelora_entry_kind entry) {
  RunInput input(operands, routing);
  RunResult several = code.run(entry, input, options.tokens, options.pool);
  RunResult one = code.run(entry, input, options.tokens, nullptr);
  RunResult alone = code.run(entry, input, 1, options.pool);
  if (!several.routing.ids.empty())
    routing = several.routing;
  if (several.status)
    complain(entry, "has status " + std::to_string(several.status));
  else if (several.output != one.output)
    complain(entry, "answers other bits on one worker");
  else if (!startWith(several.output, alone.output))
    complain(entry, "answers other bits for the first token alone");
  else if (auto *ids = operands.get(MOELORA_EXPERT_IDS);
           ids && several.droppedPairs != countStray(ids))
    complain(entry, "counts " + std::to_string(several.droppedPairs) +
                        " ids that name no expert");
  std::string harm = whyHarmed(code, operands, input, entry, several.output);
  if (!harm.empty())
    complain(entry, harm);
  return several.output;
}

/// Ids that are neither -1 nor an expert, with weights or without.
uint64_t Check::countStray(const void *ids) {
  int32_t experts = code.variant().adapters.logits;
  ArrayRef<int32_t> all(static_cast<const int32_t *>(ids),
                        options.tokens *
                            code.row(MOELORA_EXPERT_IDS)->shape[1]);
  return llvm::count_if(all,
                        [&](int32_t id) { return id < -1 || id >= experts; });
}

void Check::complain(moelora_entry_kind entry, const std::string &what) {
  why += std::string("entry point ") + EntryNames[entry] + " " + what + "; ";
}

} // namespace moelora::codetest
