// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One cell is timed in the order rates, ours, peer, peer, ours, rates, and what
// was measured twice is averaged, so that a machine that slows down favours
// nobody.

#include "Cpu.h"
#include "Peer.h"
#include "Problem.h"
#include "Yardsticks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace moelora::bench {
namespace {

struct Rates {
  double bandwidth, dense;
};

struct Result {
  std::string shape;
  Cell cell;
  Rates rates;
  double seconds, peerSeconds, floorSeconds;
  reference::Verdict verdict;
};

std::string listOf(const std::vector<int32_t> &values, int32_t width) {
  std::ostringstream text;
  text << '[';
  for (size_t index = 0; index < values.size(); ++index) {
    if (width && index % width == 0)
      text << (index ? "],[" : "[");
    else if (index)
      text << ',';
    text << values[index];
  }
  text << (width ? "]]" : "]");
  return text.str();
}

double timePeer(Peer &peer, const Problem &problem, const Shape &shape,
                int64_t repeat) {
  std::string routings;
  for (const Routing &routing : problem.routings)
    routings += (routings.empty() ? "" : ", ") + std::string("{\"ids\": ") +
                listOf(routing.ids, shape.topK) +
                ", \"slots\": " + listOf(routing.slots, 0) + "}";
  return peer.ask("{\"do\": \"time\", \"repeat\": " + std::to_string(repeat) +
                      ", \"routings\": [" + routings + "]}",
                  "seconds");
}

void preparePeer(Peer &peer, const Shape &shape) {
  peer.ask("{\"do\": \"layer\", \"hidden\": " + std::to_string(shape.hidden) +
               ", \"intermediate\": " + std::to_string(shape.intermediate) +
               ", \"experts\": " + std::to_string(shape.experts) + "}",
           "");
}

void adaptPeer(Peer &peer, int64_t count, int64_t rank) {
  peer.ask("{\"do\": \"adapters\", \"count\": " + std::to_string(count) +
               ", \"rank\": " + std::to_string(rank) + "}",
           "");
}

/// Both rates as they are now: other work on the machine changes them.
Rates measureRates(Peer &peer, const Bandwidth &bandwidth) {
  return {bandwidth.measure(), peer.ask("{\"do\": \"dense\"}", "flops")};
}

double floorOf(const Work &work, const Rates &rates) {
  double memory = work.bytes / rates.bandwidth;
  return rates.dense > 0 ? std::max(memory, work.flops / rates.dense) : memory;
}

Result measure(Problem &problem, const Shape &shape, const Cell &cell,
               Peer &peer, const Options &options, const Bandwidth &bandwidth) {
  auto ours = [&] {
    return medianSeconds([&] { problem.run(); }, options.repeat);
  };
  int64_t peerRepeat = std::max<int64_t>(3, options.repeat / 3);
  Rates before = measureRates(peer, bandwidth);
  double first = ours();
  double peerFirst = timePeer(peer, problem, shape, peerRepeat);
  double peerSecond = timePeer(peer, problem, shape, peerRepeat);
  double second = ours();
  Rates after = measureRates(peer, bandwidth);
  Rates rates = {(before.bandwidth + after.bandwidth) / 2,
                 (before.dense + after.dense) / 2};
  Work work = countWork(shape, cell, problem.routings);
  return {shape.name,
          cell,
          rates,
          (first + second) / 2,
          (peerFirst + peerSecond) / 2,
          floorOf(work, rates),
          problem.compare()};
}

void printHeader(const Peer &peer, int threads) {
  std::printf("%d threads, %s%s\n\n", threads,
              peer.present() ? "PyTorch " : "no PyTorch: no dense rate",
              peer.version().c_str());
  std::printf("%-6s %6s %8s %10s %7s %7s %8s %12s %7s %6s\n", "shape", "tokens",
              "adapters", "us", "GB/s", "GFLOP/s", "% floor", "PyTorch us",
              "ratio", "error");
}

/// The rates are the machine's, not the layer's.
void printRow(const Result &result) {
  std::printf("%-6s %6lld %8d %10.1f %7.1f %7.0f %7.1f%% %12.1f %6.2fx %6.3f\n",
              result.shape.c_str(), static_cast<long long>(result.cell.tokens),
              result.cell.adapters, result.seconds * 1e6,
              result.rates.bandwidth / 1e9, result.rates.dense / 1e9,
              100 * result.floorSeconds / result.seconds,
              result.peerSeconds * 1e6, result.peerSeconds / result.seconds,
              result.verdict.worst);
  std::fflush(stdout);
}

void writeJson(const std::string &path, const Peer &peer,
               const std::vector<Result> &results) {
  std::ofstream out(path);
  out << "{\"pytorch\": \"" << peer.version() << "\", \"cells\": [";
  for (size_t index = 0; index < results.size(); ++index) {
    const Result &r = results[index];
    double error = r.verdict.worst;
    out << (index ? ",\n  " : "\n  ") << "{\"shape\": \"" << r.shape
        << "\", \"tokens\": " << r.cell.tokens
        << ", \"adapters\": " << r.cell.adapters
        << ", \"rank\": " << r.cell.rank
        << ", \"bandwidth\": " << r.rates.bandwidth
        << ", \"dense_flops\": " << r.rates.dense
        << ", \"seconds\": " << r.seconds
        << ", \"floor_seconds\": " << r.floorSeconds
        << ", \"pytorch_seconds\": " << r.peerSeconds
        << ", \"error_over_bound\": "
        << (std::isfinite(error) ? std::to_string(error) : "null") << "}";
  }
  out << "\n]}\n";
}

} // namespace

int runCpu(const Options &options, const std::string &folder) {
  moelora_pool *pool = nullptr;
  moelora_error *error = nullptr;
  if (moelora_pool_create(options.threads, &pool, &error) != MOELORA_OK) {
    std::fprintf(stderr, "error: %s\n", moelora_error_text(error));
    return 1;
  }
  moelora_services services;
  moelora_services_init(pool, &services);
  Peer peer(options.python, MOELORA_BENCH_PEER, services.workers);
  Bandwidth bandwidth(services.workers);
  printHeader(peer, services.workers);
  std::vector<Result> results;
  for (const Shape &shape : options.shapes) {
    Compiled compiled(shape, folder + "/moelora-compile", options.cpu);
    Weights weights(shape);
    preparePeer(peer, shape);
    for (int64_t count : options.adapters) {
      Adapters adapters(shape, count, options.rank);
      adaptPeer(peer, count, options.rank);
      for (int64_t tokens : options.tokens) {
        Cell cell = {tokens, static_cast<int32_t>(count),
                     static_cast<int32_t>(options.rank)};
        Problem problem(shape, cell, compiled, weights, adapters, services);
        results.push_back(
            measure(problem, shape, cell, peer, options, bandwidth));
        printRow(results.back());
      }
    }
  }
  if (!options.json.empty())
    writeJson(options.json, peer, results);
  moelora_pool_destroy(pool);
  reference::Verdict all;
  for (const Result &result : results)
    all.add(result.verdict);
  std::string wrong = all.failure();
  if (!wrong.empty())
    std::fprintf(stderr, "error: a cell is wrong: %s\n", wrong.c_str());
  return wrong.empty() ? 0 : 1;
}

} // namespace moelora::bench
