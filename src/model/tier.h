// The five tiers by blast radius, and the five decisions (AARM specification R1-R9).
// Values; thread safe.
#pragma once

#include "model/names.h"

namespace countersign::model {

/// What an action can do, from its effects and circumstances, never from a program's name alone.
/// Ordered: a larger value is stricter.
enum class Tier { ReadOnly, IdempotentWrite, SideEffect, Irreversible, Forbidden };

inline constexpr std::array<std::string_view, 5> kTierNames = {
    "read_only", "idempotent_write", "side_effect", "irreversible", "forbidden"};

constexpr std::string_view tier_name(Tier tier) {
    return name_in(kTierNames, tier);
}
constexpr std::optional<Tier> tier_from(std::string_view name) {
    return value_in<Tier>(kTierNames, name);
}
constexpr Tier stricter(Tier a, Tier b) {
    return a < b ? b : a;
}

enum class Decision {
    Allow,   ///< released at once
    Modify,  ///< released in the changed form that the verdict carries
    StepUp,  ///< held until `approvals` distinct people have voted for it
    Defer,   ///< suspended until something is known (a freeze is lifted, an observation arrives)
    Deny     ///< final
};

inline constexpr std::array<std::string_view, 5> kDecisionNames = {"allow", "modify", "step_up",
                                                                   "defer", "deny"};

constexpr std::string_view decision_name(Decision decision) {
    return name_in(kDecisionNames, decision);
}
constexpr std::optional<Decision> decision_from(std::string_view name) {
    return value_in<Decision>(kDecisionNames, name);
}

}  // namespace countersign::model
