// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Check.h"
#include "HostileIds.h"
#include "OperandTypes.h"
#include "moelora/reference/Bound.h"

#include <cmath>

using namespace mlir;

namespace moelora::codetest {

namespace {

constexpr const char *EntryNames[] = {"all", "logits", "ids"};

/// Code sums in f32, the interpreter in f64; both round where the IR says. So
/// f32 differs by the length of its sums, a narrow type by single roundings
/// that fall the other way.
double tolerance(moelora_dtype type) {
  return (type == MOELORA_F32 ? 8 : 2) * reference::unitOf(type);
}

double worstRatio(const interpreter::Tensor &wanted,
                  const std::vector<char> &output, moelora_dtype type) {
  double worst = 0;
  for (int64_t t = 0; t < wanted.rows(); ++t) {
    reference::Vector row = wanted.row(t);
    double largest = 0;
    for (double value : row)
      largest = std::fmax(largest, std::abs(value));
    for (size_t i = 0; i < row.size(); ++i) {
      double found =
          reference::load(type, output.data(), t * int64_t(row.size()) + i);
      if (found == row[i])
        continue;
      double ratio = std::abs(found - row[i]) / (tolerance(type) * largest);
      worst = std::isnan(ratio) ? HUGE_VAL : std::fmax(worst, ratio);
    }
  }
  return worst;
}

} // namespace

Check::Check(LayerOp layer, const interpreter::Inputs &inputs, StringRef tier,
             const CheckOptions &options)
    : options(options), operands(layer, inputs), code(layer, tier, why) {
  if (why.empty())
    checkSizes(layer);
}

void Check::run(const interpreter::Tensor &wanted) {
  Routing routing;
  std::vector<char> first;
  for (auto entry :
       {MOELORA_ENTRY_ALL, MOELORA_ENTRY_LOGITS, MOELORA_ENTRY_IDS}) {
    if (!why.empty() || !code.has(entry))
      continue;
    std::vector<char> output = runEntry(entry, routing);
    if (entries++ == 0)
      first = output;
    else if (output != first)
      complain(entry, "answers other bits than the entry point before");
  }
  if (why.empty())
    worst =
        worstRatio(wanted, first, moelora_dtype(code.artifact()->layer.dtype));
  if (why.empty() && code.has(MOELORA_ENTRY_IDS))
    runHostile(routing);
}

/// What an operand needs is what its type says.
void Check::checkSizes(LayerOp layer) {
  const moelora_artifact &artifact = *code.artifact();
  for (const codegen::OperandType &operand : codegen::operandTypes(layer)) {
    uint64_t bytes = moelora_dtype_bytes(operand.dtype);
    for (int64_t size : operand.shape)
      bytes *= size < 0 ? options.tokens : size;
    moelora_buffer needed = moelora_operand_needs(
        &artifact.layer, moelora_role(operand.role), options.tokens);
    if (needed.bytes != bytes || needed.dtype != operand.dtype)
      why += "needs another " + stringifyRole(operand.role).str() +
             " than its type says; ";
  }
}

std::vector<char> Check::runEntry(moelora_entry entry, Routing &routing) {
  RunResult several =
      code.run(entry, operands, options.tokens, options.pool, routing);
  RunResult one = code.run(entry, operands, options.tokens, nullptr, routing);
  Routing ofFirst = routing;
  RunResult alone = code.run(entry, operands, 1, options.pool, ofFirst);
  if (several.status)
    complain(entry, "has status " + std::to_string(several.status));
  else if (several.output != one.output)
    complain(entry, "answers other bits on one worker");
  else if (!std::equal(alone.output.begin(), alone.output.end(),
                       several.output.begin()))
    complain(entry, "answers other bits for the first token alone");
  else if (auto *ids = operands.get(MOELORA_EXPERT_IDS);
           ids && several.droppedPairs != countStray(ids))
    complain(entry, "counts " + std::to_string(several.droppedPairs) +
                        " ids that name no expert");
  return several.output;
}

/// A routed layer that is given ids instead.
void Check::runHostile(Routing routing) {
  if (routing.ids.empty())
    return;
  const moelora_router &router = code.artifact()->layer.router;
  HostileIds hostile(options.seed, router.experts);
  for (int32_t &id : routing.ids)
    id = hostile.next();
  uint64_t stray = countStray(routing.ids.data());
  RunResult result = code.run(MOELORA_ENTRY_IDS, operands, options.tokens,
                              options.pool, routing);
  if (result.status || result.droppedPairs != stray)
    complain(MOELORA_ENTRY_IDS,
             "counts " + std::to_string(result.droppedPairs) +
                 " hostile ids, not " + std::to_string(stray));
}

/// Ids that are neither -1 nor an expert, with weights or without.
uint64_t Check::countStray(const void *ids) {
  const moelora_router &router = code.artifact()->layer.router;
  ArrayRef<int32_t> all(static_cast<const int32_t *>(ids),
                        options.tokens * router.top_k);
  return llvm::count_if(
      all, [&](int32_t id) { return id < -1 || id >= router.experts; });
}

void Check::complain(moelora_entry entry, const std::string &what) {
  why += std::string("entry point ") + EntryNames[entry] + " " + what + "; ";
}

} // namespace moelora::codetest
