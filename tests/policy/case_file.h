// Reads a *.test file: see README.md for the format. Errors carry file and line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/action.h"
#include "model/verdict.h"

namespace countersign::policy_cases {

struct Expectation {
    std::optional<model::Decision> decision;
    std::optional<int> approvals;
    std::optional<bool> quiet;  ///< true: allow or modify; false: neither
    std::optional<model::Tier> tier;
    std::optional<model::Tier> tier_at_least;
    std::optional<std::string> rule;
    std::vector<std::string> findings;
    std::optional<bool> complete;
};

struct PolicyCase {
    std::string name;
    int line = 0;
    model::ActionRequest request;
    std::string more_policy;               ///< TOML on top of the default policy
    std::vector<std::string> allow_rules;  ///< argv patterns
    Expectation expected;
};

/// Malformed: an unknown key or value, a case without text or expectation.
Result<std::vector<PolicyCase>> read_cases(const std::string& file_name, std::string_view text);

}  // namespace countersign::policy_cases
