// How much of real command lines the catalogue knows, and how fast it says so. Reads the evaluation
// sets below COUNTERSIGN_DATA (default ../shared/data); says so when they are absent.
//
//     bench_catalogue [SHOW]     SHOW: how many unknown reasons to list per set
#include "catalogue/catalogue.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/limits.h"
#include "shell/shell.h"

namespace countersign {
namespace {

struct Set {
    const char* name;
    const char* directory;
};
constexpr std::array kSets = {
    Set{"agent_mini_swe_terminal_bench", "/app"}, Set{"ci_commands", "/home/dev/project"},
    Set{"nl2bash", "/home/dev/project"}, Set{"intercode_bash_gold", "/testbed"},
    Set{"tldr", "/home/dev/project"}};

struct Tally {
    std::size_t commands = 0;
    std::size_t program = 0;
    std::size_t form = 0;
    std::map<std::string, std::size_t> reasons;
    std::vector<double> microseconds;
};

class Counter {
public:
    explicit Counter(const char* directory) {
        surroundings_.directory = directory;
        surroundings_.home = "/home/dev";
        place_.directory = directory;
        place_.workspace = directory;
        place_.home = "/home/dev";
    }

    void text(const std::string& source, std::size_t depth = 0) {
        const model::CommandFacts facts = shell::analyze(source, surroundings_);
        for (const model::ResolvedCommand& command : facts.commands) {
            one(command, depth);
        }
    }

    Tally tally;

private:
    void one(const model::ResolvedCommand& command, std::size_t depth) {
        const auto start = std::chrono::steady_clock::now();
        const catalogue::Understanding found = catalogue::understand(command, place_);
        const auto spent = std::chrono::steady_clock::now() - start;
        tally.microseconds.push_back(std::chrono::duration<double, std::micro>(spent).count());
        ++tally.commands;
        tally.program += found.known_program ? 1U : 0U;
        tally.form += found.known_program && found.known_form ? 1U : 0U;
        if (!found.known_program || !found.known_form) {
            ++tally.reasons[found.why_unknown];
        }
        for (const catalogue::Inner& inner : found.inner) {
            unwrap(command, inner, depth + 1);
        }
    }

    void unwrap(const model::ResolvedCommand& outer, const catalogue::Inner& inner,
                std::size_t depth) {
        if (depth > limits::kUnwrapDepthMax) {
            return;
        }
        if (inner.kind == catalogue::Inner::Kind::Argv) {
            model::ResolvedCommand command;
            command.argv = inner.argv;
            command.directory = outer.directory;
            command.input = outer.input;
            one(command, depth);
        } else if (inner.kind == catalogue::Inner::Kind::Shell && inner.text.value) {
            text(*inner.text.value, depth);
        }
    }

    shell::Surroundings surroundings_;
    catalogue::Place place_;
};

double quantile(std::vector<double>& values, double share) {
    if (values.empty()) {
        return 0;
    }
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void report(const Set& set, Tally& tally, std::size_t show) {
    const auto share = [&](std::size_t part) {
        return 100.0 * static_cast<double>(part) /
               static_cast<double>(std::max<std::size_t>(1, tally.commands));
    };
    std::printf(
        "%-32s %7zu commands  program %5.1f %%  form %5.1f %%  p50 %5.2f us  p99 %6.2f us\n",
        set.name, tally.commands, share(tally.program), share(tally.form),
        quantile(tally.microseconds, 0.5), quantile(tally.microseconds, 0.99));
    std::vector<std::pair<std::size_t, std::string>> order;
    for (const auto& [why, count] : tally.reasons) {
        order.emplace_back(count, why);
    }
    std::sort(order.rbegin(), order.rend());
    for (std::size_t i = 0; i < std::min(show, order.size()); ++i) {
        std::printf("    %5zu  %s\n", order[i].first, order[i].second.c_str());
    }
}

int run(std::size_t show) {
    const char* chosen = std::getenv("COUNTERSIGN_DATA");
    const std::string data = chosen != nullptr ? chosen : "../shared/data";
    std::printf("%zu programs\n", catalogue::program_count());
    for (const Set& set : kSets) {
        std::ifstream in(data + "/" + set.name + ".jsonl");
        if (!in) {
            std::printf("%-32s absent\n", set.name);
            continue;
        }
        Counter counter(set.directory);
        for (std::string line; std::getline(in, line);) {
            const boost::json::value row = boost::json::parse(line);
            counter.text(std::string(row.at("cmd").as_string()));
        }
        report(set, counter.tally, show);
    }
    return 0;
}

}  // namespace
}  // namespace countersign

int main(int argc, char** argv) {
    return countersign::run(argc > 1 ? static_cast<std::size_t>(std::atoi(argv[1])) : 0);
}
