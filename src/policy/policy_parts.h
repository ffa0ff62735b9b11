// What Policy holds: the merged policy files, ready to be asked. Not the reading of them
// (document.h) and not the rules that people add (rulebook.h). Immutable once loaded, so it may be
// read from any thread; it lives as long as the Policy that owns it. Private to policy/.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "policy/document.h"
#include "policy/policy.h"

namespace countersign::policy {

struct Policy::Parts {
    std::string digest;
    std::array<Route, kTiers> routes;
    Duration approval_time = std::chrono::seconds(60);
    int step_up_risk = 101;
    bool principal_counts = false;
    std::vector<model::Rule> rules;
    std::vector<EffectRule> effect_rules;
    std::vector<Condition> conditions;
    std::vector<Modification> modifications;
};

/// policies/default.toml; its text is put into the program by tools/policy.cmake.
extern const char* const kDefaultPolicyText;

}  // namespace countersign::policy
