// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The options of an emulated device.

#include "Options.h"

#include "base/Failure.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::emulator;

namespace {

std::string refusal(const std::string &list) {
  try {
    parseOptions(list);
    return "";
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.status, MOELORA_INVALID);
    return failure.text;
  }
}

TEST(Options, HaveDefaults) {
  Options options = parseOptions("");
  EXPECT_EQ(options.seed, 0u);
  EXPECT_EQ(options.order, Order::RoundRobin);
  EXPECT_TRUE(options.checks);
  EXPECT_EQ(options.architecture, 90u);
  EXPECT_EQ(options.multiprocessors, 4u);
  EXPECT_EQ(options.fill, 255u);
  EXPECT_EQ(options.report, "");
}

TEST(Options, AreAList) {
  Options options = parseOptions(
      "seed=18446744073709551615,schedule=adversarial,checks=off,"
      "workers=3,architecture=86,multiprocessors=8,fill=0,report=/a=b");
  EXPECT_EQ(options.seed, UINT64_MAX);
  EXPECT_EQ(options.order, Order::Adversarial);
  EXPECT_FALSE(options.checks);
  EXPECT_EQ(options.workers, 3u);
  EXPECT_EQ(options.architecture, 86u);
  EXPECT_EQ(options.multiprocessors, 8u);
  EXPECT_EQ(options.fill, 0u);
  EXPECT_EQ(options.report, "/a=b");
}

/// The default is one worker in the schedules in which a seed repeats a run.
TEST(Options, DecideTheWorkers) {
  EXPECT_EQ(workersOf(parseOptions("schedule=random")), 1u);
  EXPECT_EQ(workersOf(parseOptions("schedule=adversarial")), 1u);
  EXPECT_GE(workersOf(parseOptions("")), 1u);
  EXPECT_EQ(workersOf(parseOptions("schedule=random,workers=2")), 2u);
}

TEST(Options, AreKnown) {
  EXPECT_EQ(refusal("sed=1"),
            "expects the emulator's options to be seed, schedule, checks, "
            "workers, architecture, multiprocessors, fill or report, but one "
            "is \"sed\"");
  EXPECT_EQ(refusal("seed=1,seed=1"),
            "expects each of the emulator's options once, but seed is there "
            "twice");
  EXPECT_EQ(refusal("seed=1,,checks=on"),
            "expects each of the emulator's options to be NAME=VALUE, but one "
            "is \"\"");
}

TEST(Options, HaveValuesThatTheyCanHave) {
  for (const char *number : {"-1", "", "1x", " 1", "18446744073709551616"})
    EXPECT_EQ(refusal(std::string("seed=") + number),
              "expects the emulator's option seed to be a number from 0 to "
              "18446744073709551615, but it is \"" +
                  std::string(number) + "\"");
  EXPECT_EQ(refusal("workers=0"), "expects the emulator's option workers to be "
                                  "a number from 1 to 1024, but it is \"0\"");
  EXPECT_EQ(refusal("architecture=70"),
            "expects the emulator's option architecture to be 80, 86, 89, 90 "
            "or 120, but it is \"70\"");
  EXPECT_EQ(refusal("fill=256"), "expects the emulator's option fill to be a "
                                 "number from 0 to 255, but it is \"256\"");
  EXPECT_EQ(refusal("checks=yes"), "expects the emulator's option checks to be "
                                   "on or off, but it is \"yes\"");
  EXPECT_EQ(refusal("schedule=fair"),
            "expects the emulator's option schedule to be round-robin, random "
            "or adversarial, but it is \"fair\"");
  EXPECT_EQ(refusal("report="), "expects the emulator's option report to be "
                                "the path of a file, but it is \"\"");
}

TEST(Options, OfTheArchitectureDecideTheSharedMemory) {
  EXPECT_EQ(sharedLimit(80), 163u << 10);
  EXPECT_EQ(sharedLimit(86), 99u << 10);
  EXPECT_EQ(sharedLimit(89), 99u << 10);
  EXPECT_EQ(sharedLimit(90), 227u << 10);
  EXPECT_EQ(sharedLimit(120), 99u << 10);
}

} // namespace
