// The rule language and its evaluation: assessed action + rules + routes -> decision with its
// explanation. Policies are TOML files (policies/*.toml, docs/formats/policy.md); rules that people
// add at run time come in as model::Rule values.
//
// Strictest match wins: any Deny decides, then Ask, then the tier's route; an Allow rule lifts a
// question only when every simple command of the action is covered by an Allow rule whose tier is
// at least that command's tier, or is of a tier whose route is allow. Forbidden is never lifted.
// Evaluation is pure and linear; RE2 only. Policy is immutable after load and thread safe.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/action.h"
#include "model/rule.h"
#include "model/verdict.h"

namespace countersign::policy {

/// What happens by default to an action of a tier.
struct Route {
    model::Decision decision = model::Decision::Deny;
    int approvals = 0;                  ///< for StepUp, 1..8
    bool known_pattern_allows = false;  ///< tier 1: a matching Allow rule lets it pass
};

/// One policy file, as read by the caller (this room does no I/O).
struct Source {
    std::string name;  ///< for messages
    std::string text;  ///< TOML
};

class Policy {
public:
    /// Malformed with file and line when a file is not well-formed, names an unknown key or a bad
    /// pattern, or weakens what may not be weakened (a route for `forbidden` other than deny, a
    /// quorum of 0 for `irreversible`). Several sources merge: routes of later ones may only be
    /// stricter.
    static Result<Policy> load(const std::vector<Source>& sources);
    /// The policy compiled into the program (policies/default.toml).
    static Policy builtin();

    Policy(Policy&&) noexcept;
    Policy& operator=(Policy&&) noexcept;
    ~Policy();

    /// "sha256:<hex>" over the sources in order.
    [[nodiscard]] const std::string& digest() const;
    [[nodiscard]] const Route& route(model::Tier tier) const;
    [[nodiscard]] const std::vector<model::Rule>& rules() const;
    /// Time a held action waits before silence becomes denial: 60 s, 30 s to 24 h.
    [[nodiscard]] Duration approval_time() const;
    /// Risk from which an action needs one approver more than its tier says; 101 = never.
    [[nodiscard]] int step_up_risk() const;

private:
    friend class Evaluator;
    struct Parts;
    explicit Policy(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// Compiled rules of one moment: those of the policy and those that people added. Rebuild after a
/// change; cheap enough for 10 000 rules.
class Evaluator {
public:
    /// A rule whose pattern does not compile is an error: nothing is skipped.
    static Result<Evaluator> create(std::shared_ptr<const Policy> policy,
                                    const std::vector<model::Rule>& added);
    Evaluator(Evaluator&&) noexcept;
    Evaluator& operator=(Evaluator&&) noexcept;
    ~Evaluator();

    struct Outcome {
        model::Decision decision = model::Decision::Deny;
        int approvals = 0;
        std::optional<std::string> rule;      ///< the rule that decided
        std::vector<std::string> used_rules;  ///< every Allow rule that covered a command
        std::string reason;
        std::string hint;
    };
    /// `now` decides expiry. Session ceiling: an action above it is denied.
    [[nodiscard]] Outcome decide(const model::ActionRequest& request,
                                 const model::Assessment& assessment, model::Tier ceiling,
                                 Instant now) const;

    /// Why `decide` said so: every rule that was looked at, matched or not, in order.
    struct Trace {
        std::string rule;
        bool matched = false;
        std::string why;
    };
    [[nodiscard]] std::vector<Trace> explain(const model::ActionRequest& request,
                                             const model::Assessment& assessment,
                                             Instant now) const;

private:
    struct Parts;
    explicit Evaluator(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// Whether one rule matches one action: every command of it for Argv, the text for the others.
/// InvalidArgument when its pattern does not compile. For `rules test`.
Result<bool> matches(const model::Rule& rule, const model::ActionRequest& request,
                     const model::Assessment& assessment, Instant now);

/// A narrow rule for "approve and remember": an argv rule that keeps program, subcommand and every
/// option word, turns into "*" only operands that are paths inside the workspace or numbers, is
/// scoped to the agent's type and the workspace, and expires after 30 days. nullopt when no safe
/// rule exists (incomplete, tier 3 or more, an interpreter or wrapper with open inner text).
std::optional<model::Rule> propose(const model::ActionRequest& request,
                                   const model::Assessment& assessment, Instant now);

}  // namespace countersign::policy
