// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generates data by role. The magnitudes are chosen so that the values of every
// stage are around one: weights are about one divided by the square root of the
// number of their columns.

#include "moelora/interpreter/RandomInputs.h"
#include "Descriptions.h"
#include "moelora/reference/Random.h"

#include <cmath>

using namespace mlir;

namespace moelora::interpreter {
namespace {

using Random = reference::RandomNumbers;

/// The numbers of one role or stream.
Random randomOf(uint64_t seed, uint64_t stream) {
  return Random(seed ^ (stream << 32));
}

// Random streams in addition to those of the roles.
constexpr uint64_t directoryStream = 1000;
// The frequency of slots that are not published, and of invalid ids.
constexpr int64_t oddities = 8;

/// Without exact data, nothing depends on them.
reference::ExactSizes sizesOf(const RandomOptions &options) {
  return options.exact.value_or(reference::ExactSizes());
}

std::vector<double> reals(Random &random, int64_t count, double size,
                          moelora_dtype type) {
  std::vector<double> data(count);
  for (double &value : data)
    value = reference::roundTo(type, size * random.real());
  return data;
}

/// Rows of a matrix. Sums of products over all columns are around one, or they
/// are exact, with this number of `steps` in a row.
std::vector<double> rowsOf(Random &random, int64_t rows, int64_t columns,
                           moelora_dtype type, const RandomOptions &options,
                           int64_t steps) {
  if (!options.exact)
    return reals(random, rows * columns,
                 reference::unitAmplitude / std::sqrt(double(columns)), type);
  std::vector<double> data;
  for (int64_t row = 0; row < rows; ++row)
    llvm::append_range(data, reference::exactRow(columns, steps, [&] {
                         return random.next();
                       }));
  return data;
}

/// Values that are not weights. Those of a router are positive.
std::vector<double> numbersOf(Random &random, int64_t count, Role role,
                              moelora_dtype type,
                              const RandomOptions &options) {
  if (!options.exact)
    return reals(random, count, 1, type);
  std::vector<double> data(count);
  bool isHidden = role == Role::Hidden || role == Role::RouterHidden;
  const reference::ExactSizes &sizes = *options.exact;
  for (double &value : data)
    value =
        role == Role::ExpertWeights
            ? double(1 + random.below(sizes.choice))
            : (isHidden ? sizes.unit : 1) *
                  reference::exactNumber(isHidden ? sizes.hidden : sizes.bias,
                                         [&] { return random.next(); });
  return data;
}

int64_t slotsOf(LayerOp layer) {
  for (Type type : layer.getArgumentTypes())
    if (auto table = dyn_cast<SlotTableType>(type))
      return table.getSlots();
  return 0;
}

/// The number of experts for ids, including those without weights.
int64_t expertsOf(LayerOp layer) {
  int64_t experts = 1;
  auto look = [&](auto op) {
    if (!op.getIds())
      return;
    experts = op.getPlan().getType().getExperts();
    if (op.getMap())
      experts = cast<RankedTensorType>(op.getMap().getType()).getDimSize(1);
    experts += op.getZeroExperts();
  };
  layer.walk([&](DispatchOp op) { look(op); });
  layer.walk([&](PlanOp op) { look(op); });
  layer.walk([&](RouteOp op) {
    experts = cast<RankedTensorType>(op.getLogits().getType()).getDimSize(1);
  });
  return experts;
}

/// The number of token ids for which the layer has a row.
int64_t tableRowsOf(LayerOp layer) {
  BlockArgument table = layer.getArgument(Role::TokenTable);
  return table ? cast<RankedTensorType>(table.getType()).getDimSize(0) : 1;
}

/// -1, or another invalid id.
int64_t oddId(Random &random, int64_t count) {
  int64_t ids[] = {-1, -2, count, int64_t(1) << 16, INT32_MIN};
  return ids[random.below(5)];
}

/// Ids in [0, count), and some invalid ones.
void fillIds(Random &random, int64_t count, Tensor &tensor) {
  for (double &id : tensor.data)
    id = count == 0 || random.oneIn(oddities) ? oddId(random, count)
                                              : random.below(count);
}

/// The choices of one token are distinct, as those of a router, if there are
/// enough experts.
void fillExperts(Random &random, int64_t experts, Tensor &tensor) {
  int64_t k = tensor.shape.back();
  for (size_t i = 0; i < tensor.data.size(); ++i) {
    auto token = tensor.data.begin() + i / k * k, end = tensor.data.begin() + i;
    double id = random.below(experts);
    while (k <= experts && std::find(token, end, id) != end)
      id = random.below(experts);
    tensor.data[i] = random.oneIn(oddities) ? oddId(random, experts) : id;
  }
}

/// Gives each local expert, as far as there are enough, to one of all.
void fillMap(LayerOp layer, Random &random, Tensor &tensor) {
  BlockArgument weight = layer.getArgument(Role::DownWeight);
  int64_t local =
      weight ? cast<RankedTensorType>(weight.getType()).getDimSize(0) : 1;
  int64_t experts = tensor.shape.back();
  llvm::fill(tensor.data, -1);
  for (auto row = tensor.data.begin(); row != tensor.data.end(); row += experts)
    for (int64_t number = 0; number < std::min(local, experts); ++number) {
      auto place = row + random.below(experts);
      while (*place != -1)
        place = row + random.below(experts);
      *place = double(number);
    }
}

Tensor randomTensor(LayerOp layer, Role role, RankedTensorType type,
                    const RandomOptions &options, Random &random) {
  Tensor tensor;
  tensor.shape = type.getShape().vec();
  for (int64_t &size : tensor.shape)
    if (ShapedType::isDynamic(size))
      size = options.tokens;
  int64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= size;
  int64_t columns = tensor.shape.back();
  if (type.getElementType().isInteger())
    tensor.data.assign(count, 0);
  else if (type.getRank() > 2)
    tensor.data = rowsOf(random, count / columns, columns,
                         describe(type.getElementType()), options,
                         sizesOf(options).weight);
  else
    tensor.data = numbersOf(random, count, role,
                            describe(type.getElementType()), options);
  if (role == Role::Slots)
    fillIds(random, slotsOf(layer), tensor);
  if (role == Role::Slots && options.slotsInTurn && slotsOf(layer))
    for (auto [token, id] : llvm::enumerate(tensor.data))
      id = double(int64_t(token) % slotsOf(layer));
  if (role == Role::TokenIds)
    fillIds(random, tableRowsOf(layer), tensor);
  if (role == Role::ExpertMap)
    fillMap(layer, random, tensor);
  if (role == Role::ExpertIds || role == Role::TokenTable)
    fillExperts(random, expertsOf(layer), tensor);
  if (role == Role::ExpertIds && options.sameExperts)
    for (size_t i = size_t(columns); i < tensor.data.size(); ++i)
      tensor.data[i] = tensor.data[i - size_t(columns)];
  return tensor;
}

/// A matrix whose values are stored in the table.
reference::MatrixView randomMatrix(Table &table, int64_t rows, int64_t columns,
                                   moelora_dtype type,
                                   const RandomOptions &options, int64_t steps,
                                   Random &random) {
  table.storage.push_back(rowsOf(random, rows, columns, type, options, steps));
  return {MOELORA_F64, table.storage.back().data(), rows, columns, columns};
}

Table randomTable(SlotTableType type, const RandomOptions &options,
                  Random &random) {
  Table table;
  table.experts = type.getExperts();
  table.slices = type.getSlices();
  moelora_dtype element = describe(type.getElementType());
  int64_t pairs = type.getSlots() * type.getExperts() * type.getSlices();
  for (int64_t i = 0; i < pairs; ++i) {
    reference::LoraPair pair;
    if (int64_t first = i - table.slices;
        type.sharesA() && i / table.slices % table.experts > 0) {
      pair = table.pairs[size_t(first)];
      if (pair.rank() > 0)
        pair.b = randomMatrix(table, type.getOut(), pair.rank(), element,
                              options, sizesOf(options).b, random);
      table.pairs.push_back(pair);
      continue;
    }
    int64_t rank = options.ranks[random.below(options.ranks.size())];
    rank = std::min(rank, type.getMaxRank());
    if (rank > 0) {
      pair.a = randomMatrix(table, rank, type.getIn(), element, options,
                            sizesOf(options).a, random);
      pair.b = randomMatrix(table, type.getOut(), rank, element, options,
                            sizesOf(options).b, random);
      pair.scale = options.exact ? double(sizesOf(options).scale)
                                 : static_cast<float>(random.real());
    }
    table.pairs.push_back(pair);
  }
  return table;
}

/// Numbers that an argument has, as a double: a product of sizes may overflow.
double countOf(Type type, int64_t tokens) {
  if (auto table = dyn_cast<SlotTableType>(type))
    return double(table.getSlots()) * table.getExperts() * table.getSlices() *
           table.getMaxRank() * (table.getIn() + table.getOut());
  double count = 1;
  for (int64_t size : cast<RankedTensorType>(type).getShape())
    count *= ShapedType::isDynamic(size) ? double(tokens) : double(size);
  return count;
}

} // namespace

/// Every number takes 8 bytes here; the accumulators of a layer are some more.
LogicalResult checkSize(LayerOp layer, const RandomOptions &options) {
  constexpr double most = 1 << 28;
  for (Type type : layer.getArgumentTypes())
    if (countOf(type, options.tokens) > most)
      return layer.emitError() << "expects at most " << int64_t(most)
                               << " numbers in an argument, but one is " << type
                               << " with " << options.tokens << " tokens";
  return success();
}

Inputs randomInputs(LayerOp layer, const RandomOptions &options) {
  Inputs inputs;
  Random directory = randomOf(options.seed, directoryStream);
  for (int64_t slot = 0; slot < slotsOf(layer); ++slot)
    inputs.directory.push_back(directory.oneIn(oddities) ? 0 : 1);
  for (auto [index, type] : llvm::enumerate(layer.getArgumentTypes())) {
    Role role = layer.getRole(index);
    Random random = randomOf(options.seed, uint64_t(role) + 1);
    if (auto table = dyn_cast<SlotTableType>(type))
      inputs.arguments.push_back(randomTable(table, options, random));
    else
      inputs.arguments.push_back(randomTensor(
          layer, role, cast<RankedTensorType>(type), options, random));
  }
  return inputs;
}

} // namespace moelora::interpreter
