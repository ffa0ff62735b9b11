#include "gate/people_desk.h"

#include <utility>

#include "crypto/tokens.h"
#include "gate/judge.h"

namespace countersign::gate {

Result<void> PeopleDesk::record_change(audit::RuleChange::Change change, const model::Rule& rule,
                                       std::string_view by, std::string_view reason) {
    audit::RuleChange body;
    body.change = change;
    body.rule = rule;
    body.by = by;
    body.reason = reason;
    TRY(core_.recorder.record_now(audit::to_record(body)));
    return {};
}

Result<PolicyChange> PeopleDesk::reload_policy(std::string_view by) {
    if (files_ == nullptr) {
        return Error(ErrorCode::Unsupported, "this gateway's policy comes from no files");
    }
    auto change = adopt_policy(by);
    if (!change.ok()) {
        Error error = change.take_error();
        error.message = "the old policy stays in force: " + error.message;
        raise(core_, {std::string(model::name_in(kAlertKindNames, AlertKind::PolicyRefused)),
                      "policy", error.message});
        return error;
    }
    return change;
}

Result<PolicyChange> PeopleDesk::adopt_policy(std::string_view by) {
    policy::Policy loaded = TRY(files_->load());
    // Shared with the evaluators that are made from it (policy/policy.h).
    auto next = std::make_shared<const policy::Policy>(std::move(loaded));
    PolicyChange change{rules_.policy().digest(), next->digest()};
    if (change.previous == change.current) {
        return change;
    }
    policy::Evaluator evaluator = TRY(rules_.evaluator_for(next));
    audit::ConfigurationChange body;
    body.what = "policy";
    body.digest = change.current;
    body.previous = change.previous;
    body.by = by;
    TRY(core_.recorder.record_now(audit::to_record(body)));
    rules_.adopt(std::move(next), std::move(evaluator));
    return change;
}

Result<model::Rule> PeopleDesk::changeable(std::string_view id) const {
    std::optional<model::Rule> rule = rules_.find(id);
    if (!rule) {
        return Error(ErrorCode::NotFound, "there is no rule " + std::string(id));
    }
    if (rule->id.starts_with("builtin/")) {
        return Error(ErrorCode::InvalidArgument, "a rule of a policy file is changed in its file");
    }
    if (rule->state == model::RuleState::Retired) {
        return Error(ErrorCode::Conflict, "the rule is retired");
    }
    return std::move(*rule);
}

Result<model::Rule> PeopleDesk::add_rule(model::Rule rule, std::string_view by) {
    if (rule.id.empty()) {
        rule.id = crypto::make_id("r-", 6, core_.random);
    }
    rule.created = core_.clock.now();
    rule.state = model::RuleState::Active;
    rule.uses = 0;
    rule.last_used.reset();
    rule.last_reviewed.reset();
    if (rule.owner.empty()) {
        rule.owner = by;
    }
    if (rule.expires && *rule.expires <= rule.created) {
        return Error(ErrorCode::InvalidArgument, "the rule would have ended already");
    }
    TRY(rules_.check_new(rule));
    TRY(record_change(audit::RuleChange::Change::Added, rule, by, rule.reason));
    TRY(rules_.put(rule));
    return rule;
}

Result<model::Rule> PeopleDesk::retire_rule(std::string_view id, std::string_view by,
                                            std::string_view reason) {
    model::Rule rule = TRY(changeable(id));
    rule.state = model::RuleState::Retired;
    TRY(record_change(audit::RuleChange::Change::Retired, rule, by, reason));
    TRY(rules_.put(rule));
    return rule;
}

Result<model::Rule> PeopleDesk::replace_narrower(const model::Rule& old,
                                                 const ReviewRequest& request) {
    if (!request.narrower) {
        return Error(ErrorCode::InvalidArgument, "to narrow a rule, the narrower one is needed");
    }
    if (request.narrower->tier > old.tier || request.narrower->verb != old.verb) {
        return Error(ErrorCode::InvalidArgument, "the new rule is wider than the old one");
    }
    model::Rule next = *request.narrower;
    next.id.clear();
    next = TRY(add_rule(std::move(next), request.by));
    TRY(retire_rule(old.id, request.by, "narrowed to " + next.id));
    return next;
}

Result<model::Rule> PeopleDesk::review_rule(const ReviewRequest& request) {
    model::Rule rule = TRY(changeable(request.rule));
    model::Rule result = rule;
    if (request.outcome == ReviewOutcome::Narrow) {
        result = TRY(replace_narrower(rule, request));
    } else if (request.outcome == ReviewOutcome::Retire) {
        result = TRY(retire_rule(rule.id, request.by, request.reason));
    }
    audit::Review body;
    body.rule = rule.id;
    body.outcome = model::name_in(kReviewOutcomeNames, request.outcome);
    if (request.outcome == ReviewOutcome::Narrow) {
        body.replaced = result.id;
    }
    body.by = request.by;
    body.reason = request.reason;
    TRY(core_.recorder.record_now(audit::to_record(body)));
    if (request.outcome == ReviewOutcome::Keep) {
        rule.last_reviewed = core_.clock.now();
        TRY(rules_.put(rule));
        result = rule;
    }
    return result;
}

Result<RuleTest> PeopleDesk::test_rule(const model::Rule& rule,
                                       const model::ActionRequest& request) const {
    TRY(model::validate(request.action));
    TRY(model::validate(request.context));
    const Instant now = core_.clock.now();
    const Assessed assessed = assess(request, Knowledge{}, now);
    model::Rule candidate = rule;
    candidate.created = now;
    if (candidate.id.empty()) {
        // The id that a new rule would get; a pattern does not depend on it.
        candidate.id = "r-000000000000";
    }
    RuleTest test;
    test.matches = TRY(policy::matches(candidate, request, assessed.assessment, now));
    const std::string tier(model::tier_name(assessed.assessment.tier));
    if (!test.matches) {
        test.why = "the pattern or the scope does not fit every command of it";
    } else if (rule.verb == model::RuleVerb::Allow && assessed.assessment.tier > rule.tier) {
        test.why = "matches, yet its tier is " + tier + ", above what the rule lets pass";
    } else {
        test.why = "matches; its tier is " + tier;
    }
    return test;
}

std::vector<ReviewItem> PeopleDesk::rules_to_review() const {
    std::vector<ReviewItem> items;
    const Instant now = core_.clock.now();
    for (const model::Rule& rule : rules_.list(model::RuleState::Active)) {
        const RuleUse& use = rules_.use_of(rule.id);
        std::vector<RuleNote> notes = review_notes(rule, use, now);
        if (rule.id.starts_with("builtin/")) {
            // Reviewed with the file they stand in, and made with the program: age says nothing.
            std::erase_if(notes, [](const RuleNote& note) { return note.kind != "over_broad"; });
        }
        if (notes.empty()) {
            continue;
        }
        items.push_back({rule, std::move(notes), narrower(rule, use)});
    }
    return items;
}

Result<model::Approver> PeopleDesk::enrol(std::string_view name, std::string_view public_key,
                                          std::string_view by) {
    model::Approver approver = TRY(approvers_.enrol(name, public_key));
    audit::ApproverChange body;
    body.change = audit::ApproverChange::Change::Enrolled;
    body.name = approver.name;
    body.public_key = approver.public_key;
    body.by = by;
    auto recorded = core_.recorder.record_now(audit::to_record(body));
    if (!recorded.ok()) {
        // Without its record nobody could verify a vote with this key.
        auto removed = approvers_.remove(name);
        return recorded.take_error();
    }
    return approver;
}

Result<model::Approver> PeopleDesk::remove(std::string_view name, std::string_view by) {
    const auto known = approvers_.find(name);
    if (!known || !known->active) {
        return approvers_.remove(name);
    }
    const model::Approver& approver = *known;
    audit::ApproverChange body;
    body.change = audit::ApproverChange::Change::Removed;
    body.name = approver.name;
    body.public_key = approver.public_key;
    body.by = by;
    // Recorded first: a removal whose record failed would let the same person be enrolled twice in
    // the log. What the store misses is made up for at the next start, from the log.
    TRY(core_.recorder.record_now(audit::to_record(body)));
    return approvers_.remove(name);
}

}  // namespace countersign::gate
