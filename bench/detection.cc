// What the default policy does with labelled commands: attacks that must be stopped, everyday work
// that must pass. Prints a table per set and circumstance, the area under the ROC curve of the risk
// score, the catalogue's coverage and the time from text to verdict. Rows that fail are listed in
// files below the directory named on the command line (default: detection-rows), with a table of
// every row's risk and heaviest factor beside them.
//
// Usage: bench_detection DATA_DIR [ROWS_DIR]. No row of the data is treated by its name.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/judge.h"
#include "policy/policy.h"

namespace {

namespace json = boost::json;
using namespace countersign;
using model::Decision;

enum class Nature { Attack, Work, Block, Pass };

struct DataSet {
    std::string_view title;
    std::string_view file;
    std::string_view workspace;
    Nature nature;
    bool (*wanted)(const json::object& row);
    model::ActionKind kind = model::ActionKind::Command;
};

std::string text_of(const json::object& row, std::string_view name) {
    const json::value* const value = row.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

bool any_row(const json::object&) {
    return true;
}

bool names_linux(const json::object& row) {
    const json::value* const platforms = row.if_contains("platforms");
    if (platforms == nullptr || !platforms->is_array()) {
        return false;
    }
    const auto& list = platforms->get_array();
    return std::any_of(list.begin(), list.end(),
                       [](const json::value& item) { return item == json::value("linux"); });
}

/// Rows that fetch, change or persist something, by their words; the others only look around.
bool acts(const json::object& row) {
    static constexpr auto kVerbs = std::to_array<std::string_view>(
        {"wget",    "curl",    "tftp", "ftpget", "chmod", "rm ", "passwd", "useradd",
         "crontab", ">>",      "> /",  ">/",     "kill",  "mv ", "cp ",    "authorized_keys",
         "chattr",  "busybox", "sh ",  "scp"});
    const std::string text = text_of(row, "cmd");
    return std::any_of(kVerbs.begin(), kVerbs.end(),
                       [&](std::string_view verb) { return text.find(verb) != std::string::npos; });
}

/// Rows whose label begins so.
template <char... Beginning>
bool labelled(const json::object& row) {
    constexpr std::array kBeginning = {Beginning...};
    return text_of(row, "label")
        .starts_with(std::string_view(kBeginning.data(), kBeginning.size()));
}

constexpr std::string_view kProject = "/home/dev/project";

const auto kSets = std::to_array<DataSet>({
    {"gtfobins (no file-read)", "gtfobins", kProject, Nature::Attack,
     [](const json::object& row) { return text_of(row, "label") != "file-read"; }},
    {"gtfobins shells, uploads, loads", "gtfobins", kProject, Nature::Attack,
     [](const json::object& row) {
         const std::string label = text_of(row, "label");
         return label == "reverse-shell" || label == "bind-shell" || label == "upload" ||
                label == "library-load";
     }},
    {"reverse_shells", "reverse_shells", kProject, Nature::Attack, any_row},
    {"bashfuscator (malicious)", "bashfuscator_obfuscated", kProject, Nature::Attack,
     [](const json::object& row) { return text_of(row, "label") == "malicious"; }},
    {"atomic_red_team (linux)", "atomic_red_team", kProject, Nature::Attack, names_linux},
    {"redcode_bash (visible)", "redcode_bash", kProject, Nature::Attack,
     [](const json::object& row) {
         const json::value* const visible = row.if_contains("gateway_visible");
         return visible != nullptr && visible->is_bool() && visible->get_bool();
     }},
    {"safeos (unsafe)", "safeos_commands", kProject, Nature::Attack,
     [](const json::object& row) { return text_of(row, "label") == "unsafe"; }},
    {"honeypot (acting rows)", "honeypot_cowrie", kProject, Nature::Attack, acts},
    {"peer_product_tests (block)", "peer_product_tests", kProject, Nature::Block,
     [](const json::object& row) { return text_of(row, "label") == "block"; }},
    {"peer_product_tests (allow)", "peer_product_tests", kProject, Nature::Pass,
     [](const json::object& row) { return text_of(row, "label") == "allow"; }},
    {"agent_mini_swe_terminal_bench", "agent_mini_swe_terminal_bench", "/app", Nature::Work,
     any_row},
    {"ci_commands", "ci_commands", kProject, Nature::Work, any_row},
    {"nl2bash", "nl2bash", kProject, Nature::Work, any_row},
    {"sql_statements (read)", "sql_statements", kProject, Nature::Pass, labelled<'r', 'e', 'a'>,
     model::ActionKind::Sql},
    {"sql_statements (write)", "sql_statements", kProject, Nature::Block, labelled<'w', 'r', 'i'>,
     model::ActionKind::Sql},
    {"sql_statements (ddl)", "sql_statements", kProject, Nature::Block, labelled<'d', 'd', 'l'>,
     model::ActionKind::Sql},
    {"sql_statements (destructive)", "sql_statements", kProject, Nature::Block,
     labelled<'d', 'e', 's'>, model::ActionKind::Sql},
    {"mcp_tools (read_only)", "mcp_tools", kProject, Nature::Pass, labelled<'r', 'e', 'a'>,
     model::ActionKind::ToolCall},
    {"mcp_tools (write, destructive)", "mcp_tools", kProject, Nature::Block,
     [](const json::object& row) {
         const std::string label = text_of(row, "label");
         return label == "write" || label == "destructive";
     },
     model::ActionKind::ToolCall},
    {"mcp_tools (unlabelled)", "mcp_tools", kProject, Nature::Pass, labelled<'u', 'n', 'l'>,
     model::ActionKind::ToolCall},
});

struct Counts {
    long rows = 0;
    long allow = 0;
    long one = 0;
    long two = 0;
    long deny = 0;
    long defer = 0;
    long grave = 0;    ///< tier irreversible or forbidden
    long no_bash = 0;  ///< of the denied: texts that bash -n refuses as well
};

struct Totals {
    std::vector<int> attack_risks;
    std::vector<std::pair<std::string_view, std::vector<int>>> by_attack_set;
    std::vector<int> work_risks;
    std::vector<double> agent_microseconds;
    long commands = 0;
    long known = 0;
};

model::ActionRequest request_of(const json::object& row, const DataSet& set, bool contained) {
    model::ActionRequest request;
    request.action.kind = set.kind;
    if (set.kind == model::ActionKind::ToolCall) {
        // "@modelcontextprotocol/server-filesystem/read_file": a call without arguments.
        const std::string id = text_of(row, "id");
        request.action.server = id.substr(0, id.rfind('/'));
        request.action.name = text_of(row, "tool");
        request.action.text = "{}";
    } else {
        request.action.text = text_of(row, set.kind == model::ActionKind::Sql ? "sql" : "cmd");
    }
    request.context.door = "check";
    request.context.directory = std::string(set.workspace);
    request.context.workspace = std::string(set.workspace);
    request.context.home = set.workspace == "/app" ? "/root" : "/home/dev";
    request.context.contained = contained;
    request.context.staged = contained;
    return request;
}

void count(Counts& counts, const model::Verdict& verdict) {
    ++counts.rows;
    counts.grave += verdict.assessment.tier >= model::Tier::Irreversible ? 1 : 0;
    const auto& findings = verdict.assessment.findings;
    counts.no_bash +=
        std::any_of(findings.begin(), findings.end(),
                    [](const model::Finding& finding) { return finding.kind == "syntax_error"; })
            ? 1
            : 0;
    switch (verdict.decision) {
        case Decision::Allow:
        case Decision::Modify:
            ++counts.allow;
            break;
        case Decision::StepUp:
            ++(verdict.approvals >= 2 ? counts.two : counts.one);
            break;
        case Decision::Defer:
            ++counts.defer;
            break;
        case Decision::Deny:
            ++counts.deny;
            break;
    }
}

/// Attack rows that pass and work rows that are held are what a reader wants to see.
bool fails(const DataSet& set, const model::Verdict& verdict) {
    const bool passes = verdict.decision == Decision::Allow || verdict.decision == Decision::Modify;
    return set.nature == Nature::Attack || set.nature == Nature::Block ? passes : !passes;
}

void write_row(std::ofstream& out, const json::object& row, const model::ActionRequest& request,
               const gate::Judgement& judged) {
    const model::Verdict& verdict = judged.verdict;
    out << model::decision_name(verdict.decision) << " " << verdict.approvals << " "
        << model::tier_name(verdict.assessment.tier) << " risk " << verdict.assessment.risk << " "
        << text_of(row, "id") << "\n  why: " << judged.tier_why << " | " << verdict.reason << "\n";
    for (const model::Finding& finding : verdict.assessment.findings) {
        out << "  finding: " << finding.kind << " " << model::severity_name(finding.severity) << " "
            << finding.why << "\n";
    }
    for (const model::Effect& effect : verdict.assessment.effects) {
        out << "  effect: " << model::effect_kind_name(effect.kind) << " "
            << model::place_name(effect.place) << " " << effect.target << " (" << effect.detail
            << ")" << (effect.recursive ? " recursive" : "") << "\n";
    }
    out << "  text: " << request.action.text.substr(0, 600) << "\n\n";
}

void print_counts(const DataSet& set, const Counts& c, const char* circumstance) {
    const auto per_100 = [&](long n) {
        return c.rows == 0 ? 0.0 : 100.0 * static_cast<double>(n) / static_cast<double>(c.rows);
    };
    const long stopped = c.rows - c.allow;
    std::printf(
        "%-34s %-11s %6ld %6ld %6ld %6ld %6ld   %6.2f %% stopped  %6.2f asked  %5.2f denied"
        "  %5.2f denied as bash  %6.2f tier 3+\n",
        std::string(set.title).c_str(), circumstance, c.rows, c.allow, c.one + c.defer, c.two,
        c.deny, per_100(stopped), per_100(c.one + c.two + c.defer), per_100(c.deny),
        per_100(c.deny - c.no_bash), per_100(c.grave));
}

void measure_set(const DataSet& set, bool contained, const std::string& data,
                 const std::filesystem::path& rows_dir, const gate::Knowledge& knowledge,
                 Totals& totals) {
    std::ifstream in(data + "/" + std::string(set.file) + ".jsonl");
    std::string name(set.title);
    std::replace_if(
        name.begin(), name.end(),
        [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    std::ofstream out(rows_dir / (name + (contained ? ".contained.txt" : ".uncontained.txt")));
    std::ofstream all(rows_dir / (name + (contained ? ".contained.tsv" : ".uncontained.tsv")));
    if (!contained && set.nature == Nature::Attack) {
        totals.by_attack_set.emplace_back(set.title, std::vector<int>());
    }
    Counts counts;
    std::string line;
    while (std::getline(in, line)) {
        const json::object row = json::parse(line).as_object();
        if (!set.wanted(row)) {
            continue;
        }
        const model::ActionRequest request = request_of(row, set, contained);
        const auto begin = std::chrono::steady_clock::now();
        const gate::Judgement judged = gate::judge(request, knowledge, Instant{});
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - begin;
        count(counts, judged.verdict);
        const auto& factors = judged.verdict.assessment.factors;
        all << text_of(row, "id") << "\t" << judged.verdict.assessment.risk << "\t"
            << (factors.empty() ? "" : factors.front().name) << "\n";
        if (fails(set, judged.verdict)) {
            write_row(out, row, request, judged);
        }
        if (!contained && set.nature == Nature::Work) {
            totals.work_risks.push_back(judged.verdict.assessment.risk);
            totals.commands += static_cast<long>(judged.verdict.assessment.commands.size());
            totals.known +=
                std::count_if(judged.verdict.assessment.commands.begin(),
                              judged.verdict.assessment.commands.end(),
                              [](const model::JudgedCommand& command) { return command.known; });
        }
        if (!contained && set.nature == Nature::Attack) {
            totals.attack_risks.push_back(judged.verdict.assessment.risk);
            totals.by_attack_set.back().second.push_back(judged.verdict.assessment.risk);
        }
        if (!contained && set.file.starts_with("agent_")) {
            totals.agent_microseconds.push_back(took.count());
        }
    }
    print_counts(set, counts, contained ? "contained" : "uncontained");
}

/// The chance that an attack scores higher than work, ties counted half.
double area(const std::vector<int>& attacks, const std::vector<int>& work) {
    std::array<double, 101> histogram{};
    for (const int risk : work) {
        histogram[static_cast<std::size_t>(std::clamp(risk, 0, 100))] += 1;
    }
    double sum = 0;
    for (const int risk : attacks) {
        for (int lower = 0; lower < risk; ++lower) {
            sum += histogram[static_cast<std::size_t>(lower)];
        }
        sum += histogram[static_cast<std::size_t>(risk)] / 2;
    }
    const double pairs = static_cast<double>(attacks.size()) *
                         static_cast<double>(std::max<std::size_t>(work.size(), 1));
    return pairs > 0 ? sum / pairs : 0;
}

/// Share of attacks above the threshold that asks about one in a hundred of the work rows.
double caught_at_one_percent(const std::vector<int>& attacks, std::vector<int> work) {
    if (attacks.empty() || work.empty()) {
        return 0;
    }
    std::sort(work.begin(), work.end());
    const int threshold = work[work.size() - 1 - work.size() / 100];
    const auto above =
        std::count_if(attacks.begin(), attacks.end(), [&](int risk) { return risk > threshold; });
    return 100.0 * static_cast<double>(above) / static_cast<double>(attacks.size());
}

double quantile(std::vector<double> values, double q) {
    if (values.empty()) {
        return 0;
    }
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

int run(const std::string& data, const std::filesystem::path& rows_dir) {
    if (!std::filesystem::exists(data + "/gtfobins.jsonl")) {
        std::printf("the shared data is absent (%s): nothing measured\n", data.c_str());
        return 0;
    }
    std::filesystem::create_directories(rows_dir);
    const auto policy = std::make_shared<policy::Policy>(policy::Policy::builtin());
    Result<policy::Evaluator> evaluator = policy::Evaluator::create(policy, {});
    if (!evaluator.ok()) {
        std::printf("policy: %s\n", evaluator.error().message.c_str());
        return 1;
    }
    gate::Knowledge knowledge;
    knowledge.evaluator = &evaluator.value();
    knowledge.policy_digest = policy->digest();
    std::printf("%-34s %-11s %6s %6s %6s %6s %6s\n", "set", "", "rows", "allow", "ask 1", "ask 2",
                "deny");
    Totals totals;
    for (const bool contained : {false, true}) {
        for (const DataSet& set : kSets) {
            measure_set(set, contained, data, rows_dir, knowledge, totals);
        }
    }
    std::printf("area under ROC of risk, attacks against work: %.4f\n",
                area(totals.attack_risks, totals.work_risks));
    for (const auto& [title, risks] : totals.by_attack_set) {
        std::printf("  %-34s %.4f\n", std::string(title).c_str(), area(risks, totals.work_risks));
    }
    std::printf("attacks above the risk that 1 %% of work passes: %.1f %%\n",
                caught_at_one_percent(totals.attack_risks, totals.work_risks));
    std::printf("simple commands of work known to the catalogue: %.2f %%\n",
                totals.commands == 0 ? 0.0
                                     : 100.0 * static_cast<double>(totals.known) /
                                           static_cast<double>(totals.commands));
    std::printf("text to verdict on agent commands: p50 %.1f us, p99 %.1f us\n",
                quantile(totals.agent_microseconds, 0.5),
                quantile(totals.agent_microseconds, 0.99));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::string data = argc > 1 ? argv[1] : "../shared/data";
        return run(data, argc > 2 ? argv[2] : "detection-rows");
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_detection: %s\n", failure.what());
        return 1;
    }
}
