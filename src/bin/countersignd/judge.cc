#include "bin/countersignd/judge.h"

#include <algorithm>
#include <array>
#include <iostream>

#include "bin/countersignd/configuration.h"
#include "bin/countersignd/request_line.h"

namespace countersign::bin {
namespace {

struct Verb {
    std::string_view name;
    int (*run)(const Words&);
};

constexpr std::array kVerbs = {Verb{"check", judge_check}, Verb{"parse", judge_parse},
                               Verb{"explain", judge_explain}, Verb{"policy", judge_policy}};

}  // namespace

int exit_status(model::Decision decision) {
    switch (decision) {
        case model::Decision::Allow:
        case model::Decision::Modify:
            return kExitAllow;
        case model::Decision::StepUp:
            return kExitStepUp;
        case model::Decision::Defer:
            return kExitDefer;
        case model::Decision::Deny:
            return kExitDeny;
    }
    return kExitDeny;
}

int report(std::string_view verb, const Error& error) {
    std::cerr << "countersign: " << verb << ": " << error.message;
    if (!error.hint.empty()) {
        std::cerr << " (hint: " << error.hint << ")";
    }
    std::cerr << "\n";
    return kExitError;
}

Result<Bench> make_bench(const std::string& directory) {
    std::vector<policy::Source> sources{policy::Policy::builtin_source()};
    if (!directory.empty()) {
        sources = TRY(policy_sources(directory));
    }
    policy::Policy loaded = TRY(policy::Policy::load(sources));
    auto policy = std::make_shared<const policy::Policy>(std::move(loaded));
    policy::Evaluator evaluator = TRY(policy::Evaluator::create(policy, {}));
    return Bench{std::move(policy), std::move(evaluator)};
}

gate::Judgement judge_on(const Bench& bench, const model::ActionRequest& request) {
    gate::Knowledge knowledge;
    knowledge.evaluator = &bench.evaluator;
    knowledge.policy_digest = bench.policy->digest();
    return gate::judge(request, knowledge, judging_time());
}

int judge(const std::vector<std::string>& arguments) {
    const std::string_view name = arguments.empty() ? std::string_view() : arguments.front();
    const auto verb = std::find_if(kVerbs.begin(), kVerbs.end(),
                                   [&](const Verb& entry) { return entry.name == name; });
    if (verb == kVerbs.end()) {
        std::cerr << "countersign: judge: one of check, parse, explain, policy is needed\n";
        return kExitUsage;
    }
    return verb->run({arguments.begin() + 1, arguments.end()});
}

}  // namespace countersign::bin
