// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Session.h"

#include "moelora/adapters/Open.h"
#include "moelora/commandline/Progress.h"
#include "moelora/commandline/Values.h"
#include "moelora/host/Compare.h"
#include "moelora/host/Machine.h"
#include "moelora/host/RunReport.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

using namespace moelora;
using namespace moelora::host;
using namespace moelora::run;

/// A name that is no device's is a wrong command line.
static const moelora_device *openDevice(const Options &options) {
  if (options.onReference())
    return nullptr;
  const moelora_device *device = nullptr;
  moelora_error *error = nullptr;
  moelora_status status =
      moelora_device_open(options.device.c_str(), &device, &error);
  std::string text = std::string("--device expects reference or a device: ") +
                     moelora_error_text(error);
  moelora_error_free(error);
  if (status == MOELORA_INVALID)
    throw commandline::UsageError(text);
  if (status != MOELORA_OK)
    throw Error(text);
  return device;
}

Session::Session(const Options &options)
    : options(options), pool(options.threads),
      progress(commandline::printProgress()), device(openDevice(options)),
      layer(options.artifact, options.model, {device.get(), services},
            options.layer) {}

std::string Session::run() {
  describe();
  openAdapters();
  readInputs();
  if (device)
    runOnDevice();
  else
    runReference();
  if (isFirst)
    compareOutput();
  return wrong;
}

void Session::compareOutput() {
  if (inputs.expected)
    compareWithExpected(*inputs.expected);
  else if (options.io.empty() && device)
    compareWithReference();
  lines.add(Report::Statistics, "peak_rss_bytes", peakMemory());
  if (wrong.empty() && !options.out.empty())
    writeOutput();
}

void Session::describe() {
  lines.add(Report::Always, "model", layer.model.modelType());
  lines.add(Report::Always, "layer", int64_t(layer.number));
  lines.add(Report::Always, "device", device ? device->name : "reference");
  if (device)
    lines.add(Report::Always, "target", layer.variant.target);
  if (Grid grid(layer.variant); device && grid.ranks > 1)
    lines.add(Report::Always, "peer_ranks", grid.text());
  lines.add(Report::Statistics, "producer", layer.artifact.producer);
  lines.add(Report::Statistics, "compiled_for", layer.variant.tuning);
  lines.add(Report::Statistics, "threads", int64_t(services.workers));
}

/// Such an adapter is right, and probably not what was meant.
static void noteEffect(const OpenAdapter &adapter) {
  if (!hasEffect(adapter.handle.get(), "adapter " + adapter.name + ": "))
    std::fprintf(stderr,
                 "note: adapter %s changes nothing: each pair has the scale 0, "
                 "or an A or B of zeros\n",
                 adapter.name.c_str());
}

void Session::openAdapters() {
  Stopwatch watch;
  adapters = adapters::openAdapters(layer, options.adapters,
                                    options.randomAdapters, options.seed);
  std::for_each(adapters.begin(), adapters.end(), noteEffect);
  lines.add(Report::Always, "adapters", int64_t(adapters.size()));
  lines.add(Report::Statistics, "adapters_open_ms", watch.milliseconds());
}

void Session::readInputs() {
  InputWish wish = {layer.variant, options.entry, int32_t(adapters.size()),
                    options.onReference()};
  inputs = options.io.empty()
               ? randomInputs(options.tokens, options.seed, wish, services)
               : host::readInputs(options.io, wish);
  lines.add(Report::Always, "tokens", inputs.tokens);
  if (options.io.empty())
    lines.add(Report::Always, "seed", options.seed);
}

void Session::readWeights(Report *report) {
  weights = run::readWeights(options, layer, {}, report, progress);
}

Exact Session::exact() const {
  return Exact(*layer.artifact.layer, layer.variant, layer.number,
               options.entry, inputs, weights, adapters);
}

void Session::runReference() {
  std::vector<int64_t> tokens(size_t(inputs.tokens));
  std::iota(tokens.begin(), tokens.end(), int64_t(0));
  readWeights(&lines);
  Stopwatch watch;
  all = exact().evaluate(tokens, inputs.expected.has_value(), services.workers,
                         progress);
  reportTimes(lines, {watch.milliseconds()}, inputs.tokens);
  output.type = MOELORA_F64;
  output.buffer = Buffer(all.rows.size() * sizeof(double));
  std::copy(all.rows.begin(), all.rows.end(),
            reinterpret_cast<double *>(output.buffer.data()));
}

void Session::runOnDevice() {
  Batch batch = {options, adapters, inputs};
  Ranks ranks(batch, layer);
  isFirst = ranks.isFirst();
  ranks.run(lines, progress);
  if (options.explainSharding)
    explain(ranks.facts);
  output.type = moelora_dtype(layer.artifact.layer->dtype);
  output.buffer = std::move(ranks.output);
  bool isWhole = Grid(layer.variant).ranks == 1;
  if (isWhole)
    weights = std::move(ranks.weights);
  else if (isFirst && (inputs.expected || options.io.empty()))
    readWeights(nullptr); // for the comparison with the whole layer
}

/// One line for each rank, and what travels between all of them.
void Session::explain(const std::vector<Json> &facts) {
  int64_t sent = 0;
  for (size_t rank = 0; rank < facts.size(); ++rank) {
    lines.add(Report::Always, ("rank_" + std::to_string(rank)).c_str(),
              facts[rank]);
    sent += facts[rank]["sent_bytes"].get<int64_t>();
  }
  lines.add(Report::Always, "sent_bytes_per_token",
            inputs.tokens ? sent / inputs.tokens : 0);
}

void Session::compareWithExpected(const std::vector<double> &expected) {
  if (device) {
    std::vector<int64_t> tokens(size_t(inputs.tokens));
    std::iota(tokens.begin(), tokens.end(), int64_t(0));
    all = exact().evaluate(tokens, true, services.workers, progress);
  }
  note(all, &expected, "expected");
}

void Session::compareWithReference() {
  Stopwatch watch;
  ExactRows sample = exact().evaluate(sampleTokens(inputs.tokens), true,
                                      services.workers, progress);
  note(sample, nullptr, "reference");
  lines.add(Report::Statistics, "reference_ms", watch.milliseconds());
}

void Session::note(const ExactRows &exact, const std::vector<double> *wanted,
                   const char *against) {
  reference::Verdict verdict =
      compare(output, layer.artifact.layer->hidden, exact, wanted);
  wrong = verdict.failure();
  reportVerdict(lines, verdict, against);
}

void Session::writeOutput() const {
  moelora_tensor_data tensor = {};
  tensor.name = "output";
  tensor.dtype = output.type;
  tensor.dims = 2;
  tensor.shape[0] = inputs.tokens;
  tensor.shape[1] = layer.artifact.layer->hidden;
  tensor.data = output.buffer.data();
  call(moelora_safetensors_write, options.out.c_str(), &tensor, int64_t(1));
}
