// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "GpuCell.h"

#include "moelora/host/Times.h"

#include <algorithm>
#include <cmath>
#include <functional>

using namespace moelora::host;

namespace moelora::bench {

Flush::Flush(const moelora_device &device, const cost::Gpu &gpu)
    : device(device), bytes(uint64_t(gpu.l2Bytes)) {
  call(device.allocate, device.context, 2 * bytes, &memory);
}

Flush::~Flush() { device.release(device.context, memory, 2 * bytes); }

void Flush::operator()() const {
  moelora_stream *none = nullptr;
  auto *to = static_cast<char *>(memory);
  const void *from = to + bytes;
  call(device.copy, device.context, none, memory, from, bytes);
  finish(device);
}

namespace {

constexpr int64_t warmUps = 3, decodeTokens = 64;

Timing timingOf(const std::vector<double> &values) {
  double sum = 0, squares = 0;
  for (double value : values)
    sum += value;
  double mean = sum / double(values.size());
  for (double value : values)
    squares += (value - mean) * (value - mean);
  return {median(values), std::sqrt(squares / double(values.size())) / mean};
}

/// The mean over the routings of a cell.
cost::Counts countsOf(const Shape &shape, const Cell &cell,
                      const std::vector<Routing> &routings) {
  cost::Counts mean = {double(cell.tokens * shape.topK), 0, 0};
  for (const Routing &routing : routings) {
    Groups groups = groupsOf(shape, routing, ranksOf(cell));
    mean.experts += double(groups.experts) / double(routings.size());
    mean.segments += double(groups.segments) / double(routings.size());
  }
  return mean;
}

/// Times the problems in turns, A B and then B A.
std::vector<Timing> timeInTurns(std::vector<Problem *> problems,
                                double (Problem::*work)(), const Cell &cell,
                                const Protocol &protocol) {
  std::vector<std::vector<double>> times(problems.size());
  std::vector<size_t> order;
  for (size_t index = 0; index < problems.size(); ++index)
    order.push_back(index);
  for (int64_t run = -warmUps; run < protocol.repeat; ++run) {
    for (size_t index : order) {
      if (cell.tokens <= decodeTokens)
        protocol.flush();
      double seconds = (problems[index]->*work)();
      if (run >= 0)
        times[index].push_back(seconds);
    }
    std::reverse(order.begin(), order.end());
  }
  std::vector<Timing> timings;
  for (const std::vector<double> &own : times)
    timings.push_back(timingOf(own));
  return timings;
}

/// What is not measured: the output of one more run, and the rest.
Implementation checked(Problem &problem, const Protocol &protocol) {
  problem.poison();
  protocol.stream ? problem.secondsOfReplay() : problem.secondsOfWork();
  return {std::nullopt,
          {},
          problem.launches(),
          problem.workspaceBytes(),
          problem.compare()};
}

} // namespace

Measured measure(const AdaptedLayer &own, const AdaptedLayer *peer,
                 const Cell &cell, const Protocol &protocol) {
  std::deque<Problem> problems;
  for (const AdaptedLayer *layer : {&own, peer})
    if (layer)
      problems.emplace_back(*layer, cell, protocol.stream);
  std::vector<Problem *> all;
  for (Problem &problem : problems)
    all.push_back(&problem);
  std::vector<Timing> graphs, eager;
  eager = timeInTurns(all, &Problem::secondsOfWork, cell, protocol);
  if (protocol.stream)
    graphs = timeInTurns(all, &Problem::secondsOfReplay, cell, protocol);
  std::vector<Implementation> results;
  for (size_t index = 0; index < problems.size(); ++index) {
    results.push_back(checked(problems[index], protocol));
    results[index].eager = eager[index];
    if (protocol.stream)
      results[index].graph = graphs[index];
  }
  const Shape &shape = own.layer.shape;
  cost::Floor floor =
      floorOf(protocol.gpu,
              {shape.hidden, shape.intermediate, shape.experts, shape.topK},
              {cell.tokens, cell.adapters, cell.rank},
              countsOf(shape, cell, problems[0].routings));
  Measured measured = {shape.name, cell, floor, results[0], std::nullopt};
  if (peer)
    measured.peer = results[1];
  return measured;
}

} // namespace moelora::bench
