// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Check.h"
#include "Hostile.h"

using namespace mlir;

namespace moelora::codetest {

namespace {

constexpr const char *EntryNames[] = {"all", "logits", "ids"};

/// The longest sum of a layer: the columns of its widest weight.
int64_t longestSum(LayerOp layer) {
  int64_t longest = 1;
  for (Type type : layer.getArgumentTypes())
    if (auto weight = dyn_cast<RankedTensorType>(type);
        weight && weight.getRank() > 2)
      longest = std::max(longest, weight.getShape().back());
  return longest;
}

/// Adds `error` times its largest number to the first element of each row.
void spoil(std::vector<char> &output, moelora_dtype type,
           const interpreter::Tensor &wanted, double error) {
  for (int64_t t = 0; t < wanted.rows(); ++t) {
    int64_t first = t * wanted.rowSize();
    double add = reference::boundsOfRow(wanted.row(t), error).front();
    reference::store(type, output.data(), first,
                     reference::load(type, output.data(), first) + add);
  }
}

} // namespace

Check::Check(LayerOp layer, const interpreter::Inputs &inputs, StringRef tier,
             const CheckOptions &options)
    : options(options), products(longestSum(layer)), operands(layer, inputs),
      code(layer, tier, why) {
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
  auto type = moelora_dtype(code.row(MOELORA_OUTPUT)->dtype);
  if (options.error != 0)
    spoil(first, type, wanted, options.error);
  reference::MatrixView found = wanted.view();
  found.type = type;
  found.data = first.data();
  verdict = reference::compareRows(found, wanted.view(),
                                   reference::reorderedUnit(type, products));
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
