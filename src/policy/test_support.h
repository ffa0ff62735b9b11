// Builders for the tests of this room: requests and assessments as the judge would make them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policy/policy.h"

namespace countersign::policy {

inline constexpr Instant kNoon{1'764'072'000'000'000};  // 2025-11-25T12:00:00Z

using TestWords = std::vector<std::optional<std::string>>;

/// An action of one or more commands, built step by step.
class Case {
public:
    explicit Case(std::string text) {
        request_.action.text = std::move(text);
        request_.context.directory = "/w";
        request_.context.workspace = "/w";
        request_.context.home = "/home/u";
    }
    Case& command(TestWords words, model::Tier tier) {
        model::JudgedCommand command;
        command.argv = std::move(words);
        command.directory = "/w";
        command.tier = tier;
        for (const auto& word : command.argv) {
            assessment_.complete = assessment_.complete && word.has_value();
        }
        assessment_.commands.push_back(std::move(command));
        assessment_.tier = model::stricter(assessment_.tier, tier);
        return *this;
    }
    Case& inside(std::size_t wrapper) {
        assessment_.commands.back().inside = wrapper;
        return *this;
    }
    Case& effect(model::EffectKind kind, model::Place place, std::string target = "") {
        model::Effect effect;
        effect.kind = kind;
        effect.place = place;
        effect.target = std::move(target);
        effect.command = assessment_.commands.empty() ? 0 : assessment_.commands.size() - 1;
        assessment_.effects.push_back(std::move(effect));
        return *this;
    }
    Case& finding(std::string kind, model::Severity severity) {
        assessment_.findings.push_back({std::move(kind), severity, {}, "because"});
        return *this;
    }
    Case& tier(model::Tier tier) {
        assessment_.tier = tier;
        return *this;
    }
    Case& risk(int risk) {
        assessment_.risk = risk;
        return *this;
    }
    model::Context& context() { return request_.context; }
    model::Action& action() { return request_.action; }
    model::Assessment& assessment() { return assessment_; }
    const model::ActionRequest& request() const { return request_; }
    const model::Assessment& assessment() const { return assessment_; }

private:
    model::ActionRequest request_;
    model::Assessment assessment_;
};

inline model::Rule test_rule(std::string id, model::RuleVerb verb, std::string pattern) {
    model::Rule rule;
    rule.id = std::move(id);
    rule.verb = verb;
    rule.words = MUST(model::words_from_pattern(pattern));  // the tests' own patterns have words
    rule.tier = model::Tier::SideEffect;
    rule.reason = "test";
    return rule;
}

inline constexpr const char* kPlainPolicy = R"(
version = 1
[routes]
read_only = { decision = "allow" }
idempotent_write = { decision = "step_up", approvals = 1, known_pattern_allows = true }
side_effect = { decision = "step_up", approvals = 1, known_pattern_allows = true }
irreversible = { decision = "step_up", approvals = 2 }
forbidden = { decision = "deny" }
)";

inline Evaluator evaluator_of(const std::string& more, const std::vector<model::Rule>& added = {}) {
    auto policy = Policy::load({{"test.toml", std::string(kPlainPolicy) + more}});
    if (!policy.ok()) {
        throw std::runtime_error(policy.error().message);
    }
    auto evaluator = Evaluator::create(std::make_shared<const Policy>(policy.take()), added);
    if (!evaluator.ok()) {
        throw std::runtime_error(evaluator.error().message);
    }
    return evaluator.take();
}

inline Evaluator::Outcome decide(const Evaluator& evaluator, const Case& asked,
                                 model::Tier ceiling = model::Tier::Irreversible) {
    return evaluator.decide(asked.request(), asked.assessment(), ceiling, kNoon);
}

}  // namespace countersign::policy
