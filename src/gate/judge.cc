#include "gate/judge.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "gate/assessment_memo.h"
#include "gate/understand.h"
#include "risk/risk.h"

namespace countersign::gate {
namespace {

using model::Severity;

/// Programs in these directories are called by their name; any other by its path, since a planted
/// ./git is not git.
bool system_directory(std::string_view directory) {
    constexpr std::array<std::string_view, 6> kDirectories = {
        "/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin"};
    return std::find(kDirectories.begin(), kDirectories.end(), directory) != kDirectories.end();
}

std::string shown_program(const std::string& word, model::ActionKind kind) {
    const std::size_t slash = word.rfind('/');
    if (kind != model::ActionKind::Exec || slash == std::string::npos ||
        !system_directory(std::string_view(word).substr(0, slash))) {
        return word;
    }
    return word.substr(slash + 1);
}

model::JudgedCommand judged(const UnderstoodCommand& from, model::ActionKind kind) {
    model::JudgedCommand command;
    command.argv.reserve(from.command.argv.size());
    for (const model::Word& word : from.command.argv) {
        const bool program = command.argv.empty() && word.value.has_value();
        command.argv.push_back(program ? std::optional(shown_program(*word.value, kind))
                                       : word.value);
    }
    command.directory = from.command.directory;
    command.known = from.known;
    command.inside = from.inside;
    command.span = from.command.span;
    return command;
}

void inspect_content(const model::ActionRequest& request, const Knowledge& knowledge,
                     Understood& understood, model::Assessment& assessment) {
    static const std::vector<inspect::Observation> kNone;
    const std::vector<inspect::CommandView> views = views_of(understood);
    inspect::Subject subject;
    subject.action = &request.action;
    subject.commands = &views;
    subject.effects = &assessment.effects;
    subject.observations = knowledge.observations != nullptr ? knowledge.observations : &kNone;
    assessment.findings = inspect::findings(subject);
    for (model::Finding& finding : understood.findings) {
        assessment.findings.push_back(std::move(finding));
    }
    std::stable_sort(
        assessment.findings.begin(), assessment.findings.end(),
        [](const model::Finding& a, const model::Finding& b) { return a.severity > b.severity; });
}

/// A text that is to be refused as a whole keeps one effect, Unknown, so that its tier and score
/// say that nothing is known about it.
void refuse(model::Assessment& assessment, std::string_view kind, model::Span span,
            std::string why) {
    assessment.complete = false;
    assessment.effects = {
        {.kind = model::EffectKind::Unknown, .target = {}, .span = span, .detail = why}};
    assessment.findings.insert(assessment.findings.begin(),
                               {std::string(kind), Severity::High, span, std::move(why)});
}

std::string syntax_message(const model::SyntaxError& error) {
    return "line " + std::to_string(error.line) + ", column " + std::to_string(error.column) +
           ": " + error.message;
}

void score(const Meaning& meaning, const model::ActionRequest& request,
           const anomaly::Surprise& surprise, Assessed& out) {
    risk::Circumstances circumstances;
    circumstances.contained = request.context.contained;
    circumstances.staged = request.context.staged;
    circumstances.complete = out.assessment.complete;
    circumstances.elsewhere = meaning.elsewhere;
    circumstances.elevated = meaning.elevated;
    circumstances.surprise_points = surprise.points;
    circumstances.surprise_why = surprise.why;
    risk::Score score = risk::score(meaning.commands, out.assessment.effects,
                                    out.assessment.findings, circumstances);
    out.assessment.tier = score.tier;
    out.assessment.risk = score.risk;
    out.assessment.factors = std::move(score.factors);
    out.tier_why = std::move(score.tier_why);
    const std::size_t count = std::min(score.command_tiers.size(), out.assessment.commands.size());
    for (std::size_t i = 0; i < count; ++i) {
        out.assessment.commands[i].tier = score.command_tiers[i];
    }
}

/// Answers Modify when the policy knows a safer form and that form needs nobody. The verdict then
/// speaks about the form that may run: a grant must reach no further than it.
bool take_safer_form(const model::ActionRequest& request, const Knowledge& knowledge, Instant now,
                     policy::Evaluator::Outcome& outcome, Judgement& judgement) {
    if (outcome.decision != model::Decision::StepUp || !outcome.modified) {
        return false;
    }
    model::ActionRequest safer = request;
    safer.action = *outcome.modified;
    Knowledge of_other = knowledge;
    of_other.memo = nullptr;
    Assessed assessed = assess(safer, of_other, now);
    if (!assessed.refused.empty()) {
        return false;
    }
    policy::Evaluator::Outcome of_safer =
        knowledge.evaluator->decide(safer, assessed.assessment, knowledge.ceiling, now);
    if (of_safer.decision != model::Decision::Allow) {
        return false;
    }
    model::Verdict& verdict = judgement.verdict;
    verdict.assessment = std::move(assessed.assessment);
    verdict.decision = model::Decision::Modify;
    verdict.rule = outcome.modified_by;
    verdict.reason = "as asked it needs a person (" + outcome.reason + "); a safer form does not";
    verdict.hint = "Run the changed form; it does what is needed without the risk.";
    verdict.modified = std::move(outcome.modified);
    judgement.used_rules = std::move(of_safer.used_rules);
    judgement.tier_why = std::move(assessed.tier_why);
    return true;
}

/// What the action is and what is noticed in it: everything that does not change from one moment to
/// the next.
Meaning meaning_of(const model::ActionRequest& request, const Knowledge& knowledge) {
    Understood understood = understand(request);
    Meaning out;
    model::Assessment& assessment = out.assessment;
    out.why_unknown = understood.why_unknown;
    out.elsewhere = understood.elsewhere;
    out.elevated = understood.elevated;
    if (understood.syntax_error) {
        const auto& error = *understood.syntax_error;
        out.refused = "the text is not valid bash: " + syntax_message(error);
        refuse(assessment, "syntax_error", understood.syntax_span, syntax_message(error));
        understood.commands.clear();
    } else if (!understood.beyond_bound.empty()) {
        out.refused = "the action holds " + understood.beyond_bound;
        refuse(assessment, "bound_passed", {}, understood.beyond_bound);
        understood.commands.clear();
    } else {
        assessment.complete = understood.complete;
        assessment.effects = std::move(understood.effects);
        assessment.commands.reserve(understood.commands.size());
        for (const UnderstoodCommand& command : understood.commands) {
            assessment.commands.push_back(judged(command, request.action.kind));
        }
        inspect_content(request, knowledge, understood, assessment);
    }
    out.commands.reserve(understood.commands.size());
    for (const UnderstoodCommand& command : understood.commands) {
        out.commands.push_back({command.known, command.complete, command.command.span});
    }
    return out;
}

}  // namespace

Assessed assess(const model::ActionRequest& request, const Knowledge& knowledge, Instant now) {
    const Meaning* known =
        knowledge.memo != nullptr ? knowledge.memo->find(knowledge.digest) : nullptr;
    Meaning fresh;
    if (known == nullptr) {
        fresh = meaning_of(request, knowledge);
        known = knowledge.memo != nullptr
                    ? knowledge.memo->keep(knowledge.digest, request, std::move(fresh))
                    : &fresh;
    }
    const Meaning& meaning = *known;
    Assessed out;
    out.assessment = meaning.assessment;
    out.refused = meaning.refused;
    out.why_unknown = meaning.why_unknown;
    const model::Assessment& assessment = out.assessment;
    anomaly::Surprise surprise;
    if (knowledge.baseline != nullptr) {
        surprise =
            anomaly::surprise(*knowledge.baseline, anomaly::features_of(request, assessment), now);
    }
    score(meaning, request, surprise, out);
    return out;
}

Judgement judge(const model::ActionRequest& request, const Knowledge& knowledge, Instant now) {
    Assessed assessed = assess(request, knowledge, now);
    Judgement judgement;
    model::Verdict& verdict = judgement.verdict;
    verdict.assessment = std::move(assessed.assessment);
    verdict.policy = knowledge.policy_digest;
    judgement.tier_why = std::move(assessed.tier_why);
    if (!assessed.refused.empty()) {
        verdict.decision = model::Decision::Deny;
        verdict.reason = std::move(assessed.refused);
        verdict.hint =
            "Nothing of it was run. Send one text that bash -n accepts, in smaller parts.";
        return judgement;
    }
    policy::Evaluator::Outcome outcome =
        knowledge.evaluator->decide(request, verdict.assessment, knowledge.ceiling, now);
    if (take_safer_form(request, knowledge, now, outcome, judgement)) {
        return judgement;
    }
    verdict.decision = outcome.decision;
    verdict.approvals = outcome.approvals;
    verdict.rule = std::move(outcome.rule);
    verdict.reason = std::move(outcome.reason);
    verdict.hint = std::move(outcome.hint);
    judgement.used_rules = std::move(outcome.used_rules);
    if (verdict.hint.empty() && verdict.decision != model::Decision::Allow &&
        !assessed.why_unknown.empty()) {
        verdict.hint = "Spell it so that nothing is left unknown: " + assessed.why_unknown + ".";
    }
    return judgement;
}

}  // namespace countersign::gate
