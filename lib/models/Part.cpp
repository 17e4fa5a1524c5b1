// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts operands, and the stored tensors of which they consist, along the
// dimensions of experts and of intermediate sizes.

#include "moelora/models/Part.h"

#include <algorithm>

namespace moelora::models {

namespace {

constexpr size_t expertDim = 0; // of operands that have experts

/// The dimension of the routed or the shared intermediate size.
std::optional<size_t> intermediateDim(moelora_role role) {
  switch (role) {
  case MOELORA_GATE_UP_WEIGHT:        // [X, 2, I, L]
  case MOELORA_GATE_UP_BIAS:          // [X, 2, I]
  case MOELORA_DOWN_WEIGHT:           // [X, L, I]
  case MOELORA_SHARED_GATE_UP_WEIGHT: // [1, 2, S, H]
  case MOELORA_SHARED_GATE_UP_BIAS:   // [1, 2, S]
  case MOELORA_SHARED_DOWN_WEIGHT:    // [1, H, S]
    return 2;
  default:
    return std::nullopt;
  }
}

bool hasExperts(moelora_role role) {
  return role == MOELORA_GATE_UP_WEIGHT || role == MOELORA_GATE_UP_BIAS ||
         role == MOELORA_DOWN_WEIGHT || role == MOELORA_DOWN_BIAS;
}

/// Row-major, in elements.
Shape stridesOf(const Shape &shape) {
  Shape strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

class Cutter {
public:
  Cutter(const Operand &operand, const Part &part)
      : whole(operand.shape), cutShape(operand.shape) {
    columns = part.tpSize > 1 ? intermediateDim(operand.role) : std::nullopt;
    if (columns) {
      cutShape[*columns] /= part.tpSize;
      firstColumn = part.tp * cutShape[*columns];
    }
    if (part.experts && hasExperts(operand.role)) {
      experts = &*part.experts;
      cutShape[expertDim] = int64_t(experts->size());
    }
    strides = stridesOf(whole);
    cutStrides = stridesOf(cutShape);
  }

  const Shape &shape() const { return cutShape; }
  Source cut(const Source &source) const;
  std::vector<Run> runs() const;

private:
  void cutPiece(const Piece &piece, Source &pieces) const;
  void addExperts(const Piece &piece, size_t axis, int64_t first,
                  Source &pieces) const;
  size_t dimOf(const Axis &axis) const;
  /// The number of the owned expert in the part, or -1.
  int64_t place(int64_t expert) const;

  Shape whole, cutShape, strides, cutStrides;
  std::optional<size_t> columns; // the dimension that is cut
  int64_t firstColumn = 0;
  const std::vector<int32_t> *experts = nullptr; // NULL: not cut
};

/// Of dimensions with the same stride, all but the outermost have size 1.
size_t Cutter::dimOf(const Axis &axis) const {
  return size_t(std::find(strides.begin(), strides.end(), axis.stride) -
                strides.begin());
}

int64_t Cutter::place(int64_t expert) const {
  auto found = std::find(experts->begin(), experts->end(), expert);
  return found == experts->end() ? -1 : found - experts->begin();
}

/// A tensor for each run of owned experts with consecutive numbers. The axis
/// has the experts from `first` on.
void Cutter::addExperts(const Piece &piece, size_t axis, int64_t first,
                        Source &pieces) const {
  int64_t end = first + piece.axes[axis].stored;
  for (size_t local = 0; local < experts->size();) {
    int64_t expert = (*experts)[local];
    size_t next = local + 1;
    if (expert >= first && expert < end) {
      while (next < experts->size() && expert + int64_t(next - local) < end &&
             (*experts)[next] == expert + int64_t(next - local))
        ++next;
      Piece owned = piece;
      owned.axes[axis].first = expert - first;
      owned.axes[axis].size = int64_t(next - local);
      owned.offset += int64_t(local) * cutStrides[expertDim];
      pieces.push_back(std::move(owned));
    }
    local = next;
  }
}

void Cutter::cutPiece(const Piece &piece, Source &pieces) const {
  Piece owned = piece;
  std::optional<size_t> expertAxis;
  for (size_t i = 0; i < owned.axes.size(); ++i) {
    Axis &axis = owned.axes[i];
    size_t dim = dimOf(axis);
    axis.stored = axis.size;
    axis.stride = cutStrides[dim];
    if (axis.size > 1 && columns == dim) {
      axis.first = firstColumn;
      axis.size = cutShape[dim];
    }
    if (axis.size > 1 && experts && dim == expertDim)
      expertAxis = i;
  }
  owned.offset = 0;
  for (size_t d = experts ? 1 : 0; d < whole.size(); ++d)
    owned.offset += piece.offset / strides[d] % whole[d] * cutStrides[d];
  if (!experts)
    return pieces.push_back(std::move(owned));
  int64_t expert = piece.offset / strides[expertDim];
  if (expertAxis)
    return addExperts(owned, *expertAxis, expert, pieces);
  if (int64_t local = place(expert); local >= 0) {
    owned.offset += local * cutStrides[expertDim];
    pieces.push_back(std::move(owned));
  }
}

/// A source keeps its first tensor, by which it is found, also if the part owns
/// none of its experts.
Source Cutter::cut(const Source &source) const {
  Source pieces;
  for (const Piece &piece : source)
    cutPiece(piece, pieces);
  if (pieces.empty()) {
    pieces.push_back(source.front());
    pieces.back().offset = 0;
    pieces.back().axes = {{0, 1, 0, 0}};
  }
  return pieces;
}

std::vector<Run> Cutter::runs() const {
  int64_t total = cutShape.front() * cutStrides.front();
  int64_t count = columns   ? cutShape[*columns] * cutStrides[*columns]
                  : experts ? cutStrides[expertDim]
                            : total;
  std::vector<Run> all;
  for (int64_t at = 0; at < total; at += count) {
    int64_t from = columns ? firstColumn * strides[*columns] : 0;
    bool owned = true;
    for (size_t d = 0; d < whole.size(); ++d) {
      int64_t index = at / cutStrides[d] % cutShape[d];
      if (experts && d == expertDim) {
        index = (*experts)[size_t(index)];
        owned = index >= 0;
      }
      from += index * strides[d];
    }
    if (owned)
      all.push_back({from, at, count});
  }
  return all;
}

const moelora_operand *find(const moelora_variant &variant, int32_t role) {
  for (uint32_t row = 0; row < variant.operands; ++row)
    if (variant.operand[row].role == role)
      return &variant.operand[row];
  return nullptr;
}

/// Several copies of an expert may be the same one of the rank.
std::vector<int32_t> expertsOf(const moelora_variant &variant, int32_t ep) {
  const moelora_operand *map = find(variant, MOELORA_EXPERT_MAP),
                        *weight = find(variant, MOELORA_DOWN_WEIGHT);
  int64_t local = weight->shape[0], experts = map->shape[1];
  std::vector<int32_t> owned(size_t(local), -1);
  for (int64_t i = 0; i < map->shape[0] * experts; ++i) {
    int64_t place = variant.expert_map[i] - ep * local;
    if (place >= 0 && place < local)
      owned[size_t(place)] = int32_t(i % experts);
  }
  return owned;
}

} // namespace

Part partOf(const moelora_variant &variant,
            const int32_t coordinates[MOELORA_AXES]) {
  constexpr int ep = 1, tp = 2; // of dp, ep, tp
  Part part;
  if (variant.size < sizeof variant) // of a version without grids
    return part;
  part.tpSize = std::max(variant.grid[tp], 1);
  part.tp = coordinates[tp];
  if (variant.expert_map)
    part.experts = expertsOf(variant, coordinates[ep]);
  return part;
}

Operand cut(Operand whole, const Part &part) {
  Cutter cutter(whole, part);
  if (cutter.shape() == whole.shape && !part.experts)
    return whole;
  for (Source &source : whole.sources)
    source = cutter.cut(source);
  whole.shape = cutter.shape();
  return whole;
}

std::vector<Run> runsOf(const Operand &whole, const Part &part) {
  return Cutter(whole, part).runs();
}

} // namespace moelora::models
