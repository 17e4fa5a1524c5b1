// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-run on a device whose memory the host does not read, and the options
// that select a device.

#include "Tool.h"

#include <fstream>

using namespace moelora::test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

class ToolDevice : public Tool {
protected:
  Answer runOn(const std::string &device, const std::string &options = "") {
    return runPlain(layer + " --model=" + TINY_MODEL +
                    " --random-weights --random-adapters=3,20 --device=" +
                    device + " " + options);
  }
  void expectUsage(const std::string &device, const std::string &message) {
    Answer answer = runOn(device);
    EXPECT_EQ(answer.status, 2) << device;
    EXPECT_EQ(answer.error, "error: " + message +
                                "\nmoelora-run --help tells how it is used\n");
  }

  std::string layer = LAYER_EMULATED;
};

/// From the weights and the pages of adapters to the output, everything is
/// copied to the device and back.
TEST_F(ToolDevice, EmulatorAgreesWithTheReference) {
  for (const char *device :
       {"emulator", "emulator:architecture=80,seed=7",
        "emulator --emulator-seed=7 --emulator-schedule=random",
        "emulator --emulator-schedule=adversarial --repeat=3"}) {
    SCOPED_TRACE(device);
    Answer answer = runOn(device, "--tokens=70 --stats");
    EXPECT_EQ(answer.status, 0) << answer.error;
    EXPECT_THAT(answer.out, HasSubstr("\ntarget: emulated-sm_80\n"));
    EXPECT_THAT(answer.out, HasSubstr("\nright: yes\n"));
    EXPECT_THAT(answer.out, HasSubstr("\nids_masked: 0\n"));
  }
}

/// One artifact, and on each device the variant for it.
TEST_F(ToolDevice, EachRunsItsVariant) {
  Answer cpu = runOn("cpu", "--out=" + path("cpu"));
  EXPECT_THAT(cpu.out, HasSubstr("\ndevice: cpu\ntarget: cpu\n"));
  Answer emulator = runOn("emulator", "--out=" + path("emulator"));
  EXPECT_THAT(emulator.out,
              HasSubstr("\ndevice: emulator sm_90\ntarget: emulated-sm_80\n"));
  EXPECT_EQ(output<uint16_t>("cpu").size(),
            output<uint16_t>("emulator").size());
  Answer reference = runOn("reference");
  EXPECT_EQ(reference.status, 0) << reference.error;
  EXPECT_THAT(reference.out, HasSubstr("\ndevice: reference\n"));
  EXPECT_THAT(reference.out, Not(HasSubstr("target:")));
}

TEST_F(ToolDevice, EveryWayOfRoutingReadsItsInputs) {
  constexpr int64_t tokens = 3;
  const std::vector<float> hidden(tokens * 48, 0.25f);
  write("io", {Tensor::of("hidden", MOELORA_F32, {tokens, 48}, hidden),
               Tensor::of<int32_t>("slots", MOELORA_I32, {tokens}, {1, -1, 0}),
               Tensor::of("router_logits", MOELORA_F32, {tokens, 6},
                          std::vector<float>{1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1,
                                             0, 9, 0, 8, 0, 0}),
               Tensor::of<int32_t>("expert_ids", MOELORA_I32, {tokens, 2},
                                   {0, 5, 1, -1, 4, 6}),
               Tensor::of("expert_weights", MOELORA_F32, {tokens, 2},
                          std::vector<float>(tokens * 2, 0.5f))});
  for (const char *routing : {"model", "logits", "given"}) {
    SCOPED_TRACE(routing);
    std::string options = "--io=" + path("io") + " --routing=" + routing;
    ASSERT_EQ(runOn("reference", options + " --out=" + path("exact")).status,
              0);
    Answer answer =
        runOn("emulator", options + " --stats --out=" + path("out"));
    ASSERT_EQ(answer.status, 0) << answer.error;
    EXPECT_THAT(answer.out, HasSubstr(routing == std::string("given")
                                          ? "\ndropped_pairs: 1\n"
                                          : "\ndropped_pairs: 0\n"));
    std::vector<double> exact = output<double>("exact");
    std::vector<uint16_t> found = output<uint16_t>("out");
    for (size_t i = 0; i < exact.size(); ++i)
      EXPECT_NEAR(widen(found[i]), exact[i], 0.02 + std::abs(exact[i]) / 50);
  }
}

TEST_F(ToolDevice, EmulatorReportsEachLaunch) {
  std::string report = path("report.jsonl");
  ASSERT_EQ(runOn("emulator", "--emulator-report=" + report).status, 0);
  std::vector<std::string> lines;
  std::ifstream in(report);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  ASSERT_EQ(lines.size(), 3u); // nothing that was not written is copied
  const char *kernels[] = {"naive_resolve", "naive_route", "naive_tokens"};
  for (size_t i = 0; i < lines.size(); ++i)
    EXPECT_THAT(lines[i],
                StartsWith(std::string("{\"kernel\":\"") + kernels[i] + "\""));
}

/// Code for the cpu would not test what runs on a GPU.
TEST_F(ToolDevice, EmulatorRefusesALayerForTheCpu) {
  layer = LAYER_NAIVE;
  Answer answer = runOn("emulator", "--out=" + path("out"));
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.error,
              HasSubstr("to have a variant of target emulated-sm_90 or earlier "
                        "for emulator sm_90, but cpu is for a host"));
  EXPECT_FALSE(exists("out"));
}

TEST_F(ToolDevice, WrongNamesAndOptionsAreRefused) {
  expectUsage("gpu", "--device expects reference or a device: expects a device "
                     "to be called cpu, cuda, cuda:<number>, emulator or the "
                     "path of a plug-in, but it is \"gpu\"");
  expectUsage("emulator:seed=x",
              "--device expects reference or a device: expects the emulator's "
              "option seed to be a number from 0 to 18446744073709551615, but "
              "it is \"x\"");
  expectUsage("emulator:seed=1 --emulator-seed=2",
              "--device expects reference or a device: expects each of the "
              "emulator's options once, but seed is there twice");
  for (const char *device : {"cpu", "reference", "cuda", "./emulator.so"})
    for (const char *option : {"seed=1", "schedule=random", "report=a"}) {
      std::string name(option, strchr(option, '='));
      expectUsage(std::string(device) + " --emulator-" + option,
                  "--emulator-" + name +
                      " expects --device=emulator, but the device is '" +
                      device + "'");
    }
  expectUsage("emulator --emulator-schedule=up",
              "--emulator-schedule expects round-robin, random or adversarial, "
              "but it is 'up'");
  expectUsage("emulator --emulator-seed=-1",
              "--emulator-seed expects a number from 0 to "
              "18446744073709551615, but it is '-1'");
  expectUsage("emulator --emulator-report=a,b",
              "--emulator-report expects a path without a comma, but it is "
              "'a,b'");
}

} // namespace
