// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One cell is timed in the order rates, moelora, peer, peer, moelora, rates,
// and the two measurements of each are averaged, so that a machine that becomes
// slower does not favour either side.

#include "Cpu.h"
#include "Peer.h"
#include "Problem.h"
#include "moelora/host/Machine.h"

#include <algorithm>
#include <cstdio>

using moelora::host::Json;

namespace moelora::bench {
namespace {

struct Rates {
  double bandwidth;
  std::optional<double> dense; // nothing without a peer
};

struct Result {
  std::string shape;
  Cell cell;
  Rates rates;
  double seconds, floorSeconds;
  std::optional<double> peerSeconds;
  reference::Verdict verdict;
};

std::optional<double> timePeer(Peer &peer, const Problem &problem,
                               const Shape &shape, int64_t repeat) {
  Json routings = Json::array();
  for (const Routing &routing : problem.routings) {
    Json ids = Json::array();
    for (auto at = routing.ids.begin(); at != routing.ids.end();
         at += shape.topK)
      ids.push_back(std::vector<int32_t>(at, at + shape.topK));
    routings.push_back({{"ids", std::move(ids)}, {"slots", routing.slots}});
  }
  return peer.ask(
      {{"do", "time"}, {"repeat", repeat}, {"routings", std::move(routings)}},
      "seconds");
}

void preparePeer(Peer &peer, const Shape &shape) {
  peer.ask({{"do", "layer"},
            {"hidden", shape.hidden},
            {"intermediate", shape.intermediate},
            {"experts", shape.experts}});
}

void adaptPeer(Peer &peer, int32_t count, int32_t rank) {
  peer.ask({{"do", "adapters"}, {"count", count}, {"rank", rank}});
}

/// The mean of two measurements, or nothing if one is missing.
std::optional<double> mean(std::optional<double> first,
                           std::optional<double> second) {
  if (!first || !second)
    return std::nullopt;
  return (*first + *second) / 2;
}

/// Measures both rates now, because other work on the machine changes them.
Rates measureRates(Peer &peer, const host::Bandwidth &bandwidth) {
  return {bandwidth.measure(), peer.ask({{"do", "dense"}}, "flops")};
}

/// Without a dense rate, only memory is considered.
double floorOf(const Work &work, const Rates &rates) {
  double memory = work.bytes / rates.bandwidth;
  return rates.dense ? std::max(memory, work.flops / *rates.dense) : memory;
}

Result measure(Problem &problem, const Shape &shape, const Cell &cell,
               Peer &peer, const CpuOptions &options,
               const host::Bandwidth &bandwidth) {
  auto ours = [&] {
    return host::medianSeconds([&] { problem.run(); }, options.repeat);
  };
  int64_t peerRepeat = std::max<int64_t>(3, options.repeat / 3);
  Rates before = measureRates(peer, bandwidth);
  double first = ours();
  auto peerFirst = timePeer(peer, problem, shape, peerRepeat);
  auto peerSecond = timePeer(peer, problem, shape, peerRepeat);
  double second = ours();
  Rates after = measureRates(peer, bandwidth);
  Rates rates = {(before.bandwidth + after.bandwidth) / 2,
                 mean(before.dense, after.dense)};
  Work work = countWork(shape, cell, problem.routings);
  return {shape.name,
          cell,
          rates,
          (first + second) / 2,
          floorOf(work, rates),
          mean(peerFirst, peerSecond),
          problem.compare()};
}

void printHeader(const Peer &peer, int threads) {
  if (peer.present())
    std::printf("%d threads, PyTorch %s\n\n", threads, peer.version().c_str());
  else
    std::printf("%d threads, no PyTorch: no dense rate, the floor is that of "
                "memory alone\n\n",
                threads);
  std::printf("%-6s %6s %8s %10s %7s %7s %8s %12s %8s %6s\n", "shape", "tokens",
              "adapters", "us", "GB/s", "GFLOP/s", "% floor", "PyTorch us",
              "ratio", "error");
}

/// "-" for what was not measured.
std::string cellText(std::optional<double> value, int decimals,
                     const char *unit = "") {
  if (!value)
    return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.*f%s", decimals, *value, unit);
  return text;
}

std::optional<double> scaled(std::optional<double> value, double factor) {
  return value ? std::optional(*value * factor) : std::nullopt;
}

/// The rates belong to the machine and not to the layer.
void printRow(const Result &result) {
  std::printf(
      "%-6s %6lld %8d %10.1f %7.1f %7s %7.1f%% %12s %8s %6.3f\n",
      result.shape.c_str(), static_cast<long long>(result.cell.tokens),
      result.cell.adapters, result.seconds * 1e6, result.rates.bandwidth / 1e9,
      cellText(scaled(result.rates.dense, 1e-9), 0).c_str(),
      100 * result.floorSeconds / result.seconds,
      cellText(scaled(result.peerSeconds, 1e6), 1).c_str(),
      cellText(scaled(result.peerSeconds, 1 / result.seconds), 2, "x").c_str(),
      result.verdict.worst);
  std::fflush(stdout);
}

/// null for what was not measured.
Json jsonOf(std::optional<double> value) {
  return value ? Json(*value) : Json();
}

Json documentOf(const Peer &peer, const std::vector<Result> &results) {
  Json cells = Json::array();
  for (const Result &r : results)
    cells.push_back({{"shape", r.shape},
                     {"tokens", r.cell.tokens},
                     {"adapters", r.cell.adapters},
                     {"rank", r.cell.rank},
                     {"bandwidth", r.rates.bandwidth},
                     {"dense_flops", jsonOf(r.rates.dense)},
                     {"seconds", r.seconds},
                     {"floor_seconds", r.floorSeconds},
                     {"pytorch_seconds", jsonOf(r.peerSeconds)},
                     {"error_over_bound", r.verdict.worst}});
  Json version = peer.present() ? Json(peer.version()) : Json();
  return {{"pytorch", version}, {"cells", std::move(cells)}};
}

std::vector<Result> measureShape(const Shape &shape, const CpuOptions &options,
                                 const std::string &compiler, Peer &peer,
                                 const host::Bandwidth &bandwidth,
                                 const moelora_services &services) {
  if (shape.isGptOss)
    throw host::Error("expects shapes without biases, which PyTorch's layer "
                      "has not, but one is " +
                      shape.name);
  int32_t slots =
      *std::max_element(options.adapters.begin(), options.adapters.end());
  Layer layer = makeLayer(shape, compiler,
                          {{"--cpu=" + options.cpu}, slots, options.rank},
                          {moelora_device_cpu(), services});
  preparePeer(peer, shape);
  std::vector<Result> results;
  for (int32_t count : options.adapters) {
    AdaptedLayer adapted(layer, ranksOf({0, count, options.rank}));
    adaptPeer(peer, count, options.rank);
    for (int64_t tokens : options.tokens) {
      Cell cell = {tokens, count, options.rank};
      Problem problem(adapted, cell);
      results.push_back(
          measure(problem, shape, cell, peer, options, bandwidth));
      printRow(results.back());
    }
  }
  return results;
}

} // namespace

void runCpu(const CpuOptions &options, const std::string &folder) {
  host::Pool pool(options.threads);
  Peer peer(options.python, MOELORA_BENCH_PEER, pool.services.workers);
  host::Bandwidth bandwidth(pool.services.workers);
  printHeader(peer, pool.services.workers);
  std::vector<Result> results;
  for (const Shape &shape : options.shapes)
    for (Result &result :
         measureShape(shape, options, folder + "/moelora-compile", peer,
                      bandwidth, pool.services))
      results.push_back(std::move(result));
  if (!options.json.empty())
    host::writeJson(options.json, documentOf(peer, results));
  reference::Verdict all;
  for (const Result &result : results)
    all.add(result.verdict);
  if (!all.right())
    throw host::Error("a cell is wrong: " + all.failure());
}

} // namespace moelora::bench
