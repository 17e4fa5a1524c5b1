// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Print.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace moelora::adapters {

void printInspection(const Json &report) {
  const Json &config = report["config"];
  std::string version = config["peft_version"];
  std::printf("config   rank %d, alpha %g, scale %g%s, %d rank and %d alpha "
              "patterns, peft_version %s\n",
              config["rank"].get<int>(), config["alpha"].get<double>(),
              config["scale"].get<double>(),
              config["rank_stabilized"] ? " (rank-stabilized)" : "",
              config["rank_patterns"].get<int>(),
              config["alpha_patterns"].get<int>(),
              version.empty() ? "absent" : version.c_str());
  for (const Json &form : report["forms"])
    std::printf("experts  %s\n", form.get<std::string>().c_str());
  if (report["forms"].empty())
    std::printf("experts  none\n");
  std::printf("tensors  %ld\n", static_cast<long>(report["tensors"]));
  for (const Json &group : report["groups"])
    std::printf("  %5ld x %-4s %-14s %s\n", static_cast<long>(group["tensors"]),
                group["dtype"].get<std::string>().c_str(),
                group["shape"].get<std::string>().c_str(),
                group["name"].get<std::string>().c_str());
}

/// "8", or "1..8" if the two ends differ.
static std::string spanText(const Json &span) {
  char text[64];
  double low = span[0], high = span[1];
  if (low == high)
    std::snprintf(text, sizeof(text), "%g", low);
  else
    std::snprintf(text, sizeof(text), "%g..%g", low, high);
  return text;
}

static void printProjection(const std::string &name, const Json &coverage,
                            int layers) {
  std::printf("%-12s %d/%d layers", name.c_str(), coverage["layers"].get<int>(),
              layers);
  if (coverage["experts"] != 1)
    std::printf(", %s/%d experts", spanText(coverage["pairs"]).c_str(),
                coverage["experts"].get<int>());
  std::printf(", rank %s, scale %s\n", spanText(coverage["rank"]).c_str(),
              spanText(coverage["scale"]).c_str());
}

/// The layers without any pair, such as "3, 5-7".
static std::string emptyLayers(const Json &layers) {
  std::string text;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i]["pairs"].empty())
      continue;
    size_t last = i;
    while (last + 1 < layers.size() && layers[last + 1]["pairs"].empty())
      ++last;
    text += (text.empty() ? "" : ", ") + layers[i]["layer"].dump();
    if (last > i)
      text += "-" + layers[last]["layer"].dump();
    i = last;
  }
  return text;
}

/// Tensors whose names differ only in numbers are counted together.
static void printElsewhere(const Json &names) {
  std::map<std::string, int> groups;
  for (const Json &name : names)
    ++groups[withoutNumbers(name)];
  for (const auto &[name, count] : groups)
    std::printf("elsewhere    %d x %s\n", count, name.c_str());
}

void printBinding(const Json &report) {
  std::printf("tensors      %ld: %ld bound, %zu of other parts of the model\n",
              static_cast<long>(report["tensors"]),
              static_cast<long>(report["bound"]), report["elsewhere"].size());
  std::string served = report["served_as"];
  for (const Json &stored : report["stored_as"])
    std::printf("dtype        %s, served as %s%s\n",
                stored.get<std::string>().c_str(), served.c_str(),
                stored == served ? "" : ": rounded once");
  if (!report["effect"])
    std::printf("effect       none: each pair has the scale 0, or an A or B of "
                "zeros\n");
  if (report["layout"].is_null())
    std::printf("layout       no packed pairs\n");
  else
    std::printf("layout       %s: %s\ncolumns      %s\n",
                report["layout"].get<std::string>().c_str(),
                report["why"].get<std::string>().c_str(),
                report["columns"].get<std::string>().c_str());
  for (const auto &[name, coverage] : report["projections"].items())
    printProjection(name, coverage, report["moe_layers"]);
  std::string empty = emptyLayers(report["layers"]);
  if (!empty.empty())
    std::printf("nothing      in the MoE layers %s\n", empty.c_str());
  printElsewhere(report["elsewhere"]);
}

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

void printDifferences(const Json &report) {
  constexpr size_t most = 40; // lines of a screen
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

} // namespace moelora::adapters
