// Effects + findings + circumstances -> tier and score, each with its reasons. The score is the sum
// of named factors, capped to 0..100; the same inputs give the same score. Weights are one table.
// Pure; thread safe.
#pragma once

#include <string>
#include <vector>

#include "model/effect.h"
#include "model/tier.h"
#include "model/verdict.h"

namespace countersign::risk {

/// A command for which a tier is wanted.
struct CommandInput {
    bool known = true;     ///< program and form stand in the catalogue
    bool complete = true;  ///< every word is known
    /// Where it stands, so that a finding lifts the tier of the commands it touches. An empty span
    /// is touched by every finding.
    model::Span span = {};
};

struct Circumstances {
    bool contained = false;
    bool staged = false;
    bool complete = true;     ///< the text as a whole (CommandFacts::complete)
    bool elsewhere = false;   ///< something runs on another host
    bool elevated = false;    ///< something runs with other rights
    int surprise_points = 0;  ///< anomaly::Surprise::points
    std::string surprise_why;
    int purpose_points = 0;  ///< reserved for a stated purpose that does not fit; 0 when none
};

struct Score {
    model::Tier tier = model::Tier::ReadOnly;
    std::vector<model::Tier> command_tiers;  ///< one per CommandInput
    std::vector<model::Factor> factors;
    int risk = 0;
    std::string tier_why;  ///< the effect or finding that set the tier, one clause
};

Score score(const std::vector<CommandInput>& commands, const std::vector<model::Effect>& effects,
            const std::vector<model::Finding>& findings, const Circumstances& circumstances);

/// The tier of one effect under these circumstances, with its reason.
struct EffectTier {
    model::Tier tier = model::Tier::ReadOnly;
    std::string why;
};
EffectTier tier_of(const model::Effect& effect, const Circumstances& circumstances);

}  // namespace countersign::risk
