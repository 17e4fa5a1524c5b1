// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes: printing of reals, verification.

#include "mlir/IR/Builders.h"
#include "moelora/dialect/Dialect.h"
#include "llvm/ADT/TypeSwitch.h"

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

} // namespace moelora::detail

#include "moelora/dialect/Enums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "moelora/dialect/Attributes.cpp.inc"

void MoELoRADialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "moelora/dialect/Attributes.cpp.inc"
      >();
}

LogicalResult RouterAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t topK, Score, BiasOn, int64_t groups,
                                 int64_t topGroups, GroupScore,
                                 int64_t groupFillZero, Post,
                                 Renormalize renormalize, llvm::APFloat epsilon,
                                 llvm::APFloat normP, llvm::APFloat,
                                 llvm::APFloat, llvm::APFloat softcap) {
  if (topK < 1)
    return emitError() << "expects top_k to be positive, but it is " << topK;
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
  return success();
}

LogicalResult
ActivationAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       Function function, bool gated, Clamp clamp,
                       llvm::APFloat gateMax, llvm::APFloat upLimit,
                       llvm::APFloat alpha, llvm::APFloat upOffset) {
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
  return success();
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

// <silu, gated, clamp = pre, gate_max = 7.0, ...>; defaults are left out.
Attribute ActivationAttr::parse(AsmParser &parser, Type) {
  StringRef names[] = {"gate_max", "up_limit", "alpha", "up_offset"};
  double values[] = {0, 0, 1, 0};
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
                    llvm::APFloat(values[2]), llvm::APFloat(values[3]));
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
  printer << '>';
}
