// What people change besides actions: rules and who may vote. Each change is recorded before it
// counts, so that nothing is in force that the log does not tell.
//
// Not thread safe. What it refers to must outlive it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approvers.h"
#include "gate/core.h"
#include "gate/policy_files.h"
#include "gate/rule_review.h"
#include "gate/rulebook.h"

namespace countersign::gate {

/// The three ends of a review.
enum class ReviewOutcome { Keep, Narrow, Retire };
inline constexpr std::array<std::string_view, 3> kReviewOutcomeNames = {"keep", "narrow", "retire"};

struct ReviewRequest {
    std::string rule;
    ReviewOutcome outcome = ReviewOutcome::Keep;
    std::string by;
    std::string reason;
    std::optional<model::Rule> narrower;  ///< Narrow: takes the old one's place
};

struct ReviewItem {
    model::Rule rule;
    std::vector<RuleNote> notes;
    std::optional<model::Rule> narrower;  ///< what it could be narrowed to
};

/// Whether a rule would match an action, and why.
struct RuleTest {
    bool matches = false;
    std::string why;
};

class PeopleDesk {
public:
    PeopleDesk(Core& core, Rulebook& rules, approval::Approvers& approvers, PolicyFiles* files)
        : core_(core), rules_(rules), approvers_(approvers), files_(files) {}

    /// Reads the policy files again and puts them in force. Actions that are held keep the verdict
    /// that people were shown. Unsupported: there are no files; otherwise the errors of the files,
    /// of an added rule that does not go with them, and of the log: the old policy stays in force
    /// and an alert says so.
    Result<PolicyChange> reload_policy(std::string_view by);

    /// Fills in id (when empty) and time and adds. Errors: Rulebook::check_new's, the log's and the
    /// store's; nothing has changed then.
    Result<model::Rule> add_rule(model::Rule rule, std::string_view by);
    /// NotFound; Conflict: retired already; InvalidArgument: a rule of a policy file.
    Result<model::Rule> retire_rule(std::string_view id, std::string_view by,
                                    std::string_view reason);
    /// Gives the rule that is in force afterwards (or the retired one). Errors as above.
    Result<model::Rule> review_rule(const ReviewRequest& request);
    /// Judges the action without asking or recording anything. InvalidArgument: the pattern does
    /// not compile.
    Result<RuleTest> test_rule(const model::Rule& rule, const model::ActionRequest& request) const;
    /// Rules with something to say about, those of policy files included.
    [[nodiscard]] std::vector<ReviewItem> rules_to_review() const;

    Result<model::Approver> enrol(std::string_view name, std::string_view public_key,
                                  std::string_view by);
    Result<model::Approver> remove(std::string_view name, std::string_view by);
    [[nodiscard]] std::vector<model::Approver> approvers() const { return approvers_.list(); }
    [[nodiscard]] std::optional<model::Approver> approver(std::string_view name) const {
        return approvers_.find(name);
    }

private:
    Result<PolicyChange> adopt_policy(std::string_view by);
    Result<model::Rule> changeable(std::string_view id) const;
    Result<void> record_change(audit::RuleChange::Change change, const model::Rule& rule,
                               std::string_view by, std::string_view reason);
    Result<model::Rule> replace_narrower(const model::Rule& old, const ReviewRequest& request);

    Core& core_;
    Rulebook& rules_;
    approval::Approvers& approvers_;
    PolicyFiles* files_;  ///< may be nullptr
};

}  // namespace countersign::gate
