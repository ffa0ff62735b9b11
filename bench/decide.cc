// Time of one decision inside the gateway, parse to verdict, no audit: gate::judge over the agents'
// commands of the evaluation data, one thread. Prints p50, p99 and the longest per set, what was
// decided, and beside it the time that the shell front end alone takes on the same texts.
//
//   bench_decide [DATA_DIRECTORY] [ROUNDS]

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gate/judge.h"
#include "policy/policy.h"
#include "shell/shell.h"
#include "text/json.h"
#include "text/number.h"

namespace countersign {
namespace {

using Steady = std::chrono::steady_clock;

struct Set {
    const char* file;
    const char* directory;
    const char* workspace;
};

constexpr std::array<Set, 4> kSets = {
    {{"agent_mini_swe_terminal_bench", "/app", "/app"},
     {"agent_intercode_bash", "/", "/testbed"},
     {"agent_intercode_ctf", "/home/dev/project", "/home/dev/project"},
     {"agent_sweagent_demos", "/home/dev/project", "/home/dev/project"}}};

std::vector<model::ActionRequest> read_set(const std::string& data, const Set& set) {
    std::vector<model::ActionRequest> requests;
    std::ifstream in(data + "/" + set.file + ".jsonl");
    std::string line;
    while (std::getline(in, line)) {
        const auto row = text::parse_json(line, 1 << 24);
        if (!row.ok() || row->as_object().if_contains("cmd") == nullptr) {
            continue;
        }
        model::ActionRequest request;
        request.action.text = std::string(row->as_object().at("cmd").as_string());
        request.context.directory = set.directory;
        request.context.workspace = set.workspace;
        request.context.home = "/home/dev";
        requests.push_back(std::move(request));
    }
    return requests;
}

double at(std::vector<double>& sorted, double fraction) {
    return sorted[static_cast<std::size_t>(fraction * static_cast<double>(sorted.size() - 1))];
}

void print_row(const char* set, const char* what, std::vector<double>& us) {
    std::sort(us.begin(), us.end());
    std::printf("%-32s %-8s n %6zu   p50 %8.2f us   p99 %8.2f us   max %9.2f us\n", set, what,
                us.size(), at(us, 0.5), at(us, 0.99), us.back());
}

// The fastest of `rounds` runs per text: what the code costs, without the machine's other work.
template <class F>
std::vector<double> time_each(const std::vector<model::ActionRequest>& requests, int rounds,
                              F&& run) {
    std::vector<double> best(requests.size(), 1e18);
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const auto start = Steady::now();
            run(requests[i]);
            const std::chrono::duration<double, std::micro> took = Steady::now() - start;
            best[i] = std::min(best[i], took.count());
        }
    }
    return best;
}

int measure(const std::string& data, int rounds) {
    const auto policy = std::make_shared<const policy::Policy>(policy::Policy::builtin());
    auto evaluator = policy::Evaluator::create(policy, {});
    if (!evaluator.ok()) {
        std::fprintf(stderr, "bench: %s\n", evaluator.error().message.c_str());
        return 1;
    }
    gate::Knowledge knowledge;
    knowledge.evaluator = &*evaluator;
    knowledge.policy_digest = policy->digest();
    const Instant now{1'795'000'000'000'000};
    int sets = 0;
    for (const Set& set : kSets) {
        const auto requests = read_set(data, set);
        if (requests.empty()) {
            std::printf("%-32s absent\n", set.file);
            continue;
        }
        ++sets;
        std::map<std::string_view, int> decisions;
        for (const auto& request : requests) {
            ++decisions[model::decision_name(
                gate::judge(request, knowledge, now).verdict.decision)];
        }
        auto judged = time_each(requests, rounds, [&](const model::ActionRequest& request) {
            (void)gate::judge(request, knowledge, now);
        });
        auto read = time_each(requests, rounds, [&](const model::ActionRequest& request) {
            shell::Surroundings around;
            around.directory = request.context.directory;
            (void)shell::analyze(request.action.text, around);
        });
        print_row(set.file, "judge", judged);
        print_row(set.file, "shell", read);
        std::printf("%-32s", "");
        for (const auto& [decision, count] : decisions) {
            std::printf(" %.*s %d", static_cast<int>(decision.size()), decision.data(), count);
        }
        std::printf("\n");
    }
    return sets == 0 ? 1 : 0;
}

}  // namespace
}  // namespace countersign

int main(int count, char** words) {
    const std::string data = count > 1 ? words[1] : "../shared/data";
    const auto rounds = countersign::text::parse_integer(count > 2 ? words[2] : "5", 1, 1000);
    return rounds ? countersign::measure(data, static_cast<int>(*rounds)) : 2;
}
