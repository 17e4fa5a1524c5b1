// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of the services, and the stages that consist of one call.

#include "cpu/Services.h"
#include "LayerDescription.h"
#include "cpu/Lowering.h"
#include "moelora/dialect/RowAxes.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

LLVM::LLVMFuncOp taskFunction(Unit &unit, StringRef name, TaskBody body) {
  return unit.function(
      name, {unit.pointer(), unit.i64(), unit.i64()}, unit.none(),
      [&](Code &code, ArrayRef<BlockArgument> in) {
        body(code, {&code, in[0]}, {&code, in[1]}, {&code, in[2]});
      });
}

static Ptr services(Code &code, Ptr frame) {
  return code.loadPtr(frame + Frame::Services);
}

Ptr service(Code &code, Ptr frame, int64_t offset) {
  return code.loadPtr(services(code, frame) + offset);
}

Int workers(Code &code, Ptr frame) {
  return code.loadInt32(services(code, frame) +
                        offsetof(moelora_services, workers));
}

void parallelFor(Code &code, Ptr frame, Int tasks, LLVM::LLVMFuncOp task) {
  Ptr context = service(code, frame, offsetof(moelora_services, context));
  code.call(
      service(code, frame, offsetof(moelora_services, parallel_for)),
      {context.value, tasks.value, code.address(task).value, frame.value});
}

static Int count(PlanView &view, int64_t offset) {
  return view.code.loadInt32(view.plan + offset);
}
static Ptr array(PlanView &view, int64_t offset) {
  return view.code.loadPtr(view.plan + offset);
}

Int PlanView::rows() { return count(*this, offsetof(moelora_plan, rows)); }
Int PlanView::tiles() { return count(*this, offsetof(moelora_plan, tiles)); }
Int PlanView::segments() {
  return count(*this, offsetof(moelora_plan, segments));
}
Ptr PlanView::rowToken() {
  return array(*this, offsetof(moelora_plan, row_token));
}
Ptr PlanView::rowPair() {
  return array(*this, offsetof(moelora_plan, row_pair));
}
Ptr PlanView::tile(Int index) {
  return array(*this, offsetof(moelora_plan, tile)) +
         index * sizeof(moelora_tile);
}
Ptr PlanView::segment(Int index) {
  return array(*this, offsetof(moelora_plan, segment)) +
         index * sizeof(moelora_segment);
}

static Ptr wordOrNull(Lowering &lowering, Code &code, Ptr frame, Value value) {
  return value ? code.loadPtr(frame + lowering.words.lookup(value))
               : code.null();
}

/// Fills the moelora_route_inputs at `inputs`.
static void storeInputs(Lowering &lowering, Code &code, Ptr frame, Ptr inputs,
                        RouteOp op) {
  code.store(lowering.rows(code, frame, op.getLogits()),
             inputs + offsetof(moelora_route_inputs, tokens));
  std::pair<int64_t, Value> pointers[] = {
      {offsetof(moelora_route_inputs, logits), op.getLogits()},
      {offsetof(moelora_route_inputs, bias), op.getBias()},
      {offsetof(moelora_route_inputs, expert_scale), op.getExpertScale()},
      {offsetof(moelora_route_inputs, table), op.getTable()},
      {offsetof(moelora_route_inputs, token_ids), op.getTokenIds()}};
  for (auto [offset, value] : pointers)
    code.store(wordOrNull(lowering, code, frame, value), inputs + offset);
}

FailureOr<RunStage> lowerRoute(Lowering &lowering, RouteOp op) {
  if (failed(verifyLogits(op)))
    return failure();
  lowering.services |= MOELORA_SERVICE_ROUTE;
  int64_t topK = op.getRouter().getTopK();
  lowering.words[op.getIds()] = lowering.region(op.getIds(), 4 * topK);
  lowering.words[op.getWeights()] = lowering.region(op.getIds(), 4 * topK);
  int64_t inputs = lowering.frame.words(sizeof(moelora_route_inputs) / 8);
  moelora_router router = describeRouter(op);
  LLVM::GlobalOp constant = lowering.unit.bytes(
      "router_" + std::to_string(inputs),
      {reinterpret_cast<const char *>(&router), sizeof(router)});
  return RunStage([=, &lowering](Code &code, Ptr frame) mutable {
    storeInputs(lowering, code, frame, frame + inputs, op);
    auto word = [&](Value value) {
      return wordOrNull(lowering, code, frame, value).value;
    };
    code.call(service(code, frame, offsetof(moelora_services, route)),
              {code.address(constant).value, (frame + inputs).value,
               word(op.getIds()), word(op.getWeights()),
               code.loadPtr(frame + Frame::Stats).value});
  });
}

FailureOr<RunStage> lowerIdentityWeight(Lowering &lowering,
                                        IdentityWeightOp op) {
  lowering.services |= MOELORA_SERVICE_IDENTITY_WEIGHTS;
  int64_t topK = rowElements(op.getIds().getType());
  int64_t result = lowering.resultWord(op, 4);
  return RunStage([=, &lowering](Code &code, Ptr frame) mutable {
    auto word = [&](Value value) {
      return code.loadPtr(frame + lowering.words.lookup(value)).value;
    };
    code.call(
        service(code, frame, offsetof(moelora_services, identity_weights)),
        {lowering.rows(code, frame, op.getIds()).value, code.i32(topK).value,
         code.i32(op.getFirst()).value, code.i32(op.getEnd()).value,
         word(op.getIds()), word(op.getWeights()),
         code.loadPtr(frame + result).value});
  });
}

/// The arrays of a plan, with the capacities that moelora_plan requires.
static void declarePlanArrays(Lowering &lowering, const PlanInfo &info,
                              Value plan) {
  Frame &frame = lowering.frame;
  int64_t pairs = info.topK * lowering.ranks.ranks(gatheredOver(plan));
  auto array = [&](int64_t offset, int64_t bytesPerPair, int64_t fixed = 0) {
    frame.region({fixed, bytesPerPair * pairs}, info.word + offset);
  };
  array(offsetof(moelora_plan, row_token), 4);
  array(offsetof(moelora_plan, row_pair), 4);
  array(offsetof(moelora_plan, row_slot), 4);
  array(offsetof(moelora_plan, tile), sizeof(moelora_tile));
  array(offsetof(moelora_plan, segment), sizeof(moelora_segment));
  array(offsetof(moelora_plan, scratch), 4,
        4 * (info.experts + info.slots + 2));
}

static void storeShape(Lowering &lowering, Code &code, Ptr shape, Ptr frame,
                       const PlanInfo &info, PlanOp op) {
  bool hasSlots(op.getSlots());
  code.store(lowering.rows(code, frame, op.getPlan()),
             shape + offsetof(moelora_plan_shape, tokens));
  code.store(code.toI32(lowering.validRows(code, frame, op.getPlan())),
             shape + offsetof(moelora_plan_shape, valid_tokens));
  Int slots =
      hasSlots ? code.loadInt(frame + Frame::Slots) : code.i64(info.slots);
  code.store(code.toI32(slots), shape + offsetof(moelora_plan_shape, slots));
  std::pair<int64_t, int64_t> numbers[] = {
      {offsetof(moelora_plan_shape, top_k), info.topK},
      {offsetof(moelora_plan_shape, experts), info.experts},
      {offsetof(moelora_plan_shape, tile_rows), info.tileRows},
      {offsetof(moelora_plan_shape, group_rows), info.groupRows},
      {offsetof(moelora_plan_shape, zero_experts),
       info.localIds < 0 ? info.zeroExperts : 0},
      {offsetof(moelora_plan_shape, reserved), 0}};
  for (auto [offset, value] : numbers)
    code.store(code.i32(value), shape + offset);
}

/// The schedule of a plan, which the tiles of the target can run.
static FailureOr<CpuScheduleAttr> scheduleOf(Lowering &lowering, PlanOp op) {
  auto schedule = dyn_cast_or_null<CpuScheduleAttr>(op.getScheduleAttr());
  if (!schedule)
    return op.emitError() << "expects a plan to have the schedule of a CPU, as "
                             "moelora-schedule attaches it, but it has "
                          << (op.getScheduleAttr() ? "that of a GPU" : "none");
  int64_t most = lowering.unit.target.groupRows();
  if (schedule.getGroup() > most)
    return op.emitError() << "expects row groups of at most " << most
                          << " rows, which the registers of the target hold, "
                             "but the schedule has "
                          << schedule.getGroup();
  return schedule;
}

FailureOr<RunStage> lowerPlan(Lowering &lowering, PlanOp op) {
  FailureOr<CpuScheduleAttr> schedule = scheduleOf(lowering, op);
  if (failed(schedule))
    return failure();
  lowering.services |= MOELORA_SERVICE_PLAN;
  PlanType type = op.getPlan().getType();
  PlanInfo info;
  info.experts = type.getExperts();
  info.slots = type.getSlots();
  info.topK = type.getTopK();
  info.groupRows = schedule->getGroup();
  info.tileRows = schedule->getRows();
  info.zeroExperts = op.getZeroExperts();
  Frame &frame = lowering.frame;
  info.word = frame.words(sizeof(moelora_plan) / 8);
  declarePlanArrays(lowering, info, op.getPlan());
  int64_t shapeWord = frame.words(sizeof(moelora_plan_shape) / 8);
  RunStage map;
  if (op.getMap()) {
    info.localIds = lowering.region(op.getPlan(), 4 * info.topK);
    map = lowerLocalIds(lowering, op, info.localIds);
  }
  lowering.plans[op.getPlan()] = info;
  return RunStage([=, &lowering](Code &code, Ptr frame) mutable {
    if (map)
      map(code, frame);
    storeShape(lowering, code, frame + shapeWord, frame, info, op);
    auto word = [&](Value value) {
      return wordOrNull(lowering, code, frame, value).value;
    };
    Value ids =
        map ? code.loadPtr(frame + info.localIds).value : word(op.getIds());
    code.call(service(code, frame, offsetof(moelora_services, plan)),
              {(frame + shapeWord).value, ids, word(op.getSlots()),
               (frame + info.word).value,
               code.loadPtr(frame + Frame::Stats).value});
  });
}

} // namespace moelora::codegen
