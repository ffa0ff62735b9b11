#include <algorithm>
#include <chrono>

#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/policy.h"
#include "policy/rulebook.h"

namespace countersign::policy {
namespace {

using model::Tier;

constexpr auto kLifetime = std::chrono::hours(24 * 30);

bool is_number(std::string_view word) {
    return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

// In a pattern, a word that holds * ? [ or \ stands for itself only with backslashes.
std::string escaped(const std::string& word) {
    std::string out;
    for (const char c : word) {
        if (std::string_view("*?[\\").find(c) != std::string_view::npos) {
            out += '\\';
        }
        out += c;
    }
    return out;
}

// Whether the word is an operand that names a file of the workspace, as the effects tell.
bool names_workspace_file(const std::string& word, const CommandSubject& command) {
    if (word.empty() || word.front() == '-' || word.find("..") != std::string::npos) {
        return false;
    }
    const std::string tail = word.starts_with("./") ? word.substr(2) : word;
    return std::any_of(command.effects.begin(), command.effects.end(),
                       [&](const model::Effect* effect) {
                           return effect->place == model::Place::Workspace &&
                                  (effect->target == tail || effect->target.ends_with("/" + tail));
                       });
}

std::vector<std::string> narrow_words(const CommandSubject& command) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < command.words->size(); ++i) {
        const std::string& word = *(*command.words)[i];
        const bool open = i > 0 && (is_number(word) || names_workspace_file(word, command));
        out.push_back(open ? "*" : escaped(word));
    }
    return out;
}

std::vector<std::string> literal_words(const CommandSubject& command) {
    std::vector<std::string> out;
    for (const auto& word : *command.words) {
        out.push_back(escaped(*word));
    }
    return out;
}

bool all_known(const CommandSubject& command) {
    return !command.words->empty() &&
           std::all_of(command.words->begin(), command.words->end(),
                       [](const auto& word) { return word && !word->empty(); });
}

model::Rule frame(const Subject& subject, Tier tier, Instant now) {
    model::Rule rule;
    rule.verb = model::RuleVerb::Allow;
    rule.tier = tier;
    const model::ActionRequest& request = subject.request();
    rule.scope.agent_types = {request.context.agent.type};
    rule.scope.workspace = escaped(request.context.workspace);
    const model::ActionKind kind = request.action.kind;
    if (kind != model::ActionKind::Command && kind != model::ActionKind::Exec) {
        rule.scope.kinds = {kind};
    }
    rule.created = now;
    rule.expires = now.plus(kLifetime);
    return rule;
}

// The same rule gets the same id, so that proposing twice shows one rule.
void name(model::Rule& rule) {
    const std::string all = model::pattern_text(rule) + '\0' + rule.scope.workspace + '\0' +
                            rule.scope.agent_types.front() + '\0' +
                            std::string(model::pattern_kind_name(rule.pattern_kind));
    rule.id = "r-" + crypto::sha256(all).hex().substr(0, 12);
}

// A rule is only worth showing when it would let this very action pass.
bool serves(model::Rule& rule, const Subject& subject, Instant now) {
    name(rule);
    const auto fits = matches(rule, subject.request(), subject.assessment(), now);
    return check_rule(rule).ok() && fits.ok() && *fits;
}

std::optional<model::Rule> argv_proposal(const Subject& subject, const CommandSubject& command,
                                         Instant now) {
    if (!all_known(command)) {
        return std::nullopt;
    }
    model::Rule rule = frame(subject, command.tier, now);
    rule.pattern_kind = model::PatternKind::Argv;
    // Of a program that the catalogue does not know, no word can be told to be an operand.
    std::vector<std::string> first = command.known ? narrow_words(command) : literal_words(command);
    for (auto words : {std::move(first), literal_words(command)}) {
        rule.words = std::move(words);
        if (serves(rule, subject, now)) {
            return rule;
        }
    }
    return std::nullopt;
}

std::optional<model::Rule> exact_proposal(const Subject& subject, Instant now) {
    model::Rule rule = frame(subject, subject.assessment().tier, now);
    rule.pattern_kind = model::PatternKind::Exact;
    rule.pattern = subject.text();
    return serves(rule, subject, now) ? std::optional(rule) : std::nullopt;
}

}  // namespace

std::optional<model::Rule> propose(const model::ActionRequest& request,
                                   const model::Assessment& assessment, Instant now) {
    const auto& findings = assessment.findings;
    const bool telling = std::any_of(findings.begin(), findings.end(), [](const auto& finding) {
        return finding.severity >= model::Severity::High;
    });
    if (!assessment.complete || telling || assessment.tier > Tier::SideEffect ||
        assessment.tier == Tier::ReadOnly || request.context.workspace.empty()) {
        return std::nullopt;
    }
    const Subject subject(request, assessment);
    const CommandSubject* only = nullptr;
    std::size_t writing = 0;
    for (const CommandSubject& command : subject.commands()) {
        if (command.tier > Tier::ReadOnly) {
            only = &command;
            ++writing;
        }
    }
    if (writing == 1) {
        if (auto rule = argv_proposal(subject, *only, now)) {
            return rule;
        }
    }
    return exact_proposal(subject, now);
}

}  // namespace countersign::policy
