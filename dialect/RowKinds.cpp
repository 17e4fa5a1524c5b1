// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks over a layer once, and checks the kinds of rows that each op reads and
// makes.

#include "RowKinds.h"
#include "VerifyShapes.h"
#include "moelora/dialect/RowAxes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moelora;

static const RowKind constant = {RowKind::Constant};
static const RowKind perToken = {RowKind::PerToken};

static RowKind kindOfRole(Role role) {
  switch (role) {
  case Role::Hidden:
  case Role::RouterHidden:
  case Role::RouterLogits:
  case Role::ExpertWeights:
    return perToken;
  case Role::Slots:
    return {RowKind::SlotIds};
  case Role::TokenIds:
    return {RowKind::TokenIds};
  case Role::ExpertIds:
    return {RowKind::ExpertIds};
  default:
    return constant;
  }
}

/// The operand of the op that makes the plan. Null if the plan has no such
/// operand, or if an op of another dialect makes it.
static Value idsOf(Value plan) {
  if (auto op = plan.getDefiningOp<DispatchOp>())
    return op.getIds();
  auto op = plan.getDefiningOp<PlanOp>();
  return op ? op.getIds() : Value();
}

static Value slotsOf(Value plan) {
  if (auto op = plan.getDefiningOp<DispatchOp>())
    return op.getSlots();
  auto op = plan.getDefiningOp<PlanOp>();
  return op ? op.getSlots() : Value();
}

/// A plan without ids has one pair per token and drops none.
static bool isOfTokens(Value plan) {
  return isa_and_nonnull<DispatchOp, PlanOp>(plan.getDefiningOp()) &&
         !idsOf(plan);
}

/// A row per token, gathered as the rows of the plan are.
static RowKind tokensOf(Value plan) {
  return perToken.over(gatheredOver(plan));
}

static RowKind pairsOf(Value plan) {
  if (isOfTokens(plan))
    return tokensOf(plan);
  return RowKind{RowKind::PerPair, plan}.over(gatheredOver(plan));
}

/// The expected kind, for a message.
static StringRef textOf(const RowKind &wanted) {
  static constexpr StringLiteral texts[] = {"no rows of tokens or pairs",
                                            "a row per token",
                                            "a row per pair of its plan",
                                            "rows shrunk by its table and plan",
                                            "rows of tokens, shrunk by its "
                                            "table and slots,",
                                            "slot ids",
                                            "resolved slots",
                                            "token ids",
                                            "expert ids"};
  return texts[wanted.content];
}

static std::string textOf(AxesAttr axes) {
  if (!axes)
    return "";
  std::string text = ", gathered over <";
  llvm::raw_string_ostream stream(text);
  llvm::interleaveComma(axes.getAxes(), stream,
                        [&](Axis axis) { stream << stringifyAxis(axis); });
  stream << '>';
  return text;
}

/// The kind that was found, for a message.
static StringRef textOf(const RowKind &found, const RowKind &wanted) {
  if (found.content == RowKind::PerPair)
    return found.content == wanted.content ? "a row per pair of another plan"
                                           : "a row per pair of a plan";
  if (found.content == RowKind::Shrunk)
    return found.content == wanted.content
               ? "rows shrunk by another table or plan"
               : "rows shrunk by a table";
  if (found.content == RowKind::ShrunkByToken)
    return found.content == wanted.content
               ? "those of another table or of other slots"
               : "rows of tokens, shrunk by a table";
  return textOf(found);
}

RowKinds::RowKinds(LayerOp layer) : layer(layer) {
  for (BlockArgument argument : layer.getBody().getArguments())
    kinds[argument] = kindOfRole(layer.getRole(argument.getArgNumber()));
}

bool RowKinds::set(Value value, const RowKind &kind) {
  kinds[value] = kind.over(gatheredOver(value));
  return true;
}

void RowKinds::attachNote(InFlightDiagnostic &diagnostic, StringRef name,
                          Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    diagnostic.attachNote(layer.getLoc())
        << name << ": the argument of role "
        << stringifyRole(layer.getRole(argument.getArgNumber()));
  else
    diagnostic.attachNote(value.getLoc()) << name << ": made here";
}

bool RowKinds::expect(Operation *op, StringRef name, Value value,
                      const RowKind &wanted) {
  auto found = value ? kinds.find(value) : kinds.end();
  if (found == kinds.end() || found->second == wanted)
    return true;
  InFlightDiagnostic diagnostic =
      op->emitOpError() << "expects " << textOf(wanted) << textOf(wanted.axes)
                        << " as " << name << ", but gets "
                        << textOf(found->second, wanted)
                        << textOf(found->second.axes);
  attachNote(diagnostic, name, value);
  return false;
}

bool RowKinds::check(ResolveSlotsOp op) {
  if (resolved) {
    op.emitOpError("expects to be the one resolve_slots of its layer, but "
                   "there are two")
            .attachNote(resolved.getLoc())
        << "the other one is here"; // (C9)
    return false;
  }
  resolved = op;
  for (Value table : op.getTables())
    if (!expect(op, "the table", table, constant))
      return false;
  RowKind ids{RowKind::SlotIds}, slots{RowKind::Slots};
  AxesAttr axes = gatheredOver(op.getIds());
  return expect(op, "the ids", op.getIds(), ids.over(axes)) && // (C9)
         set(op.getSlots(), slots);
}

/// The op that resolves the slots, of which `own` takes some. Null if there is
/// none.
static ResolveSlotsOp resolverOf(Value slots) {
  while (auto own = slots ? slots.getDefiningOp<OwnOp>() : nullptr)
    slots = own.getGathered();
  return slots ? slots.getDefiningOp<ResolveSlotsOp>() : nullptr;
}

/// (C9): the slots of a plan are those of the tables that resolved them.
bool RowKinds::checkSlotCount(Operation *op, PlanType plan, Value slots) {
  ResolveSlotsOp resolve = resolverOf(slots);
  if (!resolve)
    return true;
  auto table = cast<SlotTableType>(resolve.getTables().front().getType());
  if (table.getSlots() == plan.getSlots())
    return true;
  (op->emitOpError() << "expects the plan and the tables of its slots to agree "
                        "on slots, but the plan has "
                     << plan.getSlots() << " and the tables have "
                     << table.getSlots())
          .attachNote(resolve.getLoc())
      << "the slots are resolved here";
  return false;
}

template <typename Op> bool RowKinds::checkPlan(Op op) {
  RowKind ids{RowKind::ExpertIds}, slots{RowKind::Slots};
  AxesAttr axes = gatheredOver(op.getPlan());
  return expect(op, "the ids", op.getIds(), ids.over(axes)) &&
         expect(op, "the slots", op.getSlots(), slots.over(axes)) && // (C9)
         expect(op, "the map", op.getMap(), constant) &&
         checkSlotCount(op, op.getPlan().getType(), op.getSlots());
}

bool RowKinds::check(RouteOp op) {
  RowKind ids{RowKind::TokenIds};
  AxesAttr axes = gatheredOver(op.getLogits());
  return expect(op, "the logits", op.getLogits(), perToken.over(axes)) &&
         expect(op, "the bias", op.getBias(), constant) &&
         expect(op, "the scale", op.getExpertScale(), constant) &&
         expect(op, "the table", op.getTable(), constant) &&
         expect(op, "the token ids", op.getTokenIds(), ids.over(axes)) &&
         set(op.getIds(), {RowKind::ExpertIds}) &&
         set(op.getWeights(), perToken);
}

/// With `gather`, an op reads rows of tokens, and otherwise rows of its pairs.
template <typename Op> bool RowKinds::checkInput(Op op) {
  if (op.getGather())
    return expect(op, "the gathered input", op.getInput(),
                  tokensOf(op.getPlan()));
  return expect(op, "the input without gather", op.getInput(),
                pairsOf(op.getPlan()));
}

/// (C10): the slots have been resolved in this table.
bool RowKinds::checkTable(Operation *op, Value plan, Value table) {
  Value slots = slotsOf(plan);
  ResolveSlotsOp resolve = resolverOf(slots);
  if (!resolve || llvm::is_contained(resolve.getTables(), table))
    return true;
  InFlightDiagnostic diagnostic =
      op->emitOpError("expects its table to be one of those that the slots of "
                      "its plan are resolved in, but it is not");
  diagnostic.attachNote(resolve.getLoc()) << "the slots are resolved here";
  attachNote(diagnostic, "the table", table);
  return false;
}

bool RowKinds::check(ExpertGemmOp op) {
  return checkInput(op) && expect(op, "the weight", op.getWeight(), constant) &&
         expect(op, "the bias", op.getBias(), constant) &&
         set(op.getResult(), pairsOf(op.getPlan()));
}

bool RowKinds::check(LoraDeltaOp op) {
  RowKind pairs = pairsOf(op.getPlan());
  return checkInput(op) &&
         expect(op, "the accumulator", op.getAccumulator(), pairs) &&
         checkTable(op, op.getPlan(), op.getTable()) &&
         set(op.getResult(), pairs);
}

/// Without a plan the accumulator may have rows of any pairs, or of tokens.
bool RowKinds::check(ActivationOp op) {
  if (op.getPlan())
    return expect(op, "the accumulator", op.getAccumulator(),
                  pairsOf(op.getPlan())) &&
           expect(op, "the input weights", op.getInputWeights(),
                  tokensOf(op.getPlan())) &&
           set(op.getResult(), pairsOf(op.getPlan()));
  auto found = kinds.find(op.getAccumulator());
  if (found == kinds.end())
    return true;
  RowKind kind = found->second;
  return (kind.content == RowKind::PerPair ||
          expect(op, "the accumulator", op.getAccumulator(),
                 perToken.over(kind.axes))) &&
         set(op.getResult(), kind);
}

/// The other operands of a sum over a token's rows.
template <typename Op> bool RowKinds::checkTerms(Op op) {
  RowKind tokens = tokensOf(op.getPlan()), shared = tokens;
  if (std::optional<AxesAttr> own = op.getOwn()) {
    if (!checkOwn(op, tokens.axes, *own))
      return false;
    shared.axes = withoutAxes(tokens.axes, *own);
  }
  return expect(op, "the identity rows", op.getIdentity(), tokens) &&
         expect(op, "the identity weights", op.getIdentityWeights(), tokens) &&
         expect(op, "the shared rows", op.getShared(), shared) &&
         expect(op, "the score", op.getScore(), shared);
}

bool RowKinds::check(CombineOp op) {
  RowKind tokens = tokensOf(op.getPlan());
  return expect(op, "the rows", op.getRows(), pairsOf(op.getPlan())) &&
         expect(op, "the weights", op.getWeights(), tokens) && checkTerms(op) &&
         set(op.getResult(), tokens);
}

bool RowKinds::check(IdentityWeightOp op) {
  RowKind ids{RowKind::ExpertIds};
  AxesAttr axes = gatheredOver(op.getIds());
  return expect(op, "the ids", op.getIds(), ids.over(axes)) &&
         expect(op, "the weights", op.getWeights(), perToken.over(axes)) &&
         set(op.getResult(), perToken);
}

bool RowKinds::check(RmsNormOp op) {
  RowKind rows = perToken.over(gatheredOver(op.getInput()));
  return expect(op, "the input", op.getInput(), rows) &&
         expect(op, "the weight", op.getWeight(), constant) &&
         set(op.getResult(), rows);
}

static SmallVector<int64_t> tokensOf(ScheduleAttr schedule) {
  return llvm::map_to_vector(schedule ? schedule.getTiles()
                                      : ArrayRef<TileAttr>(),
                             [](TileAttr tile) { return tile.getTokens(); });
}

/// (C11): a plan is divided once, for all ops that run over it.
template <typename Op> bool RowKinds::checkSchedule(Op op) {
  auto plan = op.getPlan().template getDefiningOp<PlanOp>();
  if (!op.getScheduleAttr() || !plan)
    return true;
  auto own = tokensOf(op.getScheduleAttr());
  auto wanted =
      tokensOf(dyn_cast_or_null<ScheduleAttr>(plan.getScheduleAttr()));
  if (own == wanted)
    return true;
  InFlightDiagnostic diagnostic =
      op->emitOpError("expects its schedule and that of its plan to have the "
                      "same tokens, but its own has [");
  llvm::interleaveComma(own, diagnostic);
  diagnostic << "] and that of the plan has [";
  llvm::interleaveComma(wanted, diagnostic);
  diagnostic << "]";
  diagnostic.attachNote(plan.getLoc()) << "the plan is made here";
  return false;
}

/// Rows of tokens are read through any plan of the same slots. They are
/// gathered as those slots are.
static RowKind shrunkBy(ShrinkOp op) {
  if (op.isOfTokens() && isOfTokens(op.getPlan()))
    return {RowKind::ShrunkByToken, nullptr, op.getTable(),
            slotsOf(op.getPlan())};
  return {RowKind::Shrunk, op.getPlan(), op.getTable()};
}

bool RowKinds::check(ShrinkOp op) {
  return checkInput(op) && checkTable(op, op.getPlan(), op.getTable()) &&
         checkSchedule(op) && set(op.getResult(), shrunkBy(op));
}

bool RowKinds::checkShrunk(GroupedMatmulOp op) {
  AxesAttr axes = gatheredOver(op.getPlan());
  if (op.getGatherShrunk()) {
    RowKind rows{RowKind::ShrunkByToken, nullptr, op.getTable(),
                 slotsOf(op.getPlan())};
    return expect(op, "the gathered shrunk rows", op.getShrunk(),
                  rows.over(axes));
  }
  RowKind rows{RowKind::Shrunk, op.getPlan(), op.getTable()};
  return expect(op, "the shrunk rows", op.getShrunk(), rows.over(axes));
}

bool RowKinds::check(GroupedMatmulOp op) {
  return checkInput(op) && expect(op, "the weight", op.getWeight(), constant) &&
         expect(op, "the bias", op.getBias(), constant) && checkShrunk(op) &&
         expect(op, "the input weights", op.getInputWeights(),
                tokensOf(op.getPlan())) &&
         expect(op, "the weights", op.getCombineWeights(),
                tokensOf(op.getPlan())) &&
         checkTerms(op) && checkSchedule(op) &&
         set(op.getResult(),
             op.combines() ? tokensOf(op.getPlan()) : pairsOf(op.getPlan()));
}

bool RowKinds::check(YieldOp op) {
  return llvm::all_of(op.getResults(), [&](Value value) {
    return expect(op, "the output", value, perToken);
  });
}

/// (C7): generated code uses every size except the number of rows as a
/// constant.
static bool checkSizes(Operation *op) {
  for (Type result : op->getResultTypes()) {
    auto type = dyn_cast<RankedTensorType>(result);
    auto isKnown = [](int64_t size) { return size > 0; };
    if (!type || (type.isDynamicDim(0) &&
                  llvm::all_of(type.getShape().drop_front(), isKnown)))
      continue;
    op->emitOpError() << "expects the first size of a result, and no other, to "
                         "be dynamic, and none to be 0, but the type is "
                      << type;
    return false;
  }
  return true;
}

LogicalResult RowKinds::visit(Operation *op) {
  return success(
      checkGrid(op) &&
      llvm::TypeSwitch<Operation *, bool>(op)
          .Case<DispatchOp, PlanOp>([&](auto op) { return checkPlan(op); })
          .Case<ResolveSlotsOp, RouteOp, ExpertGemmOp, LoraDeltaOp,
                ActivationOp, CombineOp, IdentityWeightOp, RmsNormOp,
                AllGatherOp, OwnOp, ReduceOp, FinishOp, ShrinkOp,
                GroupedMatmulOp, YieldOp>(
              [&](auto op) { return checkSizes(op) && check(op); })
          .Default(true));
}
