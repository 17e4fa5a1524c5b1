// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `diff`: in which pairs two adapters differ, and by how much.
#include "moelora/adapters/Pairs.h"
#include "moelora/adapters/Questions.h"
#include "moelora/models/AdapterTarget.h"
#include "moelora/runtime/Checkpoint.h"

#include <algorithm>

using namespace moelora::host;

namespace moelora::adapters {

namespace {

class Comparison {
public:
  Comparison(const AdapterFolder &leftFolder, const AdapterFolder &rightFolder,
             const models::Model &model)
      : leftFolder(leftFolder), rightFolder(rightFolder), names(model),
        target(names.get()), left(open(leftFolder)), right(open(rightFolder)) {}

  Json run(const Progress &progress) {
    Json entries = Json::array();
    ProgressCount count(progress, places(), "places compared");
    forEachPlace(target, [&](const Place &place) {
      Json entry = compare(place);
      if (!entry.is_null())
        entries.push_back(std::move(entry));
      count.advance();
    });
    return {{"left", leftFolder.folder},        {"right", rightFolder.folder},
            {"equal", entries.empty()},         {"pairs", pairs},
            {"different", entries.size()},      {"largest_difference", largest},
            {"differences", std::move(entries)}};
  }

private:
  AdapterHandle open(const AdapterFolder &adapter) const {
    try {
      return openAdapter(adapter.folder, target, adapter.stated);
    } catch (const Error &refusal) {
      throw Error{adapter.name + ": " + refusal.what()};
    }
  }

  size_t places() const {
    size_t count = 0;
    forEachPlace(target, [&](const Place &) { ++count; });
    return count;
  }

  /// Null if nothing differs.
  Json compare(const Place &place) {
    std::optional<Pair> l = readPair(left.get(), place);
    std::optional<Pair> r = readPair(right.get(), place);
    if (!l && !r)
      return {};
    ++pairs;
    Json entry = {{"layer", place.site->layer},
                  {"projection", projectionNames[place.projection]},
                  {"expert", place.expert}};
    size_t bare = entry.size();
    if (!l || !r)
      entry["only_in"] = l ? "left" : "right";
    else
      comparePairs(*l, *r, entry);
    return entry.size() == bare ? Json() : entry;
  }

  void comparePairs(const Pair &l, const Pair &r, Json &entry) {
    if (l.rank != r.rank)
      entry["rank"] = {l.rank, r.rank};
    if (static_cast<float>(l.scale) != static_cast<float>(r.scale))
      entry["scale"] = {l.scale, r.scale};
    if (l.dtype != r.dtype)
      entry["dtype"] = {moelora_dtype_name(l.dtype),
                        moelora_dtype_name(r.dtype)};
    double apart = sameDelta(l, r) ? 0 : deltaDifference(l, r);
    if (apart != 0)
      entry["difference"] = apart;
    largest = std::max(largest, apart);
  }

  const AdapterFolder &leftFolder, &rightFolder;
  models::AdapterTarget names;
  moelora_adapter_target target;
  AdapterHandle left, right;
  int64_t pairs = 0; ///< places with a pair in either
  double largest = 0;
};

} // namespace

Json diff(const AdapterFolder &left, const AdapterFolder &right,
          const models::Model &model, const Progress &progress) {
  return Comparison(left, right, model).run(progress);
}

} // namespace moelora::adapters
