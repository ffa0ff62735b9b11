#include "cli/decision_line.h"

#include <algorithm>
#include <vector>

#include "cli/action_view.h"
#include "cli/paint.h"

namespace countersign::cli {
namespace {

constexpr std::size_t kWordColumns = 8;
constexpr std::size_t kByColumns = 14;
/// A changed form is to be copied: it is cut only where no screen helps.
constexpr std::size_t kOtherFormColumns = 4096;
/// Programs named in a count of covered starts; the rest is "...".
constexpr std::size_t kProgramsNamed = 6;
/// Different names kept while counting: an agent can invent any number of them.
constexpr std::size_t kProgramsCounted = 256;

/// Shell texts kept in mind; ids are time-ordered, so the oldest go first.
constexpr std::size_t kToldMax = 4096;
/// Columns where the look has none (a pipe, a CI log): one action stays one readable line.
constexpr int kPipeColumns = 160;

std::string time_of(Instant now) {
    return format_instant(now).substr(11, 8);
}

bool covered_by_grant(const client::ActionAnswer& answer) {
    return answer.granted() && answer.decided_by.starts_with("grant ");
}

std::string program_of(const model::Action& action) {
    const std::string path =
        action.program.empty() && !action.argv.empty() ? action.argv[0] : action.program;
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool is_shell_line(const model::Action& action) {
    return action_wrapper(action).ends_with(" -c");
}

/// What became of it, in one word.
std::string_view word_of(const client::ActionAnswer& answer) {
    const bool asked = answer.verdict.decision == model::Decision::StepUp ||
                       answer.verdict.decision == model::Decision::Defer;
    if (answer.granted() || answer.state == client::ActionState::Done) {
        return asked ? "approved" : model::decision_name(answer.verdict.decision);
    }
    if (answer.state == client::ActionState::Expired) {
        return "expired";
    }
    return asked ? "denied" : "deny";
}

/// A policy's own rule without its family: the column is narrow.
std::string_view plain(std::string_view by) {
    constexpr std::string_view kFamily = "builtin/";
    return by.starts_with(kFamily) ? by.substr(kFamily.size()) : by;
}

Tone tone_of_word(std::string_view word) {
    if (word == "held" || word == "frozen") {
        return Tone::Held;
    }
    return word == "allow" || word == "approved" || word == "modify" ? Tone::Good : Tone::Bad;
}

}  // namespace

std::string DecisionLines::legend() const {
    std::string tiers;
    for (std::size_t i = 0; i < model::kTierNames.size(); ++i) {
        tiers +=
            (i == 0 ? "T" : "  T") + std::to_string(i) + " " + std::string(model::kTierNames[i]);
    }
    return paint(look_, Tone::Dim, tiers) + "\n" +
           paint(look_, Tone::Dim, "time     decision tier risk decided by  action") + "\n";
}

std::string DecisionLines::line(std::string_view word, std::string_view by,
                                const model::ActionRequest& request,
                                const client::ActionAnswer& answer, Instant now) const {
    const model::Assessment& assessment = answer.verdict.assessment;
    const std::string tier = "T" + std::to_string(static_cast<int>(assessment.tier));
    const std::string risk = std::to_string(assessment.risk);
    const std::string head = time_of(now) + " ";
    const std::string middle = std::string(4 - std::min<std::size_t>(risk.size(), 4), ' ') + risk +
                               "  " + pad(shown(look_, plain(by), kByColumns), kByColumns) + "  ";
    const std::size_t used = head.size() + kWordColumns + 1 + tier.size() + columns_of(middle);
    const auto width = static_cast<std::size_t>(look_.width > 0 ? look_.width : kPipeColumns);
    const std::string action =
        shown(look_, action_line(request.action), width > used + 8 ? width - used : 0);
    const Tone tone = tone_of_word(word);
    const bool calm = tone == Tone::Good && assessment.tier == model::Tier::ReadOnly;
    return paint(look_, Tone::Dim, head) + paint(look_, tone, pad(word, kWordColumns)) + " " +
           paint(look_, tone_of(model::tier_name(assessment.tier)), tier) +
           paint(look_, Tone::Dim, middle) + paint(look_, calm ? Tone::Plain : Tone::Bold, action) +
           "\n";
}

std::string DecisionLines::held(const model::ActionRequest& request,
                                const client::ActionAnswer& answer, Instant now) {
    const int needed = answer.verdict.approvals;
    const bool frozen = answer.state == client::ActionState::Suspended;
    const std::string by =
        frozen ? "gateway frozen"
               : std::to_string(needed) + (needed == 1 ? " approval" : " approvals");
    return flush() + line(frozen ? "frozen" : "held", by, request, answer, now);
}

std::string DecisionLines::decided(const model::ActionRequest& request,
                                   const client::ActionAnswer& answer, Instant now) {
    // A shell text is what a person wants to read, also where a grant covers it, unless it stands
    // inside of one that was shown.
    const bool inside = inside_told(request, answer) ||
                        (covered_by_grant(answer) && !is_shell_line(request.action));
    remember_told(request, answer);
    if (detail_ != Detail::Verbose && inside) {
        count_covered(request);
        return {};
    }
    const std::string_view word = word_of(answer);
    const bool other_form = answer.granted() && answer.verdict.modified;
    // A program start cannot be exchanged for another: its caller was told to start the other one.
    const bool refused = other_form && request.action.kind == model::ActionKind::Exec;
    if (detail_ == Detail::Quiet && !refused && (word == "allow" || word == "modify")) {
        return {};
    }
    std::string out = flush() + line(word, answer.decided_by, request, answer, now);
    if (other_form) {
        out += std::string(kWordColumns + 1, ' ') + (refused ? "not started; run: " : "runs as: ") +
               shown(look_, action_line(*answer.verdict.modified), kOtherFormColumns) + "\n";
    }
    return out;
}

bool DecisionLines::inside_told(const model::ActionRequest& request,
                                const client::ActionAnswer& answer) const {
    return answer.verdict.decision == model::Decision::Allow && answer.granted() &&
           answer.verdict.assessment.tier <= model::Tier::IdempotentWrite &&
           told_.contains(request.context.within);
}

void DecisionLines::remember_told(const model::ActionRequest& request,
                                  const client::ActionAnswer& answer) {
    const bool text =
        !action_wrapper(request.action).empty() && action_wrapper(request.action).ends_with(" -c");
    if (!answer.granted() || (!text && !told_.contains(request.context.within))) {
        return;
    }
    told_.insert(answer.id);
    if (told_.size() > kToldMax) {
        told_.erase(told_.begin());
    }
}

void DecisionLines::count_covered(const model::ActionRequest& request) {
    ++covered_total_;
    const std::string program = program_of(request.action);
    const auto found = covered_.find(program);
    if (found != covered_.end()) {
        ++found->second;
    } else if (covered_.size() < kProgramsCounted) {
        covered_.emplace(program, 1);
    }
}

std::string DecisionLines::flush() {
    if (covered_total_ == 0 || detail_ == Detail::Quiet) {
        return {};
    }
    std::vector<std::pair<std::string, std::size_t>> programs(covered_.begin(), covered_.end());
    std::stable_sort(programs.begin(), programs.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string names;
    for (std::size_t i = 0; i < programs.size() && i < kProgramsNamed; ++i) {
        names += (i == 0 ? "" : ", ") + shown(look_, programs[i].first, 24);
        names += programs[i].second > 1 ? " x" + std::to_string(programs[i].second) : "";
    }
    names += programs.size() > kProgramsNamed ? ", ..." : "";
    const std::string text = std::string(9, ' ') + "+ " + std::to_string(covered_total_) +
                             (covered_total_ == 1 ? " start" : " starts") + " inside: " + names;
    covered_.clear();
    covered_total_ = 0;
    const auto width = static_cast<std::size_t>(std::max(look_.width, 0));
    return paint(look_, Tone::Dim, width > 20 ? fit_columns(text, width) : text) + "\n";
}

}  // namespace countersign::cli
