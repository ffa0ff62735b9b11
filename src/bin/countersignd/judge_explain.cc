// explain: one screen that a tired person understands.
#include <boost/json.hpp>
#include <iostream>

#include "bin/countersignd/judge.h"
#include "bin/countersignd/options.h"
#include "bin/countersignd/screen.h"
#include "model/codec.h"

namespace countersign::bin {
namespace {

namespace json = boost::json;

json::value explained_json(const gate::Judgement& judgement,
                           const std::vector<policy::Evaluator::Trace>& trace) {
    json::value out = model::to_json(judgement.verdict);
    json::array steps;
    for (const auto& step : trace) {
        steps.push_back(
            json::object{{"rule", step.rule}, {"matched", step.matched}, {"why", step.why}});
    }
    out.get_object()["trace"] = std::move(steps);
    out.get_object()["tier_why"] = judgement.tier_why;
    return out;
}

}  // namespace

int judge_explain(const Words& words) {
    JudgeOptions options;
    CLI::App app("Explains what an action would do and why it is judged as it is.",
                 "countersign explain");
    add_judge_options(app, options);
    if (const auto status = parse_words(app, words)) {
        return *status;
    }
    if (options.words.empty()) {
        std::cerr << "countersign: explain: TEXT is needed\n";
        return kExitUsage;
    }
    for (const std::string& word : options.words) {
        options.request.text += options.request.text.empty() ? word : " " + word;
    }
    auto bench = make_bench(options.policy);
    if (!bench.ok()) {
        return report("explain", bench.error());
    }
    auto request = request_of(options.request, judging_time());
    if (!request.ok()) {
        return report("explain", request.error());
    }
    const gate::Judgement judgement = judge_on(*bench, *request);
    const auto trace =
        bench->evaluator.explain(*request, judgement.verdict.assessment, judging_time());
    if (options.json) {
        std::cout << json::serialize(explained_json(judgement, trace)) << "\n";
    } else {
        std::cout << long_screen(judgement.verdict, judgement.tier_why, trace);
    }
    return exit_status(judgement.verdict.decision);
}

}  // namespace countersign::bin
