// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernel that computes expert ids and weights from logits. A warp routes
// one token at a time, and has the values of all experts in registers. The
// stages are those of runtime/run/host/Route.cpp, and the ids are the same,
// because everything that they depend on is computed with the same operations
// in the same order.

#include "gpu/RouteKernel.h"
#include "gpu/WarpRow.h"
#include <cstddef>
#include <limits>

using namespace mlir;

namespace moelora::codegen {

namespace {

constexpr double Infinity = std::numeric_limits<double>::infinity();

class RouteKernel {
public:
  RouteKernel(GpuLowering &lowering, const moelora_router &router,
              const RouteOperands &operands);
  KernelInfo emit();

private:
  using Reals = WarpRow::Reals;
  using Ints = WarpRow::Ints;

  void routeToken();
  // The stages. A lane has the choice of its number.
  Reals scaleLogits();
  Reals scoreExperts(Reals logits);
  Int choose(const Reals &logits, const Reals &scores);
  Ints chooseBy(const Reals &logits, const Reals &scores);
  void limitGroups(Ints &choices);
  Int lookUp();
  void weigh(const Reals &scores, Int ids);

  Int scoreGroup(const Ints &values, int64_t first, int64_t last,
                 llvm::function_ref<Value(int64_t)> isMember);
  Ints scoreFewGroups(const Ints &values);
  Ints scoreManyGroups(WarpRow groups, const Ints &values);
  Int takeBest(WarpRow row, Ints &values, int64_t count);
  void softmax(WarpRow row, Reals &values);
  void roundTo(int32_t type, Reals &values);
  Real post(Real weight, Value valid);
  Real divisor(Real weight, Value valid);

  Ints intsOf(ValueRange values) {
    Ints ints;
    for (Value value : values)
      ints.push_back({&code, value});
    return ints;
  }
  Real real(double value) {
    return {&code, code.f32(code.builder.getF32Type(), value)};
  }
  bool limitsGroups() const {
    return router.groups > 1 && router.top_groups < router.groups;
  }
  int64_t eligible() const { return router.experts - router.always; }
  int64_t groupSize() const { return eligible() / router.groups; }
  Ptr constants(int64_t word, int64_t count) {
    return kernel.region(word, {4 * count, 0});
  }

  const moelora_router router;
  const RouteOperands operands;
  Kernel kernel;
  KernelCode &code;
  WarpRow experts, candidates, choices;
  Int lane, tokens, token{};
  Ptr logits, ids, weights, bias{}, expertScale{}, table{}, tokenIds{};
};

} // namespace

RouteKernel::RouteKernel(GpuLowering &lowering, const moelora_router &router,
                         const RouteOperands &operands)
    : router(router), operands(operands),
      kernel(lowering.gpu, lowering.kernelName("route"),
             RouteWarps * WarpLanes),
      code(kernel.code), experts(code, router.experts),
      candidates(code, eligible()), choices(code, router.top_k),
      lane(code.lane()), tokens(kernel.tokens()),
      logits(kernel.region(operands.logits, {0, 4 * router.experts})),
      ids(kernel.region(operands.ids, {0, 4 * router.top_k})),
      weights(kernel.region(operands.weights, {0, 4 * router.top_k})) {
  if (operands.bias >= 0)
    bias = constants(operands.bias, eligible());
  if (operands.expertScale >= 0)
    expertScale = constants(operands.expertScale, router.experts);
  if (operands.table < 0)
    return;
  table = constants(operands.table, int64_t(router.table_rows) * router.top_k);
  tokenIds = kernel.region(operands.tokenIds, {0, 4});
}

KernelInfo RouteKernel::emit() {
  Int first = code.block() * RouteWarps + code.warp();
  Int step = code.blocks() * RouteWarps;
  code.repeat(
      first.value,
      [&](ValueRange i) { return code.less({&code, i[0]}, tokens); },
      [&](ValueRange i) {
        token = {&code, i[0]};
        routeToken();
        return Code::Values{(token + step).value};
      });
  return kernel.finish(/*sharedBytes=*/0);
}

void RouteKernel::routeToken() {
  Reals logits = scaleLogits();
  Reals scores = scoreExperts(logits);
  Int own = router.table_rows ? lookUp() : choose(logits, scores);
  weigh(scores, own);
}

void RouteKernel::roundTo(int32_t type, Reals &values) {
  if (type != MOELORA_BF16 && type != MOELORA_F16)
    return;
  Type element = type == MOELORA_BF16 ? Type(code.builder.getBF16Type())
                                      : code.builder.getF16Type();
  for (Real &value : values)
    value = roundedTo(element, value);
}

RouteKernel::Reals RouteKernel::scaleLogits() {
  Named named(code, "logits");
  Reals scaled = experts.load(logits + token * (4 * router.experts));
  roundTo(router.logit_type, scaled);
  for (Real &logit : scaled) {
    logit = logit * router.logit_scale;
    if (router.softcap > 0)
      logit = hyperbolicTangent(logit / router.softcap) * router.softcap;
  }
  return scaled;
}

void RouteKernel::softmax(WarpRow row, Reals &values) {
  Real top = row.largest(values);
  for (Real &value : values)
    value = exponential(value - top);
  Real sum = row.sum(values);
  for (Real &value : values)
    value = value / sum;
}

RouteKernel::Reals RouteKernel::scoreExperts(Reals values) {
  Named named(code, "scores");
  if (router.score == MOELORA_SCORE_SOFTMAX)
    softmax(experts, values);
  else if (router.score == MOELORA_SCORE_SIGMOID)
    llvm::transform(values, values.begin(), sigmoid);
  else if (router.score == MOELORA_SCORE_SQRTSOFTPLUS)
    llvm::transform(values, values.begin(), sqrtSoftplus);
  roundTo(router.score_type, values);
  return values;
}

/// The values by which experts are selected, in the form of orderOf; 0 in lanes
/// without one.
RouteKernel::Ints RouteKernel::chooseBy(const Reals &logits,
                                        const Reals &scores) {
  bool byScore = router.bias_on == MOELORA_BIAS_ON_SCORE || limitsGroups() ||
                 router.score_type;
  const Reals &from =
      byScore && router.bias_on != MOELORA_BIAS_ON_LOGIT ? scores : logits;
  Reals added;
  if (operands.bias >= 0)
    added = candidates.load(bias);
  Ints values;
  for (int64_t i = 0; i < candidates.registers(); ++i) {
    Real value = from[size_t(i)];
    if (operands.bias >= 0)
      value = value + added[size_t(i)];
    value = select(isNumber(value), value, real(-Infinity));
    values.push_back(candidates.orElse(i, orderOf(value), code.i32(0)));
  }
  return values;
}

/// Lane j has the place of the j-th largest value, which becomes 0.
Int RouteKernel::takeBest(WarpRow row, Ints &values, int64_t count) {
  Code::Values state{code.i32(-1).value};
  for (Int value : values)
    state.push_back(value.value);
  Code::Values end = code.loop(
      code.i32(0), code.i32(count), 1, state, [&](Int j, ValueRange state) {
        Ints left = intsOf(state.drop_front());
        Int taken = row.takeLargest(left);
        Code::Values next{
            code.select(code.equal(lane, j), taken.value, state[0])};
        for (Int value : left)
          next.push_back(value.value);
        return next;
      });
  values = intsOf(ValueRange(end).drop_front());
  return {&code, end[0]};
}

/// The largest choice of a group, or the sum of the two largest. The group has
/// numbers in the registers [first, last).
Int RouteKernel::scoreGroup(const Ints &values, int64_t first, int64_t last,
                            llvm::function_ref<Value(int64_t)> isMember) {
  Int best = code.i32(0), second = best, none = best;
  for (int64_t i = first; i < last; ++i) {
    Int value = code.select(isMember(i), values[size_t(i)], none);
    Value larger = code.below(best, value);
    Int smaller = code.select(larger, best, value);
    best = code.select(larger, value, best);
    second = code.select(code.below(second, smaller), smaller, second);
  }
  Int top = code.reduceMax(best);
  if (router.group_score != MOELORA_GROUP_TOP2_SUM || groupSize() == 1)
    return top;
  Int owner = code.lowestOne(code.ballot(code.equal(best, top)));
  Int other =
      code.reduceMax(code.select(code.equal(lane, owner), second, best));
  Real sum = ofOrder(top) + ofOrder(other);
  return orderOf(select(isNumber(sum), sum, real(-Infinity)));
}

/// The scores of at most as many groups as there are lanes.
RouteKernel::Ints RouteKernel::scoreFewGroups(const Ints &values) {
  Int own = code.i32(0);
  for (int64_t g = 0; g < router.groups; ++g) {
    int64_t begin = g * groupSize(), end = begin + groupSize();
    int64_t last = (end + WarpLanes - 1) / WarpLanes;
    Int score = scoreGroup(values, begin / WarpLanes, last, [&](int64_t i) {
      return candidates.isWithin(i, begin, end);
    });
    own = code.select(code.equal(lane, code.i32(g)), score, own);
  }
  return {own};
}

/// The same for any number of groups, in a loop that looks at all choices for
/// each of them.
RouteKernel::Ints RouteKernel::scoreManyGroups(WarpRow groups,
                                               const Ints &values) {
  Code::Values zeros(size_t(groups.registers()), code.i32(0).value);
  Code::Values scores = code.loop(
      code.i32(0), code.i32(router.groups), 1, zeros,
      [&](Int group, ValueRange state) {
        Int begin = group * groupSize(), size = code.i32(groupSize());
        Int score =
            scoreGroup(values, 0, candidates.registers(), [&](int64_t i) {
              return code.below(candidates.index(i) - begin, size);
            });
        Code::Values next;
        for (auto [i, own] : llvm::enumerate(state))
          next.push_back(code.select(
              code.equal(groups.index(int64_t(i)), group), score.value, own));
        return next;
      });
  return intsOf(scores);
}

/// Experts outside of the best groups cannot be chosen before others.
void RouteKernel::limitGroups(Ints &values) {
  Named named(code, "groups");
  WarpRow groups(code, router.groups);
  Ints scores = router.groups <= WarpLanes ? scoreFewGroups(values)
                                           : scoreManyGroups(groups, values);
  takeBest(groups, scores, router.top_groups);
  Ints kept; // bits
  for (Int score : scores)
    kept.push_back(code.ballot(code.equal(score, code.i32(0))));
  Int fill = orderOf(real(router.group_fill_zero ? 0 : -Infinity));
  for (int64_t i = 0; i < candidates.registers(); ++i) {
    Int group = candidates.index(i) / groupSize();
    // The groups of a register are of at most two words.
    size_t low = size_t(i * WarpLanes / groupSize() / WarpLanes);
    Int word = kept[low];
    if (low + 1 < kept.size())
      word =
          code.select(code.less(group, code.i32(int64_t(low + 1) * WarpLanes)),
                      word, kept[low + 1]);
    Value isKept = code.equal((word >> (group % WarpLanes)) & 1, code.i32(1));
    values[size_t(i)] = candidates.orElse(
        i, code.select(isKept, values[size_t(i)], fill), code.i32(0));
  }
}

Int RouteKernel::choose(const Reals &logits, const Reals &scores) {
  Ints values = chooseBy(logits, scores);
  if (limitsGroups())
    limitGroups(values);
  Named named(code, "choices");
  int64_t chosen = router.top_k - router.always;
  Int own = takeBest(candidates, values, chosen);
  if (router.always)
    own = code.select(code.less(lane, code.i32(chosen)), own,
                      lane + (eligible() - chosen));
  return own;
}

/// -1 if the token or the id is out of range, which is counted.
Int RouteKernel::lookUp() {
  Named named(code, "table");
  Int row = code.loadNumber(tokenIds + token * 4);
  Value isChoice = choices.isWithin(0, 0, router.top_k);
  Value known =
      code.both(code.below(row, code.i32(router.table_rows)), isChoice);
  Value loaded = code.choose(
      known,
      [&] {
        Ptr from = table + code.toI64(row) * (4 * int64_t(router.top_k));
        return Code::Values{code.loadNumber(from + lane * 4).value};
      },
      [&] { return Code::Values{code.i32(-1).value}; })[0];
  Int id{&code, loaded};
  Value valid = code.below(id, code.i32(router.experts));
  Int dropped = code.countOnes(
      code.ballot(code.select(valid, code.bit(false), isChoice)));
  Value counts = code.both(code.equal(lane, code.i32(0)),
                           code.below(code.i32(0), dropped));
  code.when(counts, [&] {
    countIn(kernel, offsetof(moelora_run_stats, dropped_pairs), dropped);
  });
  return code.select(valid, id, code.i32(-1));
}

Real RouteKernel::post(Real weight, Value valid) {
  if (router.post == MOELORA_POST_SIGMOID)
    return sigmoid(weight);
  if (router.post != MOELORA_POST_SOFTMAX)
    return weight;
  Real top = choices.largest({select(valid, weight, real(-Infinity))});
  Real part = exponential(weight - top);
  return part / choices.sum({select(valid, part, real(0))});
}

/// What the weights are divided by.
Real RouteKernel::divisor(Real weight, Value valid) {
  Real counted = select(valid, weight, real(0));
  switch (router.renormalize) {
  case MOELORA_RENORMALIZE_SUM:
    return choices.sum({counted}) + router.epsilon;
  case MOELORA_RENORMALIZE_CLAMP:
    return larger(choices.sum({counted}), real(router.epsilon));
  case MOELORA_RENORMALIZE_PNORM: {
    Real raised = power(absolute(counted), router.norm_p);
    return power(choices.sum({raised}), 1.0f / router.norm_p);
  }
  default:
    return real(1);
  }
}

void RouteKernel::weigh(const Reals &scores, Int own) {
  Named named(code, "weights");
  Value valid = code.less(code.i32(-1), own);
  Real weight = post(experts.at(scores, own), valid);
  weight = weight / divisor(weight, valid) * router.scale;
  Value isChoice = choices.isWithin(0, 0, router.top_k);
  code.when(isChoice, [&] {
    if (operands.expertScale >= 0) {
      Int id = code.most(own, code.i32(0));
      weight = weight * Real{&code, code.loadFloat(expertScale + id * 4)};
    }
    Reals rounded{select(valid, weight, real(0))};
    roundTo(router.weight_type, rounded);
    Int at = token * router.top_k + lane;
    code.store(own, ids + at * 4);
    code.store(rounded[0].value, weights + at * 4);
  });
}

KernelInfo emitRouteKernel(GpuLowering &lowering, const moelora_router &router,
                           const RouteOperands &operands) {
  return RouteKernel(lowering, router, operands).emit();
}

} // namespace moelora::codegen
