// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes: printing of reals, verification.

#include "VerifyShapes.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace moelora;

namespace moelora::detail {

/// Reals are f64 literals; an integer literal is refused by the parser.
static FailureOr<llvm::APFloat> parseReal(AsmParser &parser) {
  double value;
  if (failed(parser.parseFloat(value)))
    return failure();
  return llvm::APFloat(value);
}

/// Exact for all types that are no wider than a double.
static llvm::APFloat toDouble(llvm::APFloat value) {
  bool losesInfo;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value;
}

} // namespace moelora::detail

/// A list that may be empty, which the verifier then refuses.
static ParseResult parseTiles(AsmParser &parser, SmallVector<TileAttr> &tiles) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    FailureOr<TileAttr> tile = FieldParser<TileAttr>::parse(parser);
    if (succeeded(tile))
      tiles.push_back(*tile);
    return ParseResult(tile);
  });
}

static void printTiles(AsmPrinter &printer, ArrayRef<TileAttr> tiles) {
  printer << '[';
  llvm::interleaveComma(tiles, printer, [&](TileAttr tile) {
    printer.printStrippedAttrOrType(tile);
  });
  printer << ']';
}

/// A list that may be empty, which the verifier then refuses.
static ParseResult parseAxes(AsmParser &parser, SmallVector<Axis> &axes) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::None, [&] {
    FailureOr<Axis> axis = FieldParser<Axis>::parse(parser);
    if (succeeded(axis))
      axes.push_back(*axis);
    return ParseResult(axis);
  });
}

static void printAxes(AsmPrinter &printer, ArrayRef<Axis> axes) {
  llvm::interleaveComma(axes, printer,
                        [&](Axis axis) { printer << stringifyAxis(axis); });
}

#include "moelora/dialect/Enums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "moelora/dialect/Attributes.cpp.inc"

void MoELoRADialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "moelora/dialect/Attributes.cpp.inc"
      >();
}

LogicalResult
RouterAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t topK,
                   Score, BiasOn, int64_t groups, int64_t topGroups, GroupScore,
                   int64_t groupFillZero, Post, Renormalize renormalize,
                   llvm::APFloat epsilon, llvm::APFloat normP, llvm::APFloat,
                   llvm::APFloat, llvm::APFloat softcap, int64_t always,
                   Type logitType, Type scoreType, Type weightType) {
  if (topK < 1 || topK > maxSize || groups > maxSize)
    return emitError() << "expects top_k and groups to be in [1, " << maxSize
                       << "], but top_k is " << topK << " and groups is "
                       << groups;
  if (groups < 1 || topGroups < 1 || topGroups > groups)
    return emitError() << "expects top_groups to be in [1, groups], but "
                          "top_groups is "
                       << topGroups << " and groups is " << groups;
  if (groupFillZero != 0 && groupFillZero != 1)
    return emitError() << "expects group_fill_zero to be 0 or 1, but it is "
                       << groupFillZero;
  if (epsilon.isNegative() || !epsilon.isFinite())
    return emitError() << "expects epsilon to be finite and not negative";
  if (renormalize == Renormalize::PNorm && !(normP.convertToDouble() > 0))
    return emitError() << "expects norm_p to be positive, but it is "
                       << normP.convertToDouble();
  if (softcap.isNegative() || !softcap.isFinite())
    return emitError() << "expects softcap to be finite and not negative";
  if (always < 0 || always >= topK)
    return emitError() << "expects always to be in [0, top_k), but always is "
                       << always << " and top_k is " << topK;
  for (Type type : {logitType, scoreType, weightType})
    if (type && !type.isBF16() && !type.isF16() && !type.isF32())
      return emitError() << "expects logits, scores and weights to be rounded "
                            "to bf16, f16 or f32, but a type is "
                         << type;
  return success();
}

static LogicalResult
verifySoftCaps(function_ref<InFlightDiagnostic()> emitError, Function function,
               bool gated, double gateCap, double upCap) {
  if (!(gateCap >= 0 && upCap >= 0 && std::isfinite(gateCap + upCap)))
    return emitError() << "expects soft caps to be finite and not negative, "
                          "but gate_cap is "
                       << gateCap << " and up_cap is " << upCap;
  if ((gateCap > 0 || upCap > 0) && (!gated || function != Function::Silu))
    return emitError() << "expects soft caps to be on a gated silu, but the "
                          "function is "
                       << (gated ? "gated " : "plain ")
                       << stringifyFunction(function);
  return success();
}

LogicalResult
ActivationAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       Function function, bool gated, Clamp clamp,
                       llvm::APFloat gateMax, llvm::APFloat upLimit,
                       llvm::APFloat alpha, llvm::APFloat upOffset,
                       llvm::APFloat gateCap, llvm::APFloat upCap) {
  bool limited = gateMax.isNonZero() || upLimit.isNonZero();
  if (limited && clamp == Clamp::None)
    return emitError() << "expects limits to come with a clamp, but clamp is "
                          "none";
  if (clamp != Clamp::None && !gated)
    return emitError() << "expects a clamp to be on a gated activation";
  if (clamp != Clamp::None &&
      !(gateMax.convertToDouble() > 0 && upLimit.convertToDouble() > 0))
    return emitError() << "expects a clamp to have positive limits, but "
                          "gate_max is "
                       << gateMax.convertToDouble() << " and up_limit is "
                       << upLimit.convertToDouble();
  if (alpha.convertToDouble() != 1 && function != Function::Silu)
    return emitError() << "expects alpha to be on silu, but the function is "
                       << stringifyFunction(function);
  if (upOffset.isNonZero() && !gated)
    return emitError() << "expects up_offset to be on a gated activation";
  return verifySoftCaps(emitError, function, gated, gateCap.convertToDouble(),
                        upCap.convertToDouble());
}

/// One optional `name = value` of an activation.
static ParseResult parseActivationField(AsmParser &parser, StringRef name,
                                        Clamp &clamp, ArrayRef<StringRef> names,
                                        MutableArrayRef<double> values) {
  if (parser.parseEqual())
    return failure();
  if (name == "clamp") {
    FailureOr<Clamp> parsed = FieldParser<Clamp>::parse(parser);
    if (failed(parsed))
      return failure();
    clamp = *parsed;
    return success();
  }
  for (auto [known, value] : llvm::zip(names, values))
    if (name == known)
      return parser.parseFloat(value);
  return parser.emitError(parser.getCurrentLocation())
         << "unknown field '" << name << "' of an activation";
}

// <silu, gated, clamp = pre, gate_max = 7.0, ...>; defaults are omitted.
Attribute ActivationAttr::parse(AsmParser &parser, Type) {
  StringRef names[] = {"gate_max",  "up_limit", "alpha",
                       "up_offset", "gate_cap", "up_cap"};
  double values[] = {0, 0, 1, 0, 0, 0};
  Clamp clamp = Clamp::None;
  bool gated = false;
  if (parser.parseLess())
    return {};
  FailureOr<Function> function = FieldParser<Function>::parse(parser);
  if (failed(function))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    StringRef name;
    if (parser.parseKeyword(&name))
      return {};
    if (name == "gated")
      gated = true;
    else if (parseActivationField(parser, name, clamp, names, values))
      return {};
  }
  if (parser.parseGreater())
    return {};
  auto emit = [&] { return parser.emitError(parser.getNameLoc()); };
  return getChecked(emit, parser.getContext(), *function, gated, clamp,
                    llvm::APFloat(values[0]), llvm::APFloat(values[1]),
                    llvm::APFloat(values[2]), llvm::APFloat(values[3]),
                    llvm::APFloat(values[4]), llvm::APFloat(values[5]));
}

void ActivationAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyFunction(getFunction());
  if (getGated())
    printer << ", gated";
  if (getClamp() != Clamp::None)
    printer << ", clamp = " << stringifyClamp(getClamp());
  auto field = [&](StringRef name, const llvm::APFloat &value, double normal) {
    if (value.convertToDouble() == normal)
      return;
    printer << ", " << name << " = ";
    printer.printFloat(value);
  };
  field("gate_max", getGateMax(), 0);
  field("up_limit", getUpLimit(), 0);
  field("alpha", getAlpha(), 1);
  field("up_offset", getUpOffset(), 0);
  field("gate_cap", getGateCap(), 0);
  field("up_cap", getUpCap(), 0);
  printer << '>';
}

LogicalResult AxesAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               ArrayRef<Axis> axes) {
  if (!axes.empty() && llvm::is_sorted(axes, std::less_equal<Axis>()))
    return success();
  return emitError() << "expects axes in the order dp, ep, tp, each at most "
                        "once, and at least one"; // (C1)
}

LogicalResult GridAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t dp, int64_t ep, int64_t tp,
                               AxesAttr tokens) {
  if (failed(verifySize(emitError, "dp", dp, 1, maxSize)) ||
      failed(verifySize(emitError, "ep", ep, 1, maxSize)) ||
      failed(verifySize(emitError, "tp", tp, 1, maxSize)))
    return failure(); // (C1)
  int64_t ranks = 0;
  if (llvm::MulOverflow(dp * ep, tp, ranks))
    ranks = INT64_MAX;
  if (failed(verifySize(emitError, "dp * ep * tp", ranks, 1, maxSize)))
    return failure(); // (C1)
  if (tokens && tokens.has(Axis::Dp))
    return emitError()
           << "expects axes besides dp that cut the tokens, because "
              "dp always does"; // (C2)
  return success();
}
