// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled layer against a model's: every field counts.

#include "Services.h"

#include "moelora/runtime/Artifact.h"

#include <gmock/gmock.h>

#include <cstddef>
#include <cstring>

using namespace moelora::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

/// Every stage is switched on, so that every parameter has a meaning.
moelora_layer fullLayer() {
  moelora_layer layer = {};
  layer.shared = 8;
  layer.zero_experts = 1;
  layer.router_norm.present = layer.output_norm.present = 1;
  layer.router.groups = 2;
  layer.router.renormalize = MOELORA_RENORMALIZE_SUM;
  layer.activation.function = MOELORA_SILU;
  layer.activation.gated = 1;
  layer.activation.clamp = MOELORA_CLAMP_PRE;
  layer.shared_activation = layer.activation;
  return layer;
}

struct Match : testing::Test {
  Match() {
    compiled = model = fullLayer();
    artifact.name = "full";
    artifact.layer = &compiled;
    artifact.variants = 1;
    artifact.variant = &variant;
    variant.entry = entries;
    variant.entries = 3;
  }
  /// Leaves the entry points from this kind on.
  void keepFrom(int32_t kind) {
    variant.entry = entries + kind;
    variant.entries = uint32_t(3 - kind);
  }
  std::string error() {
    return errorOf(moelora_artifact_match, &artifact, &model);
  }

  moelora_entry entries[3] = {{MOELORA_ENTRY_ALL, 0, nullptr},
                              {MOELORA_ENTRY_LOGITS, 0, nullptr},
                              {MOELORA_ENTRY_IDS, 0, nullptr}};
  moelora_variant variant = {};
  moelora_artifact artifact = {};
  moelora_layer compiled = {}, model = {};
};

TEST_F(Match, NoOrdinaryLayer) {
  artifact.layer = nullptr;
  EXPECT_EQ(error(), "expects the description of an ordinary layer, but full "
                     "has none");
}

TEST_F(Match, EqualLayers) { EXPECT_EQ(error(), ""); }

TEST_F(Match, NamesFieldAndBothValues) {
  compiled.router.top_k = 8;
  model.router.top_k = 4;
  EXPECT_EQ(error(),
            "expects the compiled layer and the model to agree on "
            "router.top_k, but the compiled layer has 8 and the model has 4");
}

TEST_F(Match, FractionsAreShown) {
  compiled.routed_scale = 2.5f;
  EXPECT_EQ(error(),
            "expects the compiled layer and the model to agree on "
            "routed_scale, but the compiled layer has 2.5 and the model has 0");
}

/// Every four bytes of the description are a field or half of one, but for
/// what another kind of renormalisation reads.
TEST_F(Match, EveryFieldCounts) {
  constexpr size_t end =
      offsetof(moelora_layer, shared_activation) + sizeof(moelora_activation);
  for (size_t at = 0; at < end; at += 4) {
    if (at == offsetof(moelora_layer, router.norm_p))
      continue;
    moelora_layer saved = model;
    float different = 3;
    memcpy(reinterpret_cast<char *>(&model) + at, &different, 4);
    EXPECT_THAT(error(), StartsWith("expects the compiled layer"))
        << "byte " << at;
    model = saved;
  }
}

TEST_F(Match, ParametersOfOtherStagesMeanNothing) {
  model.router.norm_p = 3;
  EXPECT_EQ(error(), "");
  compiled.router.renormalize = MOELORA_RENORMALIZE_PNORM;
  model.router.renormalize = MOELORA_RENORMALIZE_PNORM;
  EXPECT_THAT(error(), HasSubstr("router.norm_p"));
}

TEST_F(Match, AChoiceByTableHasNoOtherParameters) {
  compiled.router.table_rows = model.router.table_rows = 9;
  model.router.groups = 4;
  EXPECT_EQ(error(), "");
}

TEST_F(Match, ANormThatIsNotThereHasNoParameters) {
  compiled.output_norm.present = model.output_norm.present = 0;
  model.output_norm.epsilon = 3;
  EXPECT_EQ(error(), "");
}

TEST_F(Match, ActivationOfNoSharedExpertMeansNothing) {
  compiled.shared = model.shared = 0;
  model.shared_activation.function = MOELORA_RELU2;
  EXPECT_EQ(error(), "");
}

TEST_F(Match, ElementTypesAreNamed) {
  compiled.router_dtype = MOELORA_BF16;
  model.router_dtype = MOELORA_F32;
  EXPECT_THAT(error(),
              HasSubstr("agree on router_dtype, but the compiled layer "
                        "has BF16 and the model has F32"));
}

TEST_F(Match, GivenLogitsTellNothingOfTheRoutersLinear) {
  keepFrom(MOELORA_ENTRY_LOGITS);
  model.router_dtype = MOELORA_F32;
  model.router_input = 1;
  model.router_norm.epsilon = 3;
  model.biases = MOELORA_HAS_ROUTER_BIAS;
  EXPECT_EQ(error(), "");
  model.router.softcap = 3;
  EXPECT_THAT(error(), HasSubstr("router.softcap"));
}

TEST_F(Match, GivenIdsTellOnlyTheirNumbers) {
  keepFrom(MOELORA_ENTRY_IDS);
  model.router.softcap = 3;
  EXPECT_EQ(error(), "");
  model.router.top_k = 3;
  EXPECT_THAT(error(), HasSubstr("router.top_k"));
  model.router.top_k = compiled.router.top_k;
  model.biases = MOELORA_HAS_DOWN_BIAS;
  EXPECT_THAT(error(), HasSubstr("biases"));
}

} // namespace
