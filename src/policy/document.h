// One policy file as read, before merging; and its pieces. The grammar is in
// docs/formats/policy.md. Private to policy/. Values; thread safe.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/action.h"
#include "model/rule.h"
#include "model/verdict.h"
#include "policy/policy.h"

namespace countersign::policy {

inline constexpr std::size_t kTiers = model::kTierNames.size();

/// "write@workspace", "read@*", "*@gateway": which effects an effect rule speaks of.
struct EffectPattern {
    std::optional<model::EffectKind> kind;  ///< nullopt: any
    std::optional<model::Place> place;      ///< nullopt: any

    [[nodiscard]] bool matches(const model::Effect& effect) const {
        return (!kind || *kind == effect.kind) && (!place || *place == effect.place);
    }
};

/// InvalidArgument: not KIND@PLACE.
Result<EffectPattern> effect_pattern_from(std::string_view text);

/// A rule over effects, only in files. Allow covers a command all of whose effects match; Ask and
/// Deny concern an action that has any effect that matches.
struct EffectRule {
    std::string id;
    model::RuleVerb verb = model::RuleVerb::Allow;
    std::vector<EffectPattern> patterns;
    model::Tier tier = model::Tier::IdempotentWrite;
    model::RuleScope scope;
    std::string reason;
};

/// What conditions are asked about.
struct Facts {
    const model::ActionRequest& request;
    const model::Assessment& assessment;
    Instant now;
};

using Predicate = std::function<bool(const Facts&)>;

/// "When all of this holds: at least this decision", or, with Allow, another route for some tiers.
struct Condition {
    std::string id;
    std::vector<Predicate> when;
    std::vector<model::Tier> tiers;  ///< empty: every tier
    Route route;
    std::string reason;
    std::string hint;

    [[nodiscard]] bool speaks_of(model::Tier tier) const;
    [[nodiscard]] bool holds(const Facts& facts) const;
};

/// An offer of a safer form: a simple command that matches `words` becomes `replacement`, in which
/// each "*" takes the next word that a "*" of `words` matched, and "**" the rest.
struct Modification {
    std::string id;
    std::vector<std::string> words;
    std::vector<std::string> replacement;
    model::RuleScope scope;
    std::string reason;
};

struct Document {
    std::string name;
    std::optional<Duration> approval_time;
    std::optional<int> step_up_risk;
    std::optional<bool> principal_counts;
    std::array<std::optional<Route>, kTiers> routes;
    std::vector<model::Rule> rules;
    std::vector<EffectRule> effect_rules;
    std::vector<Condition> conditions;
    std::vector<Modification> modifications;
};

/// Malformed with "file:line: message".
Result<Document> parse_document(const Source& source);

}  // namespace countersign::policy
