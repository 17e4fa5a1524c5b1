/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * `diff`: in which pairs two adapters differ, and by how much.
 */
#include "Commands.h"
#include "Pairs.h"
#include "Progress.h"

#include "moelora/models/AdapterTarget.h"
#include "moelora/runtime/Checkpoint.h"

#include <algorithm>

namespace moelora::tool {

namespace {

class Comparison {
public:
  Comparison(const Options &options, const models::Model &model)
      : options(options), names(model), target(names.get()),
        left(open(options.adapters[0])), right(open(options.adapters[1])) {}

  Json run() {
    Json entries = Json::array();
    Progress progress(places(), "places compared");
    forEachPlace(target, [&](const Place &place) {
      Json entry = compare(place);
      if (!entry.is_null())
        entries.push_back(std::move(entry));
      progress.advance();
    });
    return {{"left", options.adapters[0].folder},
            {"right", options.adapters[1].folder},
            {"equal", entries.empty()},
            {"pairs", pairs},
            {"different", entries.size()},
            {"largest_difference", largest},
            {"differences", std::move(entries)}};
  }

private:
  Owned<moelora_adapter> open(const Named &adapter) const {
    try {
      return openAdapter(adapter.folder, target, adapter.stated);
    } catch (const Refusal &refusal) {
      throw Refusal{adapter.name + ": " + refusal.text};
    }
  }

  size_t places() const {
    size_t count = 0;
    forEachPlace(target, [&](const Place &) { ++count; });
    return count;
  }

  /// Null where nothing differs.
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

  const Options &options;
  models::AdapterTarget names;
  moelora_adapter_target target;
  Owned<moelora_adapter> left, right;
  int64_t pairs = 0; ///< places with a pair in either
  double largest = 0;
};

} // namespace

static void printEntry(const Json &entry) {
  std::printf("layer %d %s expert %d:", entry["layer"].get<int>(),
              entry["projection"].get<std::string>().c_str(),
              entry["expert"].get<int>());
  if (entry.contains("only_in"))
    std::printf(" only in the %s one",
                entry["only_in"].get<std::string>().c_str());
  for (const char *fact : {"rank", "scale", "dtype"})
    if (entry.contains(fact))
      std::printf(" %s %s and %s", fact, entry[fact][0].dump().c_str(),
                  entry[fact][1].dump().c_str());
  if (entry.contains("difference"))
    std::printf(" delta differs by %.3g", entry["difference"].get<double>());
  std::printf("\n");
}

/// The first differences; a document has them all.
static void print(const Json &report) {
  constexpr size_t most = 40; // a screen
  const Json &entries = report["differences"];
  size_t shown = std::min(most, entries.size());
  for (size_t i = 0; i < shown; ++i)
    printEntry(entries[i]);
  if (shown < entries.size())
    std::printf("and %zu more\n", entries.size() - shown);
  if (report["equal"])
    std::printf("equal: %ld pairs\n", static_cast<long>(report["pairs"]));
  else
    std::printf("%ld of %ld pairs differ, their deltas by at most %.3g of the "
                "largest element\n",
                static_cast<long>(report["different"]),
                static_cast<long>(report["pairs"]),
                report["largest_difference"].get<double>());
}

bool diff(const Options &options, const models::Model &model) {
  Json report = Comparison(options, model).run();
  if (options.json)
    std::puts(
        report.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  else
    print(report);
  return report["equal"];
}

} // namespace moelora::tool
