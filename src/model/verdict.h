// What the judge says about one action: assessment (effects, findings, tier, risk) and verdict
// (decision, rule, reason). Values; thread safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/action.h"
#include "model/command.h"
#include "model/effect.h"
#include "model/tier.h"

namespace countersign::model {

/// One named part of the risk score.
struct Factor {
    std::string name;  ///< dotted, stable, such as "effect.delete.recursive"
    int points = 0;    ///< may be negative (staged, contained)
    std::string why;   ///< one clause for a person

    bool operator==(const Factor&) const = default;
};

/// A simple command as the judge saw it, wrappers unwrapped ("sudo rm x" gives both).
struct JudgedCommand {
    std::vector<std::optional<std::string>> argv;  ///< nullopt: a word that cannot be known
    std::optional<std::string> directory;
    Tier tier = Tier::ReadOnly;  ///< of this command's own effects
    bool known = true;           ///< program and form stand in the catalogue
    /// Index of the command it was unwrapped from; nullopt: it stands in the text itself.
    std::optional<std::size_t> inside;
    Span span;

    bool operator==(const JudgedCommand&) const = default;
};

/// Understand + inspect + score: what the action would do and how bad that could be.
struct Assessment {
    std::vector<JudgedCommand> commands;
    std::vector<Effect> effects;
    std::vector<Finding> findings;
    std::vector<Factor> factors;  ///< sum to `risk` before the cap to 0..100
    int risk = 0;                 ///< 0..100
    Tier tier = Tier::ReadOnly;
    bool complete = true;  ///< every word and effect is known

    bool operator==(const Assessment&) const = default;
};

/// The decision with everything that explains it. This is what `check` prints and the API answers.
struct Verdict {
    Assessment assessment;
    Decision decision = Decision::Deny;
    int approvals = 0;                ///< people needed; > 0 only for StepUp
    std::optional<std::string> rule;  ///< id of the rule that decided, if one did
    std::string reason;               ///< one sentence: why this decision
    std::string hint;                 ///< what the agent could do instead, one sentence
    std::string policy;               ///< digest of the policy, "sha256:<hex>"
    std::optional<Action> modified;   ///< Modify: what to run instead

    bool operator==(const Verdict&) const = default;
};

}  // namespace countersign::model
