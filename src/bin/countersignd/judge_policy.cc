// policy: check files, show what is in force, test expectations, compare two policies, replay the
// record under another policy.
#include <boost/json.hpp>
#include <iostream>

#include "base/limits.h"
#include "bin/countersignd/judge.h"
#include "bin/countersignd/options.h"
#include "model/codec.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::bin {
namespace {

namespace json = boost::json;

struct PolicyOptions {
    std::string first;   ///< directory
    std::string second;  ///< directory
    bool json = false;
};

std::string decided(const model::Verdict& verdict) {
    std::string out(model::decision_name(verdict.decision));
    return verdict.approvals > 0 ? out + "/" + std::to_string(verdict.approvals) : out;
}

int policy_check(const PolicyOptions& options) {
    const auto bench = make_bench(options.first);
    if (!bench.ok()) {
        return report("policy check", bench.error());
    }
    const std::size_t rules = bench->policy->rules().size();
    if (options.json) {
        std::cout << json::serialize(json::object{
                         {"ok", true}, {"digest", bench->policy->digest()}, {"rules", rules}})
                  << "\n";
    } else {
        std::cout << bench->policy->digest() << "  " << rules << " rules\n";
    }
    return 0;
}

/// Lines are check requests with "expect": "allow" or "step_up" ...; every other line is counted.
int policy_test(const PolicyOptions& options) {
    const auto bench = make_bench(options.first);
    if (!bench.ok()) {
        return report("policy test", bench.error());
    }
    long passed = 0;
    long failed = 0;
    each_line([&](const std::optional<std::string>& line) {
        if (line && line->empty()) {
            return true;
        }
        const auto value =
            line ? text::parse_json(*line, limits::kRequestBodyBytesMax)
                 : Result<json::value>(Error(ErrorCode::LimitExceeded, "the line is too long"));
        const json::value* expect =
            value.ok() && value->is_object() ? value->get_object().if_contains("expect") : nullptr;
        const auto request = value.ok() ? request_from_line(*value, {}, judging_time())
                                        : Result<model::ActionRequest>(value.error());
        std::string got = "error: " + (request.ok() ? std::string() : request.error().message);
        if (request.ok()) {
            got = model::decision_name(judge_on(*bench, *request).verdict.decision);
        }
        const bool fits = expect != nullptr && expect->is_string() &&
                          std::string_view(expect->get_string()) == got;
        ++(fits ? passed : failed);
        if (!fits) {
            std::cout << "FAIL " << text::visible(line.value_or("")) << "\n     got " << got
                      << "\n";
        }
        return true;
    });
    std::cout << passed << " passed, " << failed << " failed\n";
    return failed == 0 ? 0 : 1;
}

/// Judges each request of stdin under both policies and lists what differs.
int policy_diff(const PolicyOptions& options) {
    const auto before = make_bench(options.first);
    const auto after = make_bench(options.second);
    if (!before.ok() || !after.ok()) {
        return report("policy diff", before.ok() ? after.error() : before.error());
    }
    long total = 0;
    long different = 0;
    each_line([&](const std::optional<std::string>& line) {
        const auto value =
            line ? text::parse_json(*line, limits::kRequestBodyBytesMax)
                 : Result<json::value>(Error(ErrorCode::LimitExceeded, "the line is too long"));
        const auto request = value.ok() ? request_from_line(*value, {}, judging_time())
                                        : Result<model::ActionRequest>(value.error());
        if (!request.ok()) {
            return true;
        }
        ++total;
        const std::string was = decided(judge_on(*before, *request).verdict);
        const std::string is = decided(judge_on(*after, *request).verdict);
        if (was != is) {
            ++different;
            std::cout << was << " -> " << is << "  " << text::visible(request->action.text, 200)
                      << "\n";
        }
        return true;
    });
    std::cout << different << " of " << total << " would be decided differently\n";
    return 0;
}

/// The request of an exported decision record; nullopt: another record.
std::optional<model::ActionRequest> recorded_request(const json::value& record) {
    const json::object* object = record.if_object();
    const json::value* body = object != nullptr ? object->if_contains("body") : nullptr;
    const json::value* request =
        body != nullptr && body->is_object() ? body->get_object().if_contains("request") : nullptr;
    if (request == nullptr) {
        return std::nullopt;
    }
    auto decoded = model::request_from(*request);
    return decoded.ok() ? std::optional(decoded.take()) : std::nullopt;
}

std::string recorded_decision(const json::value& record) {
    const auto& body = record.get_object().at("body").get_object();
    const json::value* verdict = body.if_contains("verdict");
    const json::value* decision = verdict != nullptr && verdict->is_object()
                                      ? verdict->get_object().if_contains("decision")
                                      : nullptr;
    return decision != nullptr && decision->is_string() ? std::string(decision->get_string())
                                                        : std::string("unknown");
}

/// stdin: `countersign audit export`. Secrets in it are redacted, observations and baselines are
/// not in it, so what they decided is not seen.
int policy_replay(const PolicyOptions& options) {
    const auto bench = make_bench(options.first);
    if (!bench.ok()) {
        return report("policy replay", bench.error());
    }
    long total = 0;
    long different = 0;
    each_line([&](const std::optional<std::string>& line) {
        const auto value =
            line ? text::parse_json(*line, limits::kRecordBytesMax)
                 : Result<json::value>(Error(ErrorCode::LimitExceeded, "the line is too long"));
        const auto request = value.ok() ? recorded_request(*value) : std::nullopt;
        if (!request) {
            return true;
        }
        ++total;
        const std::string was = recorded_decision(*value);
        const std::string is(model::decision_name(judge_on(*bench, *request).verdict.decision));
        if (was != is) {
            ++different;
            std::cout << was << " -> " << is << "  " << text::visible(request->action.text, 200)
                      << "\n";
        }
        return true;
    });
    std::cout << different << " of " << total << " past actions would now be decided differently\n";
    return 0;
}

}  // namespace

int judge_policy(const Words& words) {
    PolicyOptions options;
    CLI::App app("Checks, tests and compares policies.", "countersign policy");
    app.require_subcommand(1);
    int status = 0;
    auto* check = app.add_subcommand("check", "is the directory's policy well-formed?");
    check->add_option("directory", options.first, "default: the built-in policy alone");
    check->add_flag("--json", options.json, "print JSON");
    check->callback([&] { status = policy_check(options); });
    auto* test = app.add_subcommand("test", "requests with \"expect\" on stdin");
    test->add_option("--policy", options.first, "directory with policy files");
    test->callback([&] { status = policy_test(options); });
    auto* diff = app.add_subcommand("diff", "requests on stdin, judged under two policies");
    diff->add_option("before", options.first, "directory")->required();
    diff->add_option("after", options.second, "directory")->required();
    diff->callback([&] { status = policy_diff(options); });
    auto* replay = app.add_subcommand("replay", "an audit export on stdin, judged anew");
    replay->add_option("--policy", options.first, "directory with policy files");
    replay->callback([&] { status = policy_replay(options); });
    if (!words.empty() && words.front() == "explain") {
        return judge_explain({words.begin() + 1, words.end()});
    }
    if (const auto usage = parse_words(app, words)) {
        return *usage;
    }
    return status;
}

}  // namespace countersign::bin
