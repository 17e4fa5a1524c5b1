// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Enumerators have the numbers of moelora/runtime/Layer.h and Abi.h;
// codegen/LayerDescription.cpp asserts that they agree.

#ifndef MOELORA_DIALECT_ATTRIBUTES
#define MOELORA_DIALECT_ATTRIBUTES

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "moelora/dialect/Dialect.td"

class MoELoRA_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::moelora";
  let genSpecializedAttr = 0;
}

def MoELoRA_Score : MoELoRA_Enum<"Score", "what becomes of the logits", [
  I32EnumAttrCase<"Softmax", 1, "softmax">,
  I32EnumAttrCase<"Sigmoid", 2, "sigmoid">,
  I32EnumAttrCase<"SqrtSoftplus", 3, "sqrtsoftplus">,
  I32EnumAttrCase<"Identity", 4, "identity">]>;

def MoELoRA_BiasOn : MoELoRA_Enum<"BiasOn", "what the selection bias joins", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Score", 1, "score">,
  I32EnumAttrCase<"Logit", 2, "logit">]>;

def MoELoRA_GroupScore : MoELoRA_Enum<"GroupScore", "how a group is scored", [
  I32EnumAttrCase<"Max", 1, "max">,
  I32EnumAttrCase<"Top2Sum", 2, "top2_sum">]>;

def MoELoRA_Post : MoELoRA_Enum<"Post", "applied to the selected scores", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Softmax", 1, "softmax">,
  I32EnumAttrCase<"Sigmoid", 2, "sigmoid">]>;

def MoELoRA_Renormalize : MoELoRA_Enum<"Renormalize",
    "how the selected weights are normalised", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Sum", 1, "sum">,
  I32EnumAttrCase<"Clamp", 2, "clamp">,
  I32EnumAttrCase<"PNorm", 3, "pnorm">]>;

def MoELoRA_Function : MoELoRA_Enum<"Function", "a scalar non-linearity", [
  I32EnumAttrCase<"Silu", 1, "silu">,
  I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">,
  I32EnumAttrCase<"Gelu", 3, "gelu">,
  I32EnumAttrCase<"Relu2", 4, "relu2">]>;

def MoELoRA_Clamp : MoELoRA_Enum<"Clamp", "where gate and up are limited", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Pre", 1, "pre">,
  I32EnumAttrCase<"Post", 2, "post">]>;

def MoELoRA_PageOrder : MoELoRA_Enum<"PageOrder", "the order inside a page", [
  I32EnumAttrCase<"RowMajor", 1, "row_major">,
  I32EnumAttrCase<"FragmentMajor", 2, "fragment_major">]>;

def MoELoRA_Sharing : MoELoRA_Enum<"Sharing", "what the pairs of an adapter share", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"A", 1, "a">]>;

def MoELoRA_Role : MoELoRA_Enum<"Role", "what an argument of a layer is", [
  I32EnumAttrCase<"Hidden", 0, "hidden">,
  I32EnumAttrCase<"Slots", 1, "slots">,
  I32EnumAttrCase<"TokenIds", 2, "token_ids">,
  I32EnumAttrCase<"RouterHidden", 3, "router_hidden">,
  I32EnumAttrCase<"RouterLogits", 4, "router_logits">,
  I32EnumAttrCase<"ExpertIds", 5, "expert_ids">,
  I32EnumAttrCase<"ExpertWeights", 6, "expert_weights">,
  I32EnumAttrCase<"RouterWeight", 7, "router_weight">,
  I32EnumAttrCase<"RouterBias", 8, "router_bias">,
  I32EnumAttrCase<"SelectionBias", 9, "selection_bias">,
  I32EnumAttrCase<"GateUpWeight", 10, "gate_up_weight">,
  I32EnumAttrCase<"GateUpBias", 11, "gate_up_bias">,
  I32EnumAttrCase<"DownWeight", 12, "down_weight">,
  I32EnumAttrCase<"DownBias", 13, "down_bias">,
  I32EnumAttrCase<"SharedGateUpWeight", 14, "shared_gate_up_weight">,
  I32EnumAttrCase<"SharedDownWeight", 15, "shared_down_weight">,
  I32EnumAttrCase<"SharedScoreWeight", 16, "shared_score_weight">,
  I32EnumAttrCase<"TokenTable", 17, "token_table">,
  I32EnumAttrCase<"ExpertScale", 18, "expert_scale">,
  I32EnumAttrCase<"RouterNormWeight", 19, "router_norm_weight">,
  I32EnumAttrCase<"LatentInWeight", 20, "latent_in_weight">,
  I32EnumAttrCase<"LatentInBias", 21, "latent_in_bias">,
  I32EnumAttrCase<"LatentOutWeight", 22, "latent_out_weight">,
  I32EnumAttrCase<"LatentOutBias", 23, "latent_out_bias">,
  I32EnumAttrCase<"SharedGateUpBias", 24, "shared_gate_up_bias">,
  I32EnumAttrCase<"SharedDownBias", 25, "shared_down_bias">,
  I32EnumAttrCase<"OutputNormWeight", 26, "output_norm_weight">,
  I32EnumAttrCase<"ExpertMap", 28, "expert_map">,
  I32EnumAttrCase<"GateUpAdapters", 32, "gate_up_adapters">,
  I32EnumAttrCase<"DownAdapters", 33, "down_adapters">,
  I32EnumAttrCase<"RouterAdapters", 34, "router_adapters">,
  I32EnumAttrCase<"SharedGateUpAdapters", 35, "shared_gate_up_adapters">,
  I32EnumAttrCase<"SharedDownAdapters", 36, "shared_down_adapters">,
  I32EnumAttrCase<"SharedScoreAdapters", 37, "shared_score_adapters">,
  I32EnumAttrCase<"LatentInAdapters", 38, "latent_in_adapters">,
  I32EnumAttrCase<"LatentOutAdapters", 39, "latent_out_adapters">]>;

def MoELoRA_RoleAttr : EnumAttr<MoELoRA_Dialect, MoELoRA_Role, "role"> {
  let assemblyFormat = "`<` $value `>`";
}

// A real parameter, which is written as a float literal. It is stored as a
// double, so that equal values of different types are the same attribute.
class MoELoRA_Real<string value, string desc>
    : DefaultValuedParameter<"::llvm::APFloat", "::llvm::APFloat(" # value # ")",
                             desc> {
  let comparator = "$_lhs.bitwiseIsEqual($_rhs)";
  let parser = "::moelora::detail::parseReal($_parser)";
  let printer = "$_printer.printFloat($_self)";
}

class MoELoRA_Case<MoELoRA_Enum enum, string value, string desc>
    : DefaultValuedParameter<"::moelora::" # enum.className,
                             "::moelora::" # enum.className # "::" # value,
                             desc>;

def MoELoRA_RouterAttr : AttrDef<MoELoRA_Dialect, "Router"> {
  let mnemonic = "router";
  let summary = "the stages of a router, in the order in which they run";
  let description = [{
    Logits `l` of one token over all experts become `top_k` ids and weights:

    1. `l` rounded to `logit_type`, `l = logit_scale * l`, then
       `tanh(l / softcap) * softcap` if `softcap > 0`
    2. score `s`: `softmax` over all experts, `sigmoid`,
       `sqrtsoftplus = sqrt(log(1 + e^l))`, or `identity`; rounded to
       `score_type`
    3. choice `c = s`, or `s + bias` (`bias_on = score`), or `l + bias`
       (`bias_on = logit`)
    4. groups: contiguous groups of experts are scored by their `max` or by the
       sum of their two best choices; experts outside the best `top_groups`
       get `-inf` (0 with `group_fill_zero = 1`)
    5. ids of the `top_k` largest `c`; of equal ones, the lower id. The last
       `always` experts do not take part in 3 to 5: their ids are the last of
       the `top_k`, for every token. A table of ids by token replaces 3 to 5
    6. `w = s[ids]`, then `post` over the k
    7. `renormalize` over the k: `w / (sum + epsilon)`,
       `w / max(sum, epsilon)`, or `w / |w|_p`
    8. `w = scale * w`, times the scale of the expert if there is one; rounded
       to `weight_type`

    Only `score` and `top_k` are required. All arithmetic is f32, and without a
    type there is no rounding.

    Example: `#moelora.router<top_k = 8, score = softmax, renormalize = sum>`
  }];
  let parameters = (ins
    "int64_t":$top_k,
    "::moelora::Score":$score,
    MoELoRA_Case<MoELoRA_BiasOn, "None", "what the bias joins">:$bias_on,
    DefaultValuedParameter<"int64_t", "1">:$groups,
    DefaultValuedParameter<"int64_t", "1">:$top_groups,
    MoELoRA_Case<MoELoRA_GroupScore, "Max", "score of a group">:$group_score,
    DefaultValuedParameter<"int64_t", "0">:$group_fill_zero,
    MoELoRA_Case<MoELoRA_Post, "None", "over the selected">:$post,
    MoELoRA_Case<MoELoRA_Renormalize, "None", "over the selected">:$renormalize,
    MoELoRA_Real<"0.0", "of the renormalisation">:$epsilon,
    MoELoRA_Real<"1.0", "p of pnorm">:$norm_p,
    MoELoRA_Real<"1.0", "on the weights">:$scale,
    MoELoRA_Real<"1.0", "on the logits">:$logit_scale,
    MoELoRA_Real<"0.0", "of the logits; 0: none">:$softcap,
    DefaultValuedParameter<"int64_t", "0">:$always,
    OptionalParameter<"::mlir::Type", "that logits are rounded to">:$logit_type,
    OptionalParameter<"::mlir::Type", "that scores are rounded to">:$score_type,
    OptionalParameter<"::mlir::Type", "of the weights">:$weight_type);
  let skipDefaultBuilders = 1;
  let builders = [AttrBuilder<(ins "int64_t":$topK, "::moelora::Score":$score,
    "::moelora::BiasOn":$biasOn, "int64_t":$groups, "int64_t":$topGroups,
    "::moelora::GroupScore":$groupScore, "int64_t":$groupFillZero,
    "::moelora::Post":$post, "::moelora::Renormalize":$renormalize,
    "::llvm::APFloat":$epsilon, "::llvm::APFloat":$normP,
    "::llvm::APFloat":$scale, "::llvm::APFloat":$logitScale,
    "::llvm::APFloat":$softcap, "int64_t":$always, "::mlir::Type":$logitType,
    "::mlir::Type":$scoreType, "::mlir::Type":$weightType), [{
      using ::moelora::detail::toDouble;
      return $_get($_ctxt, topK, score, biasOn, groups, topGroups, groupScore,
                   groupFillZero, post, renormalize, toDouble(epsilon),
                   toDouble(normP), toDouble(scale), toDouble(logitScale),
                   toDouble(softcap), always, logitType, scoreType, weightType);
    }]>];
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def MoELoRA_ActivationAttr : AttrDef<MoELoRA_Dialect, "Activation"> {
  let mnemonic = "act";
  let summary = "the non-linearity between the two expert GEMMs";
  let description = [{
    Gated (two slices, gate `g` and up `u`): `f(g) * (u + up_offset)`; plain
    (one slice): `f(u)`. `silu` is `x * sigmoid(alpha * x)`, and `relu2` is
    `max(x, 0)^2`. Clamps use both limits and are asymmetric, because the gate
    is limited from above only: `pre` limits `g` to at most `gate_max` and `u`
    to `+-up_limit` before `f`; `post` limits `f(g)` and `u`. With soft caps and
    `cap(x, c) = c tanh(x / c)`, the factors are
    `cap(g, gate_cap) * sigmoid(alpha * g)` and `cap(u, up_cap)`.

    Example: `#moelora.act<silu, gated>`,
    `#moelora.act<silu, gated, clamp = pre, gate_max = 7.0, up_limit = 7.0,
    alpha = 1.702, up_offset = 1.0>`
  }];
  let parameters = (ins
    "::moelora::Function":$function,
    "bool":$gated,
    MoELoRA_Case<MoELoRA_Clamp, "None", "where values are limited">:$clamp,
    MoELoRA_Real<"0.0", "upper limit of the gate">:$gate_max,
    MoELoRA_Real<"0.0", "limit of up, both ways">:$up_limit,
    MoELoRA_Real<"1.0", "inside the sigmoid of silu">:$alpha,
    MoELoRA_Real<"0.0", "added to up">:$up_offset,
    MoELoRA_Real<"0.0", "soft cap of the gate; 0: none">:$gate_cap,
    MoELoRA_Real<"0.0", "soft cap of up; 0: none">:$up_cap);
  let skipDefaultBuilders = 1;
  let builders = [AttrBuilder<(ins "::moelora::Function":$function,
    "bool":$gated, "::moelora::Clamp":$clamp, "::llvm::APFloat":$gateMax,
    "::llvm::APFloat":$upLimit, "::llvm::APFloat":$alpha,
    "::llvm::APFloat":$upOffset, "::llvm::APFloat":$gateCap,
    "::llvm::APFloat":$upCap), [{
      using ::moelora::detail::toDouble;
      return $_get($_ctxt, function, gated, clamp, toDouble(gateMax),
                   toDouble(upLimit), toDouble(alpha), toDouble(upOffset),
                   toDouble(gateCap), toDouble(upCap));
    }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def MoELoRA_Axis : MoELoRA_Enum<"Axis", "an axis of a grid of ranks", [
  I32EnumAttrCase<"Dp", 0, "dp">,
  I32EnumAttrCase<"Ep", 1, "ep">,
  I32EnumAttrCase<"Tp", 2, "tp">]>;

def MoELoRA_AxesAttr : AttrDef<MoELoRA_Dialect, "Axes"> {
  let mnemonic = "axes";
  let summary = "the axes of a grid along which ranks exchange values";
  let description = [{
    The ranks of an exchange are those whose coordinates differ along these axes
    only, in ascending order.

    Constraints:
    - (C1) there is an axis, and axes are in the order dp, ep, tp, each once.

    Example: `#moelora.axes<ep, tp>`
  }];
  let parameters = (ins ArrayRefParameter<"::moelora::Axis", "in order">:$axes);
  let assemblyFormat = "`<` custom<Axes>($axes) `>`";
  let extraClassDeclaration = [{
    bool has(::moelora::Axis axis) const {
      return ::llvm::is_contained(getAxes(), axis);
    }
  }];
  let genVerifyDecl = 1;
}

def MoELoRA_GridAttr : AttrDef<MoELoRA_Dialect, "Grid"> {
  let mnemonic = "grid";
  let summary = "how a layer is cut over ranks";
  let description = [{
    dp x ep x tp ranks compute a layer together. Data parallelism (dp) cuts the
    tokens, expert parallelism (ep) the experts, and tensor parallelism (tp) the
    intermediate size, of routed and of shared experts. The rank with the
    coordinates (d, e, t) has the number (d * ep + e) * tp + t. The types of the
    layer are those of one rank, and the same for all.

    `tokens` are the axes that cut the tokens, besides dp. Ranks that differ in
    other axes only have the same tokens.

    Constraints:
    - (C1) dp, ep and tp are in [1, 2^20], and so is their product.
    - (C2) `tokens` does not include dp.

    Example: `#moelora.grid<dp = 1, ep = 2, tp = 4>`,
    `#moelora.grid<dp = 2, ep = 8, tp = 1, tokens = <ep>>`
  }];
  let parameters = (ins "int64_t":$dp, "int64_t":$ep, "int64_t":$tp,
                        OptionalParameter<"::moelora::AxesAttr">:$tokens);
  let assemblyFormat = [{
    `<` `dp` `=` $dp `,` `ep` `=` $ep `,` `tp` `=` $tp
    (`,` `tokens` `=` $tokens^)? `>`
  }];
  let extraClassDeclaration = [{
    /// Whether ranks that differ in this axis have different tokens.
    bool cutsTokens(::moelora::Axis axis) const {
      return axis == ::moelora::Axis::Dp || (getTokens() && getTokens().has(axis));
    }
    /// The number of ranks along an axis, and in all.
    int64_t getSize(::moelora::Axis axis) const {
      return axis == ::moelora::Axis::Dp   ? getDp()
             : axis == ::moelora::Axis::Ep ? getEp()
                                           : getTp();
    }
    int64_t getRanks() const { return getDp() * getEp() * getTp(); }
    /// The coordinate of a rank along an axis.
    int64_t getCoordinate(int64_t rank, ::moelora::Axis axis) const {
      return axis == ::moelora::Axis::Dp   ? rank / (getTp() * getEp())
             : axis == ::moelora::Axis::Ep ? rank / getTp() % getEp()
                                           : rank % getTp();
    }
  }];
  let genVerifyDecl = 1;
}

#endif // MOELORA_DIALECT_ATTRIBUTES
