#include <algorithm>

#include "policy/evaluator_parts.h"

namespace countersign::policy {
namespace {

using model::RuleVerb;
using Trace = Evaluator::Trace;

std::string tier_text(model::Tier tier) {
    return std::string(model::tier_name(tier));
}

std::string route_text(const Route& route) {
    std::string out(model::decision_name(route.decision));
    if (route.approvals > 0) {
        out += " by " + std::to_string(route.approvals);
    }
    return out + (route.known_pattern_allows ? ", a known pattern passes" : "");
}

// Rules for other programs were not looked at, so they do not stand in the trace.
bool looked_at(const CompiledRule& rule, const Subject& subject) {
    if (rule.rule.pattern_kind != model::PatternKind::Argv) {
        return true;
    }
    const PatternWord& program = rule.words.front();
    return program.kind != PatternWord::Kind::Literal ||
           std::any_of(subject.commands().begin(), subject.commands().end(),
                       [&](const CommandSubject& command) {
                           return !command.words->empty() &&
                                  (!command.words->front() ||
                                   words_concern({program, {PatternWord::Kind::Rest, {}}},
                                                 *command.words) == Match::Yes);
                       });
}

bool text_matches(const CompiledRule& rule, std::string_view text) {
    auto book = Rulebook::create({rule.rule});
    return book.ok() && !book->rules_matching(text).empty();
}

Trace allow_trace(const CompiledRule& rule, const Subject& subject, Instant now) {
    Fit best = Fit::Differs;
    if (rule.rule.pattern_kind == model::PatternKind::Argv) {
        for (const CommandSubject& command : subject.commands()) {
            const Fit fit = fit_command(rule, subject, command, now);
            best = fit == Fit::Fits || best == Fit::Differs ? fit : best;
            if (fit == Fit::Fits) {
                break;
            }
        }
    } else if (text_matches(rule, subject.text())) {
        best = fit_text_rule(rule, subject, now);
    }
    return {rule.rule.id, best == Fit::Fits, std::string(fit_text(best))};
}

Trace concern_trace(const CompiledRule& rule, const std::vector<Rulebook::Concern>& concerns) {
    const auto found =
        std::find_if(concerns.begin(), concerns.end(),
                     [&](const Rulebook::Concern& concern) { return concern.rule == &rule; });
    if (found == concerns.end()) {
        return {rule.rule.id, false, "does not match, or is not in force here"};
    }
    return {rule.rule.id, true,
            found->match == Match::Yes
                ? "matches: " + rule.rule.reason
                : "may match, since words are not known: " + rule.rule.reason};
}

void trace_effect_rules(const std::vector<EffectRule>& rules, const Subject& subject,
                        std::vector<Trace>& out) {
    for (const EffectRule& rule : rules) {
        const auto& commands = subject.commands();
        const bool scope = in_scope(rule.scope, subject.request());
        const bool allow = rule.verb == RuleVerb::Allow;
        const bool matched =
            scope && (allow ? std::any_of(commands.begin(), commands.end(),
                                          [&](const CommandSubject& command) {
                                              return command.tier > model::Tier::ReadOnly &&
                                                     effects_allow(rule, command);
                                          })
                            : effects_concern(rule, subject.assessment()));
        out.push_back({rule.id, matched,
                       matched  ? "matches by effects: " + rule.reason
                       : !scope ? std::string(fit_text(Fit::OutOfScope))
                                : "does not match by effects"});
    }
}

}  // namespace

std::vector<Trace> Evaluator::explain(const model::ActionRequest& request,
                                      const model::Assessment& assessment, Instant now) const {
    const Subject subject(request, assessment);
    const Facts facts{request, assessment, now};
    std::vector<Trace> out;
    const Route& route = parts_->file->routes[static_cast<std::size_t>(assessment.tier)];
    out.push_back({"route/" + tier_text(assessment.tier), true, route_text(route)});
    const auto concerns = parts_->rulebook.concerns(subject, now);
    for (const CompiledRule& rule : parts_->rulebook.rules()) {
        if (looked_at(rule, subject)) {
            out.push_back(rule.rule.verb == RuleVerb::Allow ? allow_trace(rule, subject, now)
                                                            : concern_trace(rule, concerns));
        }
    }
    trace_effect_rules(parts_->file->effect_rules, subject, out);
    for (const Condition& condition : parts_->file->conditions) {
        const bool holds = condition.speaks_of(assessment.tier) && condition.holds(facts);
        out.push_back({condition.id, holds, holds ? condition.reason : "does not hold"});
    }
    return out;
}

Result<bool> matches(const model::Rule& rule, const model::ActionRequest& request,
                     const model::Assessment& assessment, Instant now) {
    const Rulebook book = TRY(Rulebook::create({rule}));
    const Subject subject(request, assessment);
    if (rule.verb != RuleVerb::Allow) {
        const auto concerns = book.concerns(subject, now);
        return !concerns.empty() && concerns.front().match == Match::Yes;
    }
    if (rule.pattern_kind != model::PatternKind::Argv) {
        return book.allowing_text(subject, now) != nullptr;
    }
    bool any = false;
    for (const CommandSubject& command : subject.commands()) {
        const bool fits = fit_command(book.rules().front(), subject, command, now) == Fit::Fits;
        if (!fits && command.tier > model::Tier::ReadOnly) {
            return false;
        }
        any = any || fits;
    }
    return any;
}

}  // namespace countersign::policy
