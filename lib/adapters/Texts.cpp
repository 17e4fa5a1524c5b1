// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/adapters/Texts.h"

#include <algorithm>
#include <map>

namespace moelora::adapters {

using host::formatted;

std::string inspectionText(const Json &report) {
  std::string text;
  const Json &config = report["config"];
  std::string version = config["peft_version"];
  text += formatted(
      "config   rank %d, alpha %g, scale %g%s, %d rank and %d alpha "
      "patterns, peft_version %s\n",
      config["rank"].get<int>(), config["alpha"].get<double>(),
      config["scale"].get<double>(),
      config["rank_stabilized"] ? " (rank-stabilized)" : "",
      config["rank_patterns"].get<int>(), config["alpha_patterns"].get<int>(),
      version.empty() ? "absent" : version.c_str());
  for (const Json &form : report["forms"])
    text += formatted("experts  %s\n", form.get<std::string>().c_str());
  if (report["forms"].empty())
    text += "experts  none\n";
  text += formatted("tensors  %ld\n", static_cast<long>(report["tensors"]));
  for (const Json &group : report["groups"])
    text += formatted("  %5ld x %-4s %-14s %s\n",
                      static_cast<long>(group["tensors"]),
                      group["dtype"].get<std::string>().c_str(),
                      group["shape"].get<std::string>().c_str(),
                      group["name"].get<std::string>().c_str());
  return text;
}

/// "8", or "1..8" where the two ends differ.
static std::string spanText(const Json &span) {
  double low = span[0], high = span[1];
  return low == high ? formatted("%g", low) : formatted("%g..%g", low, high);
}

static std::string projectionText(const std::string &name, const Json &coverage,
                                  int layers) {
  std::string text;
  text += formatted("%-12s %d/%d layers", name.c_str(),
                    coverage["layers"].get<int>(), layers);
  if (coverage["experts"] != 1)
    text += formatted(", %s/%d experts", spanText(coverage["pairs"]).c_str(),
                      coverage["experts"].get<int>());
  text += formatted(", rank %s, scale %s\n", spanText(coverage["rank"]).c_str(),
                    spanText(coverage["scale"]).c_str());
  return text;
}

/// Runs of layers without any pair: "3, 5-7".
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

/// Tensors that differ only in numbers are counted together.
static std::string elsewhereText(const Json &names) {
  std::string text;
  std::map<std::string, int> groups;
  for (const Json &name : names)
    ++groups[withoutNumbers(name)];
  for (const auto &[name, count] : groups)
    text += formatted("elsewhere    %d x %s\n", count, name.c_str());
  return text;
}

std::string bindingText(const Json &report) {
  std::string text;
  text += formatted(
      "tensors      %ld: %ld bound, %zu of other parts of the model\n",
      static_cast<long>(report["tensors"]), static_cast<long>(report["bound"]),
      report["elsewhere"].size());
  std::string served = report["served_as"];
  for (const Json &stored : report["stored_as"])
    text += formatted("dtype        %s, served as %s%s\n",
                      stored.get<std::string>().c_str(), served.c_str(),
                      stored == served ? "" : ": rounded once");
  if (!report["effect"])
    text += formatted(
        "effect       none: each pair has the scale 0, or an A or B of "
        "zeros\n");
  if (report["layout"].is_null())
    text += formatted("layout       no packed pairs\n");
  else
    text += formatted("layout       %s: %s\ncolumns      %s\n",
                      report["layout"].get<std::string>().c_str(),
                      report["why"].get<std::string>().c_str(),
                      report["columns"].get<std::string>().c_str());
  for (const auto &[name, coverage] : report["projections"].items())
    text += projectionText(name, coverage, report["moe_layers"]);
  std::string empty = emptyLayers(report["layers"]);
  if (!empty.empty())
    text += formatted("nothing      in the MoE layers %s\n", empty.c_str());
  text += elsewhereText(report["elsewhere"]);
  return text;
}

static std::string entryText(const Json &entry) {
  std::string text;
  text += formatted("layer %d %s expert %d:", entry["layer"].get<int>(),
                    entry["projection"].get<std::string>().c_str(),
                    entry["expert"].get<int>());
  if (entry.contains("only_in"))
    text += formatted(" only in the %s one",
                      entry["only_in"].get<std::string>().c_str());
  for (const char *fact : {"rank", "scale", "dtype"})
    if (entry.contains(fact))
      text += formatted(" %s %s and %s", fact, entry[fact][0].dump().c_str(),
                        entry[fact][1].dump().c_str());
  if (entry.contains("difference"))
    text +=
        formatted(" delta differs by %.3g", entry["difference"].get<double>());
  text += "\n";
  return text;
}

std::string differencesText(const Json &report) {
  std::string text;
  constexpr size_t most = 40; // a screen
  const Json &entries = report["differences"];
  size_t shown = std::min(most, entries.size());
  for (size_t i = 0; i < shown; ++i)
    text += entryText(entries[i]);
  if (shown < entries.size())
    text += formatted("and %zu more\n", entries.size() - shown);
  if (report["equal"])
    text += formatted("equal: %ld pairs\n", static_cast<long>(report["pairs"]));
  else
    text += formatted(
        "%ld of %ld pairs differ, their deltas by at most %.3g of the "
        "largest element\n",
        static_cast<long>(report["different"]),
        static_cast<long>(report["pairs"]),
        report["largest_difference"].get<double>());
  return text;
}

} // namespace moelora::adapters
