// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-run: what it refuses, in which words, and with which status.

#include "Tool.h"

#include <fstream>

using namespace moelora::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

class ToolError : public Tool {
protected:
  void expectUsage(const std::string &arguments, const std::string &message) {
    Answer answer = runPlain(arguments);
    EXPECT_EQ(answer.status, 2) << arguments;
    EXPECT_EQ(answer.error, "error: " + message +
                                "\nmoelora-run --help tells how it is used\n");
  }
  void expectError(const std::string &arguments, const std::string &part) {
    Answer answer = run(arguments + " --out=" + path("out"));
    EXPECT_EQ(answer.status, 1) << arguments;
    EXPECT_THAT(answer.error, StartsWith("error: "));
    EXPECT_THAT(answer.error, HasSubstr(part));
    EXPECT_FALSE(exists("out"));
  }
  /// The tensors of a valid input file with two tokens.
  std::vector<Tensor> inputs() {
    return {Tensor::of("hidden", MOELORA_F32, {2, 48},
                       std::vector<float>(96, 0.5f)),
            Tensor::of<int32_t>("slots", MOELORA_I32, {2}, {0, -1})};
  }
  void expectInputError(const std::vector<Tensor> &tensors,
                        const std::string &part, const std::string &more = "") {
    write("io", tensors);
    expectError(
        "--random-weights --random-adapters=2 --io=" + path("io") + more, part);
  }
};

TEST_F(ToolError, CommandLine) {
  expectUsage("", "expects a compiled layer: moelora-run layer.so");
  expectUsage("a.so", "expects --model=DIR");
  expectUsage("a.so b.so", "unexpected argument 'b.so'");
  expectUsage("a.so --frobnicate", "unknown option '--frobnicate'");
  expectUsage("a.so --tokens", "--tokens expects a value, but it is the last "
                               "argument");
  expectUsage("a.so --model=", "--model expects a value, but it is empty");
  expectUsage("a.so --adapter=x",
              "--adapter expects NAME=VALUE, but it is 'x'");
  expectUsage("a.so --adapter=x=1 --adapter=x=2",
              "expects every --adapter to have a name of its own, but 'x' is "
              "given twice");
  expectUsage("a.so --adapter-layout=y=natural",
              "--adapter-layout names 'y', but no adapter has that name");
  expectUsage("a.so --adapter-columns=y=rank_major",
              "--adapter-columns names 'y', but no adapter has that name");
  expectUsage("a.so --adapter-columns=y=both",
              "--adapter-columns expects rank_major or grouped_by_expert, but "
              "it is 'both'");
  expectUsage("a.so --model=m --routing=given",
              "--routing=logits and --routing=given expect --io");
}

TEST_F(ToolError, Numbers) {
  for (const char *value : {"-1", "1x", "99999999999", "1.5"})
    expectUsage(std::string("a.so --tokens=") + value,
                std::string("--tokens expects a number from 0 to 2147483647, "
                            "but it is '") +
                    value + "'");
  expectUsage("a.so --random-adapters=4,,8",
              "--random-adapters expects a number from 1 to 2147483647, but it "
              "is ''");
}

TEST_F(ToolError, HelpAndVersion) {
  EXPECT_THAT(runPlain("--help").out,
              HasSubstr("usage: moelora-run [option...] [LAYER]"));
  Answer version = runPlain("--version");
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.out, StartsWith("moelora 0."));
}

TEST_F(ToolError, Files) {
  expectError("--io=/nonexistent --random-weights", "/nonexistent");
  expectError("--adapter=x=/nonexistent --random-weights", "adapter x: ");
  expectError("--layer=7 --random-weights", "expects layer 7 of");
  expectError("", TINY_MODEL); // a model folder without weights
  Answer config = runPlain(std::string(LAYER_NAIVE) + " --model " + TINY_MODEL +
                           "/config.json");
  EXPECT_EQ(config.status, 1);
  EXPECT_THAT(config.error, HasSubstr("expects --model to be a folder with "
                                      "weights, but "));
  std::string json = std::string(TINY_MODEL) + "/config.json";
  expectError("--random-weights --io=" + json,
              json + ": expects a safetensors file, but it begins like a JSON "
                     "file");
}

TEST_F(ToolError, OutputFolderIsMissing) {
  Answer answer = run("--random-weights --out=" + path("none/out"));
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.error, HasSubstr("none/out"));
}

TEST_F(ToolError, AdaptersBeyondTheArtifact) {
  expectError("--random-weights --random-adapters=65",
              "adapter random-0: expects ranks of at most 64, the max_rank of "
              "the compiled layer, but it has rank 65");
  expectError("--random-weights --random-adapters=1,1,1,1,1",
              "expects at most the 4 slots of the compiled layer, but 5 "
              "adapters are given");
}

TEST_F(ToolError, AnotherModel) {
  std::ifstream original(std::string(TINY_MODEL) + "/config.json");
  std::string text((std::istreambuf_iterator<char>(original)), {});
  text.replace(text.find("\"hidden_size\": 48"), 17, "\"hidden_size\": 64");
  std::ofstream(path("config.json")) << text;
  Answer answer = runPlain(std::string(LAYER_NAIVE) + " --random-weights " +
                           "--model=" + path("config.json"));
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.error,
              HasSubstr("agree on hidden, but the compiled layer has 48 and "
                        "the model has 64"));
}

TEST_F(ToolError, InputTensors) {
  std::vector<Tensor> tensors = inputs();
  expectInputError({tensors[1]}, "every layer reads hidden, but the file has "
                                 "no tensor of that name");
  expectInputError({tensors[0]}, "expects a tensor 'slots', but there is none");
  expectInputError(tensors,
                   "--routing=logits reads router_logits, but the "
                   "file has no tensor of that name",
                   " --routing=logits");
  tensors[1] = Tensor::of<int64_t>("slots", MOELORA_I64, {2}, {0, 0});
  expectInputError(tensors, "expects slots to have type I32, but it has type "
                            "I64");
  tensors[1] = Tensor::of<int32_t>("slots", MOELORA_I32, {3}, {0, 0, 0});
  expectInputError(tensors, "expects slots to have shape [2], but it has shape "
                            "[3]");
  tensors[0] =
      Tensor::of("hidden", MOELORA_F32, {2, 24}, std::vector<float>(48));
  expectInputError(tensors, "expects hidden to have shape [T, 48], but it has "
                            "shape [2, 24]");
  tensors[0] =
      Tensor::of("hidden", MOELORA_I32, {2, 48}, std::vector<int32_t>(96));
  expectInputError(tensors, "expects hidden to have type F32, F16, BF16 or "
                            "F64, but it has type I32");
}

TEST_F(ToolError, SaysWhoReadsAnInputThatIsMissing) {
  write("io", inputs());
  for (auto [layer, name] : {std::pair(LAYER_ROUTER_HIDDEN, "router_hidden"),
                             std::pair(LAYER_TOKEN_IDS, "token_ids")}) {
    Answer answer = runPlain(std::string(layer) +
                             " --random-weights --model=" + TINY_MODEL +
                             " --random-adapters=2 --io=" + path("io").c_str());
    EXPECT_EQ(answer.status, 1);
    EXPECT_THAT(answer.error,
                HasSubstr("the router of this layer reads " +
                          std::string(name) +
                          ", but the file has no tensor of that name"));
  }
}

TEST_F(ToolError, SlotsOutOfRange) {
  for (int32_t slot : {1, -2, INT32_MIN, INT32_MAX}) {
    std::vector<Tensor> tensors = inputs();
    tensors[1] = Tensor::of<int32_t>("slots", MOELORA_I32, {2}, {0, slot});
    expectInputError(tensors, "expects slots to be in [-1, 1), one for each "
                              "adapter, but token 1 has slot " +
                                  std::to_string(slot));
  }
}

} // namespace
