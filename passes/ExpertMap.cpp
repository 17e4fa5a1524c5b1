// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ExpertMap.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include <map>

using namespace mlir;

namespace moelora {
namespace {

using Ranks = SmallVector<int64_t>; // by expert
using EmitError = function_ref<InFlightDiagnostic()>;

/// Adjacent experts, as many for each rank as for any other, or one more.
Ranks contiguous(int64_t experts, int64_t ranks) {
  Ranks places;
  for (int64_t rank = 0; rank < ranks; ++rank)
    places.append(size_t(experts / ranks + (rank < experts % ranks)), rank);
  return places;
}

Ranks roundRobin(int64_t experts, int64_t ranks) {
  Ranks places;
  for (int64_t expert = 0; expert < experts; ++expert)
    places.push_back(expert % ranks);
  return places;
}

FailureOr<Ranks> parseCopy(StringRef text, int64_t experts, int64_t ranks,
                           EmitError emitError) {
  Ranks places;
  for (StringRef number : llvm::split(text, ',')) {
    int64_t rank = 0;
    if (number.trim().getAsInteger(10, rank) || rank < 0 || rank >= ranks)
      return emitError() << "expects expert-map to be contiguous, round-robin, "
                            "or a list of ranks from 0 to "
                         << ranks - 1 << ", but it has \"" << number << "\"";
    places.push_back(rank);
  }
  if (int64_t(places.size()) != experts)
    return emitError() << "expects expert-map to have a rank for each of the "
                       << experts << " experts, but it has " << places.size();
  return places;
}

/// [copies] of ranks by expert.
FailureOr<SmallVector<Ranks>> parse(StringRef text, int64_t experts,
                                    int64_t ranks, EmitError emitError) {
  if (text == "contiguous" || text == "round-robin") {
    if (experts < ranks)
      return emitError() << "expects an expert for each rank of ep, but there "
                            "are "
                         << experts << " experts and ep is " << ranks;
    return SmallVector<Ranks>{text == "contiguous"
                                  ? contiguous(experts, ranks)
                                  : roundRobin(experts, ranks)};
  }
  SmallVector<Ranks> copies;
  for (StringRef copy : llvm::split(text, ':')) {
    FailureOr<Ranks> places = parseCopy(copy, experts, ranks, emitError);
    if (failed(places))
      return failure();
    copies.push_back(*places);
  }
  return copies;
}

/// The numbers of a rank's experts among its own, also of those that it has in
/// several copies.
std::vector<std::map<int64_t, int64_t>> number(ArrayRef<Ranks> copies,
                                               int64_t experts, int64_t ranks) {
  std::vector<std::map<int64_t, int64_t>> numbers;
  numbers.resize(size_t(ranks));
  for (int64_t expert = 0; expert < experts; ++expert)
    for (const Ranks &copy : copies) {
      auto &own = numbers[size_t(copy[size_t(expert)])];
      own.try_emplace(expert, int64_t(own.size()));
    }
  return numbers;
}

} // namespace

FailureOr<ExpertMap> placeExperts(StringRef text, int64_t experts,
                                  int64_t ranks, MLIRContext *context,
                                  EmitError emitError) {
  auto copies = parse(text, experts, ranks, emitError);
  if (failed(copies))
    return failure();
  auto numbers = number(*copies, experts, ranks);
  ExpertMap map;
  for (const auto &own : numbers)
    map.localExperts = std::max(map.localExperts, int64_t(own.size()));
  std::vector<int32_t> places;
  for (const Ranks &copy : *copies)
    for (int64_t expert = 0; expert < experts; ++expert) {
      int64_t rank = copy[size_t(expert)];
      places.push_back(
          int32_t(rank * map.localExperts + numbers[size_t(rank)].at(expert)));
    }
  auto type = RankedTensorType::get({int64_t(copies->size()), experts},
                                    IntegerType::get(context, 32));
  map.places = DenseIntElementsAttr::get(type, places);
  return map;
}

} // namespace moelora
