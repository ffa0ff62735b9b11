// Verdicts for people's eyes: nothing hidden in them survives (text/utf8.h). Pure.
#pragma once

#include <string>
#include <vector>

#include "model/verdict.h"
#include "policy/policy.h"

namespace countersign::bin {

/// Some lines: decision, tier, risk, why, what to do instead.
std::string short_screen(const model::Verdict& verdict);
/// One screen: what would happen, to what, whether it can be undone, why this score, which rules
/// were looked at.
std::string long_screen(const model::Verdict& verdict, const std::string& tier_why,
                        const std::vector<policy::Evaluator::Trace>& trace);

}  // namespace countersign::bin
