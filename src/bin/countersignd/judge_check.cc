// check: one action by flags, or one per line of stdin.
#include <boost/json.hpp>
#include <iostream>

#include "base/limits.h"
#include "bin/countersignd/judge.h"
#include "bin/countersignd/options.h"
#include "bin/countersignd/screen.h"
#include "model/codec.h"
#include "text/json.h"

namespace countersign::bin {
namespace {

namespace json = boost::json;

/// What cannot be a request is denied: a caller that looks at the decision alone stays safe.
json::value refused(const Error& error, const Bench& bench) {
    model::Verdict verdict;
    verdict.decision = model::Decision::Deny;
    verdict.assessment.tier = model::Tier::SideEffect;
    verdict.assessment.complete = false;
    verdict.assessment.findings.push_back(
        {"invalid_request", model::Severity::High, {}, error.message});
    verdict.reason = error.message;
    verdict.hint = error.hint;
    verdict.policy = bench.policy->digest();
    return model::to_json(verdict);
}

json::value with_id(json::value answer, const json::value& id) {
    answer.get_object()["id"] = id;
    return answer;
}

json::value answer_line(const std::optional<std::string>& line, const JudgeOptions& options,
                        const Bench& bench) {
    if (!line) {
        return with_id(
            refused(Error(ErrorCode::LimitExceeded, "the request line is too long"), bench),
            nullptr);
    }
    auto value = text::parse_json(*line, limits::kRequestBodyBytesMax);
    if (!value.ok()) {
        return with_id(refused(value.error(), bench), nullptr);
    }
    json::value id(nullptr);
    if (const json::object* object = value->if_object()) {
        const json::value* given = object->if_contains("id");
        id = given != nullptr ? *given : id;
    }
    auto request = request_from_line(*value, options.request, judging_time());
    if (!request.ok()) {
        return with_id(refused(request.error(), bench), id);
    }
    return with_id(model::to_json(judge_on(bench, *request).verdict), id);
}

int check_lines(const JudgeOptions& options, const Bench& bench) {
    each_line([&](const std::optional<std::string>& line) {
        if (line && line->empty()) {
            return true;
        }
        std::cout << json::serialize(answer_line(line, options, bench)) << '\n';
        return std::cout.good();
    });
    std::cout.flush();
    return std::cout.good() ? 0 : kExitError;
}

int check_one(JudgeOptions options, const Bench& bench) {
    std::string& text = options.request.text;
    for (const std::string& word : options.words) {
        text += text.empty() ? word : " " + word;
    }
    auto request = request_of(options.request, judging_time());
    if (request.ok() && request->action.kind == model::ActionKind::Exec) {
        request->action.argv = options.words;
    }
    if (!request.ok()) {
        if (options.json) {
            std::cout << json::serialize(with_id(refused(request.error(), bench), nullptr)) << "\n";
        }
        report("check", request.error());
        return kExitDeny;
    }
    const model::Verdict verdict = judge_on(bench, *request).verdict;
    if (options.json) {
        std::cout << json::serialize(with_id(model::to_json(verdict), nullptr)) << "\n";
    } else {
        std::cout << short_screen(verdict);
    }
    return exit_status(verdict.decision);
}

}  // namespace

int judge_check(const Words& words) {
    JudgeOptions options;
    CLI::App app("Judges an action without running anything; no gateway is needed.",
                 "countersign check");
    add_judge_options(app, options);
    app.add_flag("--jsonl", options.lines, "one request per line on stdin, one answer per line");
    if (const auto status = parse_words(app, words)) {
        return *status;
    }
    if (options.lines != options.words.empty()) {
        std::cerr << "countersign: check: TEXT or --jsonl is needed, not both\n";
        return kExitUsage;
    }
    std::ios::sync_with_stdio(false);
    auto bench = make_bench(options.policy);
    if (!bench.ok()) {
        return report("check", bench.error());
    }
    return options.lines ? check_lines(options, *bench) : check_one(options, *bench);
}

}  // namespace countersign::bin
