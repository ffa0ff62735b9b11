// The judge: understand -> inspect -> score -> decide, one direction, no back and forth. A pure
// function of its arguments: the same request, knowledge and moment give the same verdict on every
// machine, so it can be fuzzed, replayed over the record and measured without a gateway around it.
//
// Not here: sessions, freezes, approvals, the record (gate.h). Thread safe: no state of its own.
//
// Errors do not exist here: what cannot be read is unknown, what passes a bound is denied, text
// that is not valid bash is denied with the finding "syntax_error". Bash runs the lines before a
// syntax error, hence "invalid" does not mean "harmless".
#pragma once

#include <string>
#include <vector>

#include "anomaly/anomaly.h"
#include "base/time.h"
#include "inspect/inspect.h"
#include "model/action.h"
#include "model/verdict.h"
#include "policy/policy.h"

namespace countersign::gate {

class AssessmentMemo;

/// What the judge knows besides the request. Nothing is owned; all of it must outlive the call.
struct Knowledge {
    const policy::Evaluator* evaluator = nullptr;                     ///< required
    std::string_view policy_digest;                                   ///< policy::Policy::digest()
    const std::vector<inspect::Observation>* observations = nullptr;  ///< of the session; or none
    /// Of the agent's type; nullptr: surprise does not count (`check` without a gateway).
    const anomaly::Baseline* baseline = nullptr;
    model::Tier ceiling = model::Tier::Irreversible;  ///< of the session
    /// Remembers what actions mean, so that a program that is started again is not read again; or
    /// nullptr. The same verdicts come out with it and without.
    AssessmentMemo* memo = nullptr;
    std::string_view digest;  ///< of the request (action_digest.h); needed with a memo
};

/// A verdict and what the gate keeps of it besides.
struct Judgement {
    model::Verdict verdict;
    std::vector<std::string> used_rules;  ///< Allow rules that covered a command (usage counts)
    std::string tier_why;                 ///< what set the tier, one clause
};

Judgement judge(const model::ActionRequest& request, const Knowledge& knowledge, Instant now);

/// Understand + inspect + score without a policy; what rules are matched against.
struct Assessed {
    model::Assessment assessment;
    std::string tier_why;
    std::string refused;      ///< not empty: to be denied whatever the policy says, and why
    std::string why_unknown;  ///< what was not known, for the hint
};
Assessed assess(const model::ActionRequest& request, const Knowledge& knowledge, Instant now);

}  // namespace countersign::gate
