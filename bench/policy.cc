// The policy room alone: one decision among 10 and among 10,000 rules, for a command that a rule
// covers and for one that none does.
#include "policy/policy.h"

#include <benchmark/benchmark.h>
#include <memory>
#include <string>

namespace {

using namespace countersign;

std::string hex_id(std::size_t number) {
    std::string digits = std::to_string(number);
    return "r-" + std::string(12 - digits.size(), '0') + digits;
}

policy::Evaluator evaluator_with(std::size_t rules) {
    std::vector<model::Rule> added;
    for (std::size_t i = 0; i < rules; ++i) {
        model::Rule rule;
        rule.id = hex_id(i);
        rule.verb = i % 50 == 0 ? model::RuleVerb::Deny : model::RuleVerb::Allow;
        rule.words = {"tool" + std::to_string(i % 400), "sub" + std::to_string(i % 37),
                      "--flag" + std::to_string(i), "*"};
        rule.tier = model::Tier::SideEffect;
        added.push_back(std::move(rule));
    }
    auto policy = std::make_shared<const policy::Policy>(policy::Policy::builtin());
    return MUST(policy::Evaluator::create(policy, added));  // the rules above are well-formed
}

void decide(benchmark::State& state, std::vector<std::string> words) {
    const auto evaluator = evaluator_with(static_cast<std::size_t>(state.range(0)));
    model::ActionRequest request;
    request.context.directory = request.context.workspace = "/w";
    model::Assessment assessment;
    model::JudgedCommand command;
    for (std::string& word : words) {
        request.action.text += word + " ";
        command.argv.emplace_back(std::move(word));
    }
    command.tier = assessment.tier = model::Tier::SideEffect;
    assessment.commands.push_back(std::move(command));
    model::Effect effect;
    effect.kind = model::EffectKind::Execute;
    effect.place = model::Place::Workspace;
    assessment.effects.push_back(effect);
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            evaluator.decide(request, assessment, model::Tier::Irreversible, {}));
    }
}

void covered(benchmark::State& state) {
    decide(state, {"make", "test"});
}
void not_covered(benchmark::State& state) {
    decide(state, {"tool7", "sub3", "--flag", "x"});
}
BENCHMARK(covered)->Arg(10)->Arg(9500);
BENCHMARK(not_covered)->Arg(10)->Arg(9500);

}  // namespace

BENCHMARK_MAIN();
