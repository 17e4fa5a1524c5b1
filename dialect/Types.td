// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef MOELORA_DIALECT_TYPES
#define MOELORA_DIALECT_TYPES

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypes.td"
include "moelora/dialect/Attributes.td"

class MoELoRA_Type<string name, string mnemonic_>
    : TypeDef<MoELoRA_Dialect, name> {
  let mnemonic = mnemonic_;
}

def MoELoRA_SlotTableType : MoELoRA_Type<"SlotTable", "slot_table"> {
  let summary = "the adapters of one projection, by slot and expert";
  let description = [{
    For each of `slots` slots and `experts` experts, the table has nothing, or
    per slice a scale `s` and a pair A `(r, in)`, B `(out, r)` with its own rank
    `r <= max_rank`. Pairs are stored in pages of 16 ranks, with elements in the
    order `page_order`: `row_major`, which CPUs read, or `fragment_major`, the
    order in which tensor cores read elements of 2 bytes
    (`moelora_page_order`). The content changes between runs, and compiled code
    relies only on the type. Gate and up are two slices. A table with zero slots
    is empty.

    `sharing a` promises that each adapter has, for each slice, one A, rank and
    scale for all experts, or nothing for any expert. The runtime refuses other
    adapters when they are loaded.

    Example:
    `!moelora.slot_table<16 slots, 128 experts, 2 x 768 x 2048, max_rank = 64, bf16>`,
    `!moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16, fragment_major>`,
    `!moelora.slot_table<4 slots, 8 experts sharing a, 2 x 32 x 64, max_rank = 16, bf16>`
  }];
  let parameters = (ins "int64_t":$slots, "int64_t":$experts,
    "int64_t":$slices, "int64_t":$out, "int64_t":$in, "int64_t":$max_rank,
    "::mlir::Type":$element_type,
    MoELoRA_Case<MoELoRA_PageOrder, "RowMajor", "order inside a page">:$page_order,
    MoELoRA_Case<MoELoRA_Sharing, "None", "what experts share">:$sharing);
  let assemblyFormat = [{
    `<` $slots `slots` `,` $experts `experts` (`sharing` $sharing^)? `,`
    $slices `x` $out `x` $in `,` `max_rank` `=` $max_rank `,` $element_type
    (`,` $page_order^)? `>`
  }];
  let extraClassDeclaration = [{
    /// The same table with pages in another order.
    SlotTableType withPageOrder(::moelora::PageOrder order) const {
      return get(getContext(), getSlots(), getExperts(), getSlices(), getOut(),
                 getIn(), getMaxRank(), getElementType(), order, getSharing());
    }
    /// Whether the experts of an adapter have one A.
    bool sharesA() const { return getSharing() == ::moelora::Sharing::A; }
  }];
  let genVerifyDecl = 1;
}

def MoELoRA_PlanType : MoELoRA_Type<"Plan", "plan"> {
  let summary = "the order in which pairs of token and choice are computed";
  let description = [{
    The `T * top_k` pairs in the order of expert and then slot (a stable sort).
    Dropped pairs (with an expert id outside `[0, experts)`) are not computed. A
    plan of one expert has a pair per token, for the linear projection of the
    router and for the shared expert.

    Example: `!moelora.plan<128 experts, 16 slots, top_k = 8>`
  }];
  let parameters = (ins "int64_t":$experts, "int64_t":$slots,
                        "int64_t":$top_k);
  let assemblyFormat = [{
    `<` $experts `experts` `,` $slots `slots` `,` `top_k` `=` $top_k `>`
  }];
  let genVerifyDecl = 1;
}

def MoELoRA_ContextType : MoELoRA_Type<"Context", "context"> {
  let summary = "what the runs of a host program need besides tensors";
  let description = [{
    The layers that are bound to slot tables, the step, the stream and the
    workspace. At run time it is the address of a `moelora_call_context`
    (`moelora/runtime/Call.h`).

    Example: `!moelora.context`
  }];
}

// Named operand constraints.

def MoELoRA_Float : AnyTypeOf<[BF16, F16, F32], "bf16, f16 or f32">;
def MoELoRA_Rows : TensorRankOf<[MoELoRA_Float], [2]>;
def MoELoRA_Weight : TensorRankOf<[MoELoRA_Float], [3, 4]>;
def MoELoRA_Bias : TensorRankOf<[F32], [2, 3]>;
def MoELoRA_Accumulator : TensorRankOf<[F32], [2, 3]>;
def MoELoRA_Shrunk : TensorRankOf<[MoELoRA_Float], [3]>;
def MoELoRA_TokenIds : TensorRankOf<[I32], [1]>;
def MoELoRA_ExpertIds : TensorRankOf<[I32], [2]>;
def MoELoRA_ExpertMap : TensorRankOf<[I32], [2]>;
def MoELoRA_ExpertWeights : TensorRankOf<[F32], [2]>;
def MoELoRA_TokenRows
    : AnyTypeOf<[MoELoRA_Rows, MoELoRA_TokenIds, MoELoRA_ExpertIds]>;
def MoELoRA_Vector : TensorRankOf<[F32], [1]>;

#endif // MOELORA_DIALECT_TYPES
