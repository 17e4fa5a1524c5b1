// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops of both levels, row by row.

#include "Evaluate.h"
#include "Descriptions.h"

#include <limits>

using namespace mlir;

namespace moelora::interpreter {

using reference::ExpertsView;
using reference::LoraPair;
using reference::Rounding;
using reference::Vector;

int64_t Tensor::rowSize() const {
  int64_t size = 1;
  for (int64_t dim : ArrayRef<int64_t>(shape).drop_front())
    size *= dim;
  return size;
}

Vector Tensor::row(int64_t index) const {
  auto first = data.begin() + index * rowSize();
  return Vector(first, first + rowSize());
}

void setRow(Tensor &tensor, int64_t index, const Vector &row) {
  std::copy(row.begin(), row.end(),
            tensor.data.begin() + index * tensor.rowSize());
}

const LoraPair *Table::find(int32_t slot, int32_t expert, int64_t slice) const {
  if (slot < 0 || expert < 0)
    return nullptr;
  const LoraPair &pair = pairs[(slot * experts + expert) * slices + slice];
  return pair.rank() ? &pair : nullptr;
}

Tensor makeTensor(Type type, int64_t rows) {
  Tensor result;
  result.shape = cast<ShapedType>(type).getShape().vec();
  result.shape.front() = rows;
  result.data.assign(rows * result.rowSize(),
                     std::numeric_limits<double>::quiet_NaN());
  return result;
}

Rounding roundingOf(Mode mode, Type result, Type shrunk) {
  if (mode == Mode::Exact)
    return Rounding::exact();
  Type element = cast<ShapedType>(result).getElementType();
  return Rounding::rounded(describe(element),
                           describe(shrunk ? shrunk : element));
}

/// A weight [E, slices.., in] as a matrix per expert.
static ExpertsView viewOf(const Tensor &weight) {
  int64_t columns = weight.shape.back();
  return {MOELORA_F64, weight.data.data(), weight.rows(),
          weight.rowSize() / columns, columns};
}

Tensor resolveSlots(const Tensor &ids, const Inputs &inputs) {
  Tensor dense = ids;
  for (double &id : dense.data)
    id =
        reference::resolveSlot(int32_t(id), inputs.directory, inputs.indexBits);
  return dense;
}

static std::vector<int32_t> integersOf(const Vector &row) {
  return std::vector<int32_t>(row.begin(), row.end());
}

std::pair<Tensor, Tensor> route(RouteOp op, const Tensor &logits,
                                const RouteWith &with, Mode mode) {
  moelora_router router = describe(op.getRouter(), logits.shape.back());
  Rounding rounding = roundingOf(mode, op.getWeights().getType(), {});
  reference::RouterOperands operands;
  std::vector<int32_t> table;
  if (with.bias)
    operands.bias = with.bias->data;
  if (with.expertScale)
    operands.expertScale = with.expertScale->data;
  if (with.table) {
    router.table_rows = with.table->rows();
    table = integersOf(with.table->data);
  }
  Tensor ids = makeTensor(op.getIds().getType(), logits.rows());
  Tensor weights = makeTensor(op.getWeights().getType(), logits.rows());
  for (int64_t t = 0; t < logits.rows(); ++t) {
    if (with.table)
      operands.table = reference::tableRow(router, table.data(),
                                           int32_t(with.tokenIds->data[t]));
    reference::Routed routed =
        reference::route(router, logits.row(t), operands, rounding);
    setRow(ids, t, Vector(routed.ids.begin(), routed.ids.end()));
    setRow(weights, t, routed.weights);
  }
  return {ids, weights};
}

Tensor identityWeight(IdentityWeightOp op, const Tensor &ids,
                      const Tensor &weights, Mode mode) {
  Rounding rounding = roundingOf(mode, op.getType(), {});
  Tensor result = makeTensor(op.getType(), ids.rows());
  for (int64_t t = 0; t < ids.rows(); ++t)
    result.data[t] = reference::identityWeight(
        {integersOf(ids.row(t)), weights.row(t)}, int32_t(op.getFirst()),
        int32_t(op.getEnd()), rounding);
  return result;
}

Tensor rmsNorm(RmsNormOp op, const Tensor &input, const Tensor *weight,
               Mode mode) {
  Rounding rounding = roundingOf(mode, op.getType(), {});
  moelora_norm norm = {1, op.getEpsilon().convertToFloat(),
                       op.getScale().convertToFloat()};
  Tensor result = makeTensor(op.getType(), input.rows());
  for (int64_t t = 0; t < input.rows(); ++t) {
    Vector row = reference::rmsNorm(norm, input.row(t),
                                    weight ? weight->data : Vector());
    for (double &value : row)
      value = rounding.value(value);
    setRow(result, t, row);
  }
  return result;
}

/// The number of the expert of an id on this rank, or another number.
static double localExpert(const PlanWith &with, double id, int64_t token) {
  if (!with.map)
    return id;
  int64_t copies = with.map->shape[0], experts = with.map->shape[1];
  if (id < 0 || id >= double(experts))
    return -1;
  double place = with.map->data[token % copies * experts + int64_t(id)];
  return place - double(with.firstPlace);
}

Plan makePlan(PlanType type, const PlanWith &with, int64_t tokens) {
  const Tensor *ids = with.ids, *slots = with.slots;
  Plan plan;
  plan.topK = type.getTopK();
  for (int64_t pair = 0; pair < tokens * plan.topK; ++pair) {
    double expert =
        ids ? localExpert(with, ids->data[pair], pair / plan.topK) : 0;
    bool dropped = expert < 0 || expert >= double(type.getExperts());
    plan.expert.push_back(dropped ? -1 : int32_t(expert));
    double slot = slots ? slots->data[pair / plan.topK] : -1;
    bool base = slot < 0 || slot >= double(type.getSlots());
    plan.slot.push_back(base ? -1 : int32_t(slot));
  }
  return plan;
}

static Vector biasOf(const Tensor *bias, int64_t expert) {
  return bias ? bias->row(expert) : Vector();
}

Tensor expertGemm(ExpertGemmOp op, const Tensor &input, const Plan &plan,
                  const Tensor &weight, const Tensor *bias, Mode mode) {
  Rounding rounding = roundingOf(mode, op.getType(), {});
  Tensor result = makeTensor(op.getType(), plan.expert.size());
  for (int64_t p = 0; p < result.rows(); ++p)
    if (int32_t e = plan.expert[p]; e >= 0)
      setRow(result, p,
             reference::expertGemm(viewOf(weight).expert(e),
                                   input.row(inputRow(p, plan, op.getGather())),
                                   biasOf(bias, e), rounding));
  return result;
}

Tensor loraDelta(LoraDeltaOp op, const Tensor &input, const Plan &plan,
                 const Table &table, Tensor accumulator, Mode mode) {
  Rounding rounding =
      roundingOf(mode, op.getType(), op.getTable().getType().getElementType());
  for (int64_t p = 0; p < accumulator.rows(); ++p) {
    auto pairOf = [&](int64_t slice) {
      return table.find(plan.slot[p], plan.expert[p], slice);
    };
    Vector x = input.row(inputRow(p, plan, op.getGather()));
    Vector row = accumulator.row(p);
    setRow(accumulator, p,
           table.slices == 2
               ? reference::loraDelta(row, pairOf(0), pairOf(1), x, rounding)
               : reference::loraDelta(row, pairOf(0), x, rounding));
  }
  return accumulator;
}

Tensor shrink(ShrinkOp op, const Tensor &input, const Plan &plan,
              const Table &table, Mode mode) {
  Rounding rounding =
      roundingOf(mode, op.getType(), op.getTable().getType().getElementType());
  int64_t maxRank = op.getTable().getType().getMaxRank();
  Tensor result = makeTensor(op.getType(), plan.expert.size());
  for (int64_t p = 0; p < result.rows(); ++p)
    for (int64_t slice = 0; slice < table.slices; ++slice) {
      const LoraPair *pair = table.find(plan.slot[p], plan.expert[p], slice);
      if (!pair)
        continue;
      Vector x = input.row(inputRow(p, plan, op.getGather()));
      Vector u = reference::multiply(pair->a, x);
      double *out = &result.data[(p * table.slices + slice) * maxRank];
      for (double value : u)
        *out++ = rounding.shrunk(pair->scale * value);
    }
  return result;
}

/// row += B u, for each slice with a pair.
static void addDeltas(Vector &row, const Vector &shrunk, const Table &table,
                      int32_t slot, int32_t expert) {
  int64_t out = row.size() / table.slices;
  int64_t maxRank = shrunk.size() / table.slices;
  for (int64_t slice = 0; slice < table.slices; ++slice) {
    const LoraPair *pair = table.find(slot, expert, slice);
    if (!pair)
      continue;
    auto first = shrunk.begin() + slice * maxRank;
    Vector delta =
        reference::multiply(pair->b, Vector(first, first + pair->rank()));
    for (int64_t i = 0; i < out; ++i)
      row[slice * out + i] += delta[i];
  }
}

/// [rows, slices.., out] of a weight [E, slices.., out, in].
static Type accumulatorType(GroupedMatmulOp op) {
  auto weight = cast<RankedTensorType>(op.getWeight().getType());
  SmallVector<int64_t> shape(weight.getShape().drop_back());
  shape.front() = ShapedType::kDynamic;
  return RankedTensorType::get(shape, Float32Type::get(op.getContext()));
}

Tensor groupedMatmul(GroupedMatmulOp op, const Tensor &input, const Plan &plan,
                     const Tensor &weight, const Tensor *bias,
                     const Tensor *shrunk, const Table *table, Mode mode) {
  Type type = accumulatorType(op);
  Rounding rounding = roundingOf(mode, type, {});
  Tensor result = makeTensor(type, plan.expert.size());
  for (int64_t p = 0; p < result.rows(); ++p) {
    int32_t e = plan.expert[p];
    if (e < 0)
      continue;
    Vector row = reference::expertGemm(
        viewOf(weight).expert(e), input.row(inputRow(p, plan, op.getGather())),
        biasOf(bias, e), Rounding::exact());
    if (table)
      addDeltas(row, shrunk->row(inputRow(p, plan, op.getGatherShrunk())),
                *table, plan.slot[p], e);
    for (double &value : row)
      value = rounding.accumulator(value);
    setRow(result, p, row);
  }
  return result;
}

Tensor activate(ActivationAttr function, Type result, const Tensor &accumulator,
                const Tensor *inputWeights, Mode mode) {
  moelora_activation activation = describe(function);
  Rounding rounding = roundingOf(mode, result, {});
  Tensor out = makeTensor(result, accumulator.rows());
  for (int64_t p = 0; p < out.rows(); ++p) {
    Vector row = accumulator.row(p);
    if (inputWeights)
      for (double &value : row)
        value = rounding.accumulator(inputWeights->data[p] * value);
    setRow(out, p, reference::activate(activation, row, rounding));
  }
  return out;
}

} // namespace moelora::interpreter
