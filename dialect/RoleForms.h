// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The type of an argument by its role: element type and sizes.
// moelora/runtime/Operand.h has the same list.
#ifndef MOELORA_DIALECT_ROLEFORMS_H
#define MOELORA_DIALECT_ROLEFORMS_H

#include "moelora/dialect/Ops.h"

namespace moelora {

/// The name of a size. The first two are constants.
enum Size {
  Tokens,
  One,
  Hidden,
  Experts,
  Choosable,
  TopK,
  TableRows,
  Weighted,
  Slices,
  Intermediate,
  Width,
  SharedSlices,
  Shared,
  Copies,
  Mapped,
  SizeCount
};

enum class Element { OfLayer, OfLayerOrF32, F32, I32, OfTable };

struct RoleForm {
  Role role;
  Element element;
  int rank;
  Size sizes[4];
};

inline constexpr RoleForm forms[] = {
    {Role::Hidden, Element::OfLayer, 2, {Tokens, Hidden}},
    {Role::Slots, Element::I32, 1, {Tokens}},
    {Role::TokenIds, Element::I32, 1, {Tokens}},
    {Role::RouterHidden, Element::OfLayer, 2, {Tokens, Hidden}},
    {Role::RouterLogits, Element::F32, 2, {Tokens, Experts}},
    {Role::ExpertIds, Element::I32, 2, {Tokens, TopK}},
    {Role::ExpertWeights, Element::F32, 2, {Tokens, TopK}},
    {Role::RouterWeight, Element::OfLayerOrF32, 3, {One, Experts, Hidden}},
    {Role::RouterBias, Element::F32, 2, {One, Experts}},
    {Role::SelectionBias, Element::F32, 1, {Choosable}},
    {Role::GateUpWeight,
     Element::OfLayer,
     4,
     {Weighted, Slices, Intermediate, Width}},
    {Role::GateUpBias, Element::F32, 3, {Weighted, Slices, Intermediate}},
    {Role::DownWeight, Element::OfLayer, 3, {Weighted, Width, Intermediate}},
    {Role::DownBias, Element::F32, 2, {Weighted, Width}},
    {Role::SharedGateUpWeight,
     Element::OfLayer,
     4,
     {One, SharedSlices, Shared, Hidden}},
    {Role::SharedGateUpBias, Element::F32, 3, {One, SharedSlices, Shared}},
    {Role::SharedDownWeight, Element::OfLayer, 3, {One, Hidden, Shared}},
    {Role::SharedDownBias, Element::F32, 2, {One, Hidden}},
    {Role::SharedScoreWeight, Element::OfLayer, 3, {One, One, Hidden}},
    {Role::TokenTable, Element::I32, 2, {TableRows, TopK}},
    {Role::ExpertScale, Element::F32, 1, {Experts}},
    {Role::RouterNormWeight, Element::F32, 1, {Hidden}},
    {Role::LatentInWeight, Element::OfLayer, 3, {One, Width, Hidden}},
    {Role::LatentInBias, Element::F32, 2, {One, Width}},
    {Role::LatentOutWeight, Element::OfLayer, 3, {One, Hidden, Width}},
    {Role::LatentOutBias, Element::F32, 2, {One, Hidden}},
    {Role::OutputNormWeight, Element::F32, 1, {Hidden}},
    {Role::ExpertMap, Element::I32, 2, {Copies, Mapped}},
    // Tables: experts, slices, out, in.
    {Role::GateUpAdapters,
     Element::OfTable,
     4,
     {Weighted, Slices, Intermediate, Width}},
    {Role::DownAdapters,
     Element::OfTable,
     4,
     {Weighted, One, Width, Intermediate}},
    {Role::RouterAdapters, Element::OfTable, 4, {One, One, Experts, Hidden}},
    {Role::SharedGateUpAdapters,
     Element::OfTable,
     4,
     {One, SharedSlices, Shared, Hidden}},
    {Role::SharedDownAdapters, Element::OfTable, 4, {One, One, Hidden, Shared}},
    {Role::SharedScoreAdapters, Element::OfTable, 4, {One, One, One, Hidden}},
    {Role::LatentInAdapters, Element::OfTable, 4, {One, One, Width, Hidden}},
    {Role::LatentOutAdapters, Element::OfTable, 4, {One, One, Hidden, Width}},
};

inline const RoleForm &formOf(Role role) {
  return *llvm::find_if(
      forms, [&](const RoleForm &form) { return form.role == role; });
}

/// The sizes of a tensor or of a slot table, in the order of the form.
llvm::SmallVector<int64_t> shapeOf(mlir::Type type);

} // namespace moelora

#endif // MOELORA_DIALECT_ROLEFORMS_H
