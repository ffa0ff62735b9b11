// The rule language and its evaluation: assessed action + rules + routes -> decision with its
// explanation. Policies are TOML files (policies/*.toml, docs/formats/policy.md); rules that people
// add at run time come in as model::Rule values.
//
// Strictest match wins: any Deny decides, then Ask, then the tier's route; an Allow rule lifts a
// question only when every simple command of the action is covered by an Allow rule whose tier is
// at least that command's tier, or is of a tier whose route is allow. Forbidden is never lifted.
// What cannot be known never matches an Allow rule (only a final "**" takes it), and turns what a
// Deny rule may mean into a question. docs/formats/policy.md has the whole of it.
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
    bool known_pattern_allows = false;  ///< a matching Allow rule lets it pass
    bool operator==(const Route&) const = default;
};

/// One policy file, as read by the caller (this room does no I/O).
struct Source {
    std::string name;  ///< for messages
    std::string text;  ///< TOML
};

class Policy {
public:
    /// Malformed with file and line when a file is not well-formed, names an unknown key or a bad
    /// pattern, gives no route for a tier, or weakens what may not be weakened (a route for
    /// `forbidden` other than deny, a quorum of 0 for `irreversible`). Several sources merge: what
    /// later ones say of routes and thresholds may only be stricter; they may add rules, but no
    /// condition that allows.
    static Result<Policy> load(const std::vector<Source>& sources);
    /// The policy compiled into the program (policies/default.toml).
    static Policy builtin();
    /// Its source, for callers who load their own files on top of it.
    static Source builtin_source();

    Policy(Policy&&) noexcept;
    Policy& operator=(Policy&&) noexcept;
    ~Policy();

    /// "sha256:<hex>" over the sources in order.
    [[nodiscard]] const std::string& digest() const;
    [[nodiscard]] const Route& route(model::Tier tier) const;
    [[nodiscard]] const std::vector<model::Rule>& rules() const;
    /// Time a held action waits before silence becomes denial: 60 s, 30 s to 24 h.
    [[nodiscard]] Duration approval_time() const;
    /// Risk from which an action needs one approver more than its tier says, up to the quorum of
    /// the irreversible tier; 101 = never.
    [[nodiscard]] int step_up_risk() const;
    /// Whether the person who started the agent may be one of those who approve its actions.
    [[nodiscard]] bool principal_counts() const;
    /// "builtin/NAME" and its reason for everything that is not a model::Rule: rules over effects,
    /// conditions, safer forms. For `policy` listings; in the order of the files.
    struct Entry {
        std::string id;
        std::string what;  ///< "allow by effects", "condition: deny", "modify"
        std::string reason;
    };
    [[nodiscard]] std::vector<Entry> entries() const;

    struct Parts;  ///< private to the room (policy_parts.h)

private:
    friend class Evaluator;
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
        /// Beside StepUp: a safer form of the same action that the policy's [[modify]] entry
        /// `modified_by` offers. It is not decided yet: the caller judges it as an action of its
        /// own and, only where that is allowed, answers Modify instead of holding the original.
        std::optional<model::Action> modified;
        std::string modified_by;
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

    struct Parts;  ///< private to the room (evaluator_parts.h)

private:
    explicit Evaluator(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// Whether one rule matches one action. A rule that allows: Argv must speak for every command above
/// read_only and for at least one, the others for the text as a whole. One that asks or denies: any
/// command, or the text. InvalidArgument when the rule is not well-formed. For `rules test`.
Result<bool> matches(const model::Rule& rule, const model::ActionRequest& request,
                     const model::Assessment& assessment, Instant now);

/// A narrow rule for "approve and remember": an argv rule that keeps program, subcommand and every
/// option word, turns into "*" only operands that are paths inside the workspace or numbers, is
/// scoped to the agent's type and the workspace, and expires after 30 days. An action in which
/// several commands write gives an exact rule over its text. nullopt when no safe rule exists:
/// incomplete, tier 3 or more, a finding of severity high, no workspace, an interpreter that reads
/// its program from elsewhere.
std::optional<model::Rule> propose(const model::ActionRequest& request,
                                   const model::Assessment& assessment, Instant now);

}  // namespace countersign::policy
