#include <algorithm>

#include "base/limits.h"
#include "policy/evaluator_parts.h"
#include "policy/messages.h"
#include "policy/modify.h"
#include "policy/safer_text.h"

namespace countersign::policy {
namespace {

using model::Decision;
using model::RuleVerb;
using model::Tier;

// A decision with its reason. Grows stricter only.
struct Ruling {
    Decision decision = Decision::Allow;
    int approvals = 0;
    std::optional<std::string> rule;
    std::string reason;
    std::string hint;

    void strengthen(Ruling other) {
        if (std::pair(other.decision, other.approvals) > std::pair(decision, approvals)) {
            *this = std::move(other);
        }
    }
};

Ruling by_route(const Route& route, const std::string& id, std::string reason, std::string hint) {
    Ruling ruling;
    ruling.decision = route.decision;
    ruling.approvals = route.approvals;
    if (!id.empty()) {
        ruling.rule = id;
    }
    ruling.reason = std::move(reason);
    ruling.hint = std::move(hint);
    return ruling;
}

// One decision on its way; lives on the stack of Evaluator::decide.
class Deliberation {
public:
    Deliberation(const Evaluator::Parts& parts, const model::ActionRequest& request,
                 const model::Assessment& assessment, Instant now)
        : parts_(parts), subject_(request, assessment), facts_{request, assessment, now} {}

    Evaluator::Outcome run(Tier ceiling);

private:
    [[nodiscard]] const model::Assessment& assessment() const { return subject_.assessment(); }
    [[nodiscard]] const Route& base_route(Tier tier) const {
        return parts_.file->routes[static_cast<std::size_t>(tier)];
    }

    void hear_ceiling(Tier ceiling);
    void hear_rules();
    void hear_effect_rules();
    void hear_conditions();
    void hear_route();
    void hear_risk();
    void offer_safer_form(Evaluator::Outcome& out) const;

    [[nodiscard]] const Condition* allowing_condition(Tier tier) const;
    [[nodiscard]] bool passes(Tier tier) const;
    [[nodiscard]] bool liftable(Tier tier) const;
    bool covered(const CommandSubject& command);
    std::optional<Tier> uncovered_tier();
    [[nodiscard]] bool rules_may_speak() const;
    void route_ruling(Tier tier);

    const Evaluator::Parts& parts_;
    Subject subject_;
    Facts facts_;
    Ruling ruling_;
    std::vector<std::string> used_;
};

void Deliberation::hear_ceiling(Tier ceiling) {
    // What its route denies anyway is told as what it is, not as a matter of this session.
    if (assessment().tier <= ceiling || base_route(assessment().tier).decision == Decision::Deny) {
        return;
    }
    Ruling ruling;
    ruling.decision = Decision::Deny;
    ruling.reason = "this session may not go above the tier " +
                    std::string(model::tier_name(ceiling)) + ": the action " +
                    what_it_does(subject_);
    ruling.hint = hint_for(subject_, Decision::Deny);
    ruling_.strengthen(std::move(ruling));
}

void Deliberation::hear_rules() {
    for (const Rulebook::Concern& concern : parts_.rulebook.concerns(subject_, facts_.now)) {
        const model::Rule& rule = concern.rule->rule;
        Ruling ruling;
        ruling.rule = rule.id;
        const bool sure = concern.match == Match::Yes;
        if (rule.verb == RuleVerb::Deny && sure) {
            ruling.decision = Decision::Deny;
            ruling.reason = "the rule " + rule.id + " denies it: " + rule.reason;
            ruling.hint = "Do not try this in another form; say what it was needed for.";
        } else {
            ruling.decision = Decision::StepUp;
            ruling.approvals = 1;
            ruling.reason = sure ? "the rule " + rule.id + " asks for it: " + rule.reason
                                 : "words that cannot be known may make it what the rule " +
                                       rule.id + " is about: " + rule.reason;
            ruling.hint = hint_for(subject_, Decision::StepUp);
        }
        ruling_.strengthen(std::move(ruling));
    }
}

void Deliberation::hear_effect_rules() {
    for (const EffectRule& rule : parts_.file->effect_rules) {
        if (rule.verb == RuleVerb::Allow || !in_scope(rule.scope, facts_.request) ||
            !effects_concern(rule, assessment())) {
            continue;
        }
        const bool denies = rule.verb == RuleVerb::Deny;
        Ruling ruling;
        ruling.rule = rule.id;
        ruling.decision = denies ? Decision::Deny : Decision::StepUp;
        ruling.approvals = denies ? 0 : 1;
        ruling.reason =
            "the rule " + rule.id + (denies ? " denies it: " : " asks for it: ") + rule.reason;
        ruling.hint = hint_for(subject_, ruling.decision);
        ruling_.strengthen(std::move(ruling));
    }
}

void Deliberation::hear_conditions() {
    for (const Condition& condition : parts_.file->conditions) {
        if (condition.route.decision != Decision::Allow && condition.speaks_of(assessment().tier) &&
            condition.holds(facts_)) {
            ruling_.strengthen(by_route(condition.route, condition.id, condition.reason,
                                        condition.hint.empty()
                                            ? hint_for(subject_, condition.route.decision)
                                            : condition.hint));
        }
    }
}

const Condition* Deliberation::allowing_condition(Tier tier) const {
    for (const Condition& condition : parts_.file->conditions) {
        if (condition.route.decision == Decision::Allow && condition.speaks_of(tier) &&
            condition.holds(facts_)) {
            return &condition;
        }
    }
    return nullptr;
}

bool Deliberation::passes(Tier tier) const {
    return base_route(tier).decision == Decision::Allow || allowing_condition(tier) != nullptr;
}

bool Deliberation::liftable(Tier tier) const {
    const Route& route = base_route(tier);
    return route.decision == Decision::StepUp && route.known_pattern_allows;
}

// A rule speaks for a shape of command; a serious finding says that this one is not that shape.
bool Deliberation::rules_may_speak() const {
    const auto& findings = assessment().findings;
    return std::none_of(findings.begin(), findings.end(), [](const model::Finding& finding) {
        return finding.severity >= model::Severity::High;
    });
}

bool Deliberation::covered(const CommandSubject& command) {
    if (const CompiledRule* rule =
            parts_.rulebook.allowing_command(subject_, command, facts_.now)) {
        used_.push_back(rule->rule.id);
        return true;
    }
    for (const EffectRule& rule : parts_.file->effect_rules) {
        if (rule.verb == RuleVerb::Allow && in_scope(rule.scope, facts_.request) &&
            effects_allow(rule, command)) {
            used_.push_back(rule.id);
            return true;
        }
    }
    return false;
}

// The highest tier that neither its route nor a rule lets pass; nullopt: everything passes.
std::optional<Tier> Deliberation::uncovered_tier() {
    if (passes(assessment().tier)) {
        return std::nullopt;
    }
    if (!rules_may_speak() || !liftable(assessment().tier) ||
        subject_.command_tier() < assessment().tier) {
        return assessment().tier;
    }
    if (const CompiledRule* rule = parts_.rulebook.allowing_text(subject_, facts_.now)) {
        used_.push_back(rule->rule.id);
        return std::nullopt;
    }
    std::optional<Tier> open;
    for (const CommandSubject& command : subject_.commands()) {
        const bool stricter = !open || command.tier > *open;
        if (stricter && !passes(command.tier) && (!liftable(command.tier) || !covered(command))) {
            open = command.tier;
        }
    }
    return open;
}

void Deliberation::route_ruling(Tier tier) {
    const Route& route = base_route(tier);
    std::string reason(model::tier_name(tier));
    reason += ": " + what_it_does(subject_);
    if (route.decision == Decision::StepUp) {
        reason += "; " + people(route.approvals) + " must approve";
    }
    ruling_.strengthen(by_route(route, "", std::move(reason), hint_for(subject_, route.decision)));
}

void Deliberation::hear_route() {
    if (ruling_.decision == Decision::Deny) {
        return;
    }
    if (const auto tier = uncovered_tier()) {
        route_ruling(*tier);
        return;
    }
    if (ruling_.decision != Decision::Allow) {
        return;
    }
    if (!used_.empty()) {
        ruling_.rule = used_.front();
        ruling_.reason = "the rule " + used_.front() + " knows this pattern";
    } else if (base_route(assessment().tier).decision == Decision::Allow) {
        ruling_.reason = std::string(model::tier_name(assessment().tier)) + ": allowed";
    } else if (const Condition* condition = allowing_condition(assessment().tier)) {
        ruling_.rule = condition->id;
        ruling_.reason = condition->reason;
    }
}

void Deliberation::hear_risk() {
    const bool asks = ruling_.decision == Decision::Allow || ruling_.decision == Decision::StepUp;
    // Risk raises to the quorum of the irreversible tier at most: more people than for the worst
    // thing that may be approved at all would be friction without a further pair of eyes.
    const int most = base_route(Tier::Irreversible).approvals;
    if (!asks || assessment().risk < parts_.file->step_up_risk || ruling_.approvals >= most) {
        return;
    }
    ruling_.decision = Decision::StepUp;
    ++ruling_.approvals;
    ruling_.reason += (ruling_.reason.empty() ? "" : "; ") + std::string("the risk of ") +
                      std::to_string(assessment().risk) + " asks for one person more";
    ruling_.hint = hint_for(subject_, Decision::StepUp);
}

void Deliberation::offer_safer_form(Evaluator::Outcome& out) const {
    if (out.decision != Decision::StepUp) {
        return;
    }
    for (const Modification& change : parts_.file->modifications) {
        if (auto action = modified(change, subject_)) {
            out.modified = std::move(action);
            out.modified_by = change.id;
            return;
        }
    }
    if (auto text = safer_text(parts_.file->modifications, subject_)) {
        out.modified = std::move(text->action);
        out.modified_by = std::move(text->by);
    }
}

Evaluator::Outcome Deliberation::run(Tier ceiling) {
    hear_ceiling(ceiling);
    hear_rules();
    hear_effect_rules();
    hear_conditions();
    hear_route();
    hear_risk();
    Evaluator::Outcome out;
    out.decision = ruling_.decision;
    out.approvals = ruling_.approvals;
    out.rule = std::move(ruling_.rule);
    out.used_rules = std::move(used_);
    out.reason = std::move(ruling_.reason);
    out.hint = std::move(ruling_.hint);
    offer_safer_form(out);
    return out;
}

}  // namespace

Evaluator::Evaluator(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

Result<Evaluator> Evaluator::create(std::shared_ptr<const Policy> policy,
                                    const std::vector<model::Rule>& added) {
    std::vector<model::Rule> rules = policy->rules();
    for (const model::Rule& rule : added) {
        // An id of a file's rule would hide who wrote it, and escapes the check for breadth.
        if (rule.id.starts_with("builtin/")) {
            return Error(ErrorCode::InvalidArgument,
                         rule.id + ": only policy files may use ids that begin with builtin/");
        }
        rules.push_back(rule);
    }
    Rulebook rulebook = TRY(Rulebook::create(rules));
    const Policy::Parts* file = policy->parts_.get();
    return Evaluator(std::make_unique<Parts>(std::move(policy), file, std::move(rulebook)));
}

Evaluator::Outcome Evaluator::decide(const model::ActionRequest& request,
                                     const model::Assessment& assessment, Tier ceiling,
                                     Instant now) const {
    return Deliberation(*parts_, request, assessment, now).run(ceiling);
}

}  // namespace countersign::policy
