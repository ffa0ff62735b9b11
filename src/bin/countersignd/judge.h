// `countersignd judge VERB ...`: judging without a gateway, which `countersign check|parse|explain|
// policy` becomes. Reads no file that a judged text names: the same request gives the same answer
// on every machine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "gate/judge.h"
#include "model/action.h"
#include "policy/policy.h"

namespace countersign::bin {

/// Exit statuses of `check` and `explain` for one action (contracts): by decision, and errors.
inline constexpr int kExitAllow = 0;
inline constexpr int kExitStepUp = 10;
inline constexpr int kExitDefer = 11;
inline constexpr int kExitDeny = 77;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitError = 1;

int exit_status(model::Decision decision);

/// The verb with its words; prints to stdout, messages to stderr; gives the exit status.
int judge(const std::vector<std::string>& arguments);

using Words = std::vector<std::string>;
int judge_check(const Words& words);
int judge_parse(const Words& words);
int judge_explain(const Words& words);
int judge_policy(const Words& words);

/// A policy with its evaluator.
struct Bench {
    // The evaluator refers to it for as long as it lives.
    std::shared_ptr<const policy::Policy> policy;
    policy::Evaluator evaluator;
};
/// The default policy, with the *.toml of `directory` on top when it is not empty.
Result<Bench> make_bench(const std::string& directory);
gate::Judgement judge_on(const Bench& bench, const model::ActionRequest& request);

/// Writes "countersign: verb: message (hint: ...)" and gives kExitError.
int report(std::string_view verb, const Error& error);

}  // namespace countersign::bin
