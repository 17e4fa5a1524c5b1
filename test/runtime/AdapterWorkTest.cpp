/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The work of opening an adapter, counted in steps: a file of twice the size
 * takes twice the work, whatever its content, or is refused.
 */
#include "Files.h"
#include "adapter/Adapter.h"

#include <gmock/gmock.h>
#include <sstream>

using namespace moelora::test;
using moelora::Failure;
using moelora::Work;
using testing::HasSubstr;

namespace {

/// A model with this number of experts in each MoE layer, and small matrices.
struct Wide : Model {
  explicit Wide(int32_t experts) {
    for (moelora_adapter_site &site : sites)
      site.experts = experts;
  }
};

std::string upProjection(int layer, int expert) {
  return "layers." + std::to_string(layer) + ".mlp.experts." +
         std::to_string(expert) + ".up_proj";
}

/// "KEY": [TEXT, ...] or "KEY": {TEXT, ...}
template <typename Text>
std::string many(const char *key, const char *brackets, int count, Text text) {
  std::ostringstream all;
  all << '"' << key << "\": " << brackets[0];
  for (int i = 0; i < count; ++i)
    all << (i ? "," : "") << text(i);
  all << brackets[1];
  return all.str();
}

/// A pair for each expert of both layers, as they stand in a file.
class WideAdapter {
public:
  explicit WideAdapter(int32_t experts) {
    for (int layer : {0, 2})
      for (int e = 0; e < experts; ++e)
        for (const char *half : {"A", "B"})
          names.push_back("base_model.model.model." + upProjection(layer, e) +
                          ".lora_" + half + ".weight");
    for (const std::string &name : names) {
      bool isB = name[name.size() - 8] == 'B';
      tensors.push_back({name.c_str(),
                         MOELORA_F32,
                         2,
                         {isB ? intermediate : 2, isB ? 2 : hidden},
                         zeros});
    }
  }

  /// Steps of binding them, with this in their configuration.
  uint64_t stepsWith(const std::string &more, Work &work) {
    Wide model(static_cast<int32_t>(names.size() / 4));
    moelora_adapter_target target = model.target();
    moelora::AdapterConfig parsed =
        moelora::parseAdapterConfig(config(2, 4, more), "config", work);
    moelora::CheckpointFiles files(tensors.data(),
                                   static_cast<int64_t>(tensors.size()));
    moelora::bindAdapter({target, parsed, files, work}, {});
    return work.steps();
  }
  uint64_t stepsWith(const std::string &more) {
    Work work;
    return stepsWith(more, work);
  }

private:
  std::vector<std::string> names;
  std::vector<moelora_tensor_data> tensors;
  const float zeros[2 * hidden] = {};
};

/// A configuration for a model with this number of experts.
using Says = std::string (*)(int experts);

/// A pattern for each module, as converters write them.
std::string literalRanks(int experts) {
  return many("rank_pattern", "{}", 2 * experts, [&](int i) {
    return '"' + upProjection(2 * (i / experts), i % experts) + "\": 2";
  });
}

std::string expressions(int experts) {
  return many("alpha_pattern", "{}", experts, [](int i) {
    return "\"experts\\\\." + std::to_string(i) + "\\\\.(up|down)_proj\": 4";
  });
}

std::string classes(int experts) {
  return many("rank_pattern", "{}", experts, [](int i) {
    return "\"[" + std::to_string(i) + "x]_[^" + std::to_string(i) + "]\": 2";
  });
}

std::string saved(int experts) {
  return many("modules_to_save", "[]", experts, [](int i) {
    return "\"other." + std::to_string(i) + ".up_proj\"";
  });
}

std::string targets(int experts) {
  return many("target_parameters", "[]", experts, [](int i) {
    return "\"experts." + std::to_string(i) + ".bias\"";
  });
}

} // namespace

TEST(AdapterWork, grows_as_the_file_does) {
  for (Says says : {literalRanks, expressions, classes, saved, targets}) {
    constexpr int experts = 500;
    uint64_t once = WideAdapter(experts).stepsWith(says(experts));
    uint64_t twice = WideAdapter(2 * experts).stepsWith(says(2 * experts));
    EXPECT_GT(once, 4u * experts); // a step for each tensor at least
    EXPECT_LT(twice, once * 5 / 2) << says(3);
    EXPECT_LT(once, 4u * experts * 500) << says(3);
  }
}

TEST(AdapterWork, a_pattern_for_each_of_70000_modules) {
  Work work;
  WideAdapter(35000).stepsWith(literalRanks(35000), work);
  EXPECT_LT(work.steps(), 20u << 20); // some nanoseconds each
}

TEST(AdapterWork, a_rank_and_an_alpha_for_each_of_them) {
  auto patterns = [](const char *key) {
    return many(key, "{}", 70000, [](int i) {
      return "\"^base_model\\\\.model\\\\.model\\\\.layers\\\\." +
             std::to_string(i) + R"(\\.mlp\\.experts\\.7\\.gate_proj$": 2)";
    });
  };
  std::string both =
      patterns("rank_pattern") + ", " + patterns("alpha_pattern");
  EXPECT_GT(both.size(), 10u << 20);
  EXPECT_LT(WideAdapter(100).stepsWith(both), 20u << 20);
}

TEST(AdapterWork, hostile_patterns_are_refused) {
  WideAdapter adapter(5000);
  // Which of them have met their number differs from name to name.
  std::string waiting = many("rank_pattern", "{}", 60000, [](int i) {
    return "\".*s\\\\." + std::to_string(i) + "\\\\..*\": 2";
  });
  // No two have their dots in the same places.
  std::string dots = many("rank_pattern", "{}", 60000, [](int i) {
    std::string key = "up_proj_________";
    for (size_t bit = 0; bit < 16; ++bit)
      if (i >> bit & 1)
        key[bit] = '.';
    return '"' + key + "\": 2";
  });
  for (const std::string &more : {waiting, dots})
    try {
      adapter.stepsWith(more);
      FAIL() << "expects it to be refused";
    } catch (const Failure &failure) {
      EXPECT_EQ(failure.status, MOELORA_INVALID);
      EXPECT_THAT(failure.text, HasSubstr("are decided within 33554432 steps"));
    }
}

TEST(AdapterWork, ends_when_it_is_cancelled) {
  WideAdapter adapter(2000);
  const std::atomic<bool> cancelled{true};
  for (Says says : {literalRanks, expressions, saved, targets}) {
    Work work(cancelled);
    try {
      adapter.stepsWith(says(2000), work);
      FAIL() << "expects it to be cancelled";
    } catch (const Failure &failure) {
      EXPECT_EQ(failure.status, MOELORA_CANCELLED);
      EXPECT_LE(work.steps(), 2 * Work::stepsPerLook);
    }
  }
}

TEST(AdapterWork, json_has_a_bound) {
  Work work;
  std::string ones =
      many("target_modules", "[]", 600000, [](int) { return "1"; });
  try {
    moelora::parseAdapterConfig(config(2, 4, ones), "config", work);
    FAIL() << "expects it to be refused";
  } catch (const Failure &failure) {
    EXPECT_THAT(failure.text, HasSubstr("at most 524288 values"));
  }
}
